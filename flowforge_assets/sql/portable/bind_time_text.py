"""Times as text and text as times: formats whose codes all engines write alike."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import bind, cast_to, reads, text_constant
from flowforge_assets.sql.portable.bind_time import time_value
from flowforge_assets.sql.portable.coerce import coerce
from flowforge_assets.sql.portable.refusal import refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Call, Case, Expr, Literal
from flowforge_assets.sql.portable.types import BIGINT, BOOL, TEXT, TIMESTAMP, Kind

_CODES: Final = {
    "%Y": "YYYY",
    "%m": "MM",
    "%d": "DD",
    "%H": "HH24",
    "%M": "MI",
    "%S": "SS",
    "%b": "Mon",
    "%B": "Month",
    "%a": "Dy",
    "%A": "Day",
    "%y": "YY",
    "%j": "DDD",
}
_UNPADDED: Final = {"%-d": "day", "%-m": "month", "%-H": "hour", "%-M": "minute"}


@reads(exp.TimeToStr, args=["this", "format"])
def _format(node: exp.Expr, scope: Scope) -> Expr:
    """`strftime`, cut into runs of one code each and plain text between."""
    moment = time_value(node.this, scope)
    template = text_constant(node.args["format"])
    if not template:
        raise refuse_form(node, "a format that is computed", "write the format as a constant")
    parts = _runs(_pieces(template), moment, node)
    if all(isinstance(part, Literal) for part in parts):
        raise refuse_form(node, "a format without a part of the time", "write the text alone")
    return Call("joined", tuple(parts), TEXT, moment.at) if len(parts) > 1 else parts[0]


def _pieces(template: str) -> list[str]:
    return re.findall(r"%-?.|[^%]+", template)


def _runs(pieces: list[str], moment: Expr, node: exp.Expr) -> list[Expr]:
    """Runs of codes with punctuation between, and what stands between the runs."""
    parts: list[Expr] = []
    run: list[str] = []

    def end_run() -> None:
        if any(piece in _CODE_NAMES for piece in run):
            has_hours = any(piece in {"HH24", "MI", "SS"} for piece in run)
            arg = coerce(moment, TIMESTAMP) if has_hours else moment
            parts.append(Call("time_text", (arg,), TEXT, moment.at, tuple(run)))
        elif run:
            parts.append(Literal("".join(run), TEXT, moment.at))
        run.clear()

    for piece in pieces:
        if piece in _CODES:
            run.append(_CODES[piece])
        elif re.fullmatch(r"[-/:., ]+", piece):
            run.append(piece)
        else:
            end_run()
            parts.append(_piece(piece, moment, node))
    end_run()
    return parts


def _piece(piece: str, moment: Expr, node: exp.Expr) -> Expr:
    if piece in _UNPADDED:
        number = Call(f"part_{_UNPADDED[piece]}", (moment,), BIGINT, moment.at)
        return cast_to(number, TEXT)
    if piece == "%%" or not piece.startswith("%"):
        return Literal(piece.replace("%%", "%"), TEXT, moment.at)
    raise refuse_form(node, f"the format code `{piece}`", f"use {', '.join(_CODES)}")


_CODE_NAMES: Final = set(_CODES.values())


@reads(exp.StrToTime, args=["this", "format"])
def _parse_time(node: exp.Expr, scope: Scope) -> Expr:
    """`strptime` with a constant format of plain numbers."""
    arg = bind(node.this, scope)
    template = text_constant(node.args["format"]) or ""
    pieces = tuple(_NUMBERS.get(piece, piece) for piece in _pieces(template))
    is_plain = all(p in _NUMBERS.values() or re.fullmatch(r"[-/:. ]+", p) for p in pieces)
    if arg.type.kind is not Kind.TEXT or not is_plain or "YYYY" not in pieces:
        hint = f"use {', '.join(_NUMBERS)} with `-`, `/`, `:` or blanks between"
        raise refuse_form(node, "this `strptime`", hint)
    return Call("parse_time", (arg,), TIMESTAMP, arg.at, pieces)


_NUMBERS: Final = {name: _CODES[name] for name in ("%Y", "%m", "%d", "%H", "%M", "%S")}


_DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@reads(exp.Dayname, args=["this", "abbreviated"])
def _day_name(node: exp.Expr, scope: Scope) -> Expr:
    """Spelled out: engines write names of days in their session's language."""
    moment = time_value(node.this, scope)
    at = moment.at
    number = Call("part_iso_weekday", (moment,), BIGINT, at)
    whens = tuple(
        (Call("equal", (number, Literal(day, BIGINT, at)), BOOL, at), Literal(name, TEXT, at))
        for day, name in enumerate(_DAY_NAMES, start=1)
    )
    return Case(whens, Literal(None, TEXT, at), TEXT, at)


@reads(exp.Monthname, args=["this", "abbreviated"])
def _month_name(node: exp.Expr, scope: Scope) -> Expr:
    moment = time_value(node.this, scope)
    return Call("time_text", (moment,), TEXT, moment.at, ("Month",))
