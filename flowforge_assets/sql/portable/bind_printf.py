"""`printf` with `%d`, `%s` and whole numbers padded with zeros, written out as texts joined."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flowforge_assets.sql.portable.bind_expr import as_text, bind, cast_to, text_constant
from flowforge_assets.sql.portable.bind_number import joined
from flowforge_assets.sql.portable.refusal import Refused, place, refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Call, Case, Expr, Literal
from flowforge_assets.sql.portable.types import BIGINT, BOOL, TEXT, Kind

if TYPE_CHECKING:
    from sqlglot import exp

_PIECES: Final = re.compile(r"%(?:%|s|d|0[1-9]d)|[^%]+|%")


def printed(node: exp.Expr, scope: Scope) -> Expr:
    """The text that `printf(format, ...)` makes; null if an operand is."""
    template, *operands = node.expressions
    pieces = _PIECES.findall(text_constant(template) or "")
    args = [bind(each, scope) for each in operands]
    parts: list[Expr] = []
    for piece in pieces:
        if piece == "%" or (piece.startswith("%") and piece != "%%" and not args):
            raise _refused(node)
        if not piece.startswith("%") or piece == "%%":
            parts.append(Literal(piece.replace("%%", "%"), TEXT, place(node)))
            continue
        arg = args.pop(0)
        expected = Kind.TEXT if piece == "%s" else Kind.INTEGER
        if arg.type.kind is not expected:
            raise _refused(node)
        parts.append(_padded(arg, int(piece[2])) if piece.startswith("%0") else as_text(arg))
    if args or all(isinstance(part, Literal) for part in parts):
        raise _refused(node)
    return joined(parts) if len(parts) > 1 else parts[0]


def _padded(number: Expr, width: int) -> Expr:
    """A whole number of at least so many characters, its sign before the zeros."""
    at = number.at
    is_negative = Call("less", (number, Literal(0, number.type, at)), BOOL, at)
    size = Call("abs", (number,), number.type, at)
    minus = joined([Literal("-", TEXT, at), _filled(cast_to(size, TEXT), width - 1)])
    return Case(((is_negative, minus),), _filled(cast_to(number, TEXT), width), TEXT, at)


def _filled(digits: Expr, width: int) -> Expr:
    at = digits.at
    length = Call("text_length", (digits,), BIGINT, at)
    is_long = Call("greater_or_equal", (length, Literal(width, BIGINT, at)), BOOL, at)
    zeros = joined([Literal("0" * width, TEXT, at), digits])
    end = Call("right", (zeros,), TEXT, at, (str(width),))
    return Case(((is_long, digits),), end, TEXT, at)


def _refused(node: exp.Expr) -> Refused:
    return refuse_form(node, "this `printf`", "use %d, %03d and %s, or join texts with ||")
