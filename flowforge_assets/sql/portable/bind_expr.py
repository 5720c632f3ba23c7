"""Expressions of DuckDB's SQL as typed operations: columns, constants, operators, CASE, casts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeAlias

from sqlglot import exp

from flowforge_assets.sql.portable.coerce import coerce, literal_as
from flowforge_assets.sql.portable.refusal import (
    FUNCTION,
    LITERAL,
    NAME,
    TYPE,
    Refused,
    place,
    refuse_form,
)
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import (
    At,
    Call,
    Case,
    Cast,
    Expr,
    Literal,
    Scalar,
    output,
)
from flowforge_assets.sql.portable.types import (
    BIGINT,
    BOOL,
    DOUBLE,
    HUGEINT,
    INTEGER,
    NULL,
    TEXT,
    Kind,
    SqlType,
    decimal,
    meet,
)

Handler: TypeAlias = Callable[[exp.Expr, Scope], Expr]
_HANDLERS: Final[dict[type[exp.Expr], tuple[frozenset[str], Handler]]] = {}


def reads(*kinds: type[exp.Expr], args: Iterable[str]) -> Callable[[Handler], Handler]:
    """Says which parts of the tree a function reads, and which of their arguments it knows."""

    def enter(handler: Handler) -> Handler:
        for kind in kinds:
            _HANDLERS[kind] = (frozenset(args), handler)
        return handler

    return enter


def bind(node: exp.Expr, scope: Scope) -> Expr:
    """The typed form of an expression.

    Raises:
        Refused: it has a part that portable SQL does not know.
    """
    entry = _HANDLERS.get(type(node))
    if entry is None:
        raise Refused(FUNCTION, f"`{shown(node)}` is not portable", place(node), _HINT)
    known, handler = entry
    given = {name for name, value in node.args.items() if value not in (None, False, [])}
    if given - known:
        raise refuse_form(node, f"this form of `{shown(node)}`", "use the plain form of it")
    return handler(node, scope)


_HINT: Final = "write it with functions that all targets have: see the list of portable SQL"


def shown(node: exp.Expr) -> str:
    """What people call a part of the tree, e.g. `strftime`."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower()
    if isinstance(node, exp.Func):
        return node.sql_name().lower()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).lower()


def pair(node: exp.Expr, scope: Scope) -> tuple[Expr, Expr]:
    """The two operands, each in its own type."""
    return bind(node.args["this"], scope), bind(node.args["expression"], scope)


def alike(exprs: list[Expr]) -> tuple[list[Expr], SqlType]:
    """The values in the one type in which they meet, and that type."""
    typed = [each for each in exprs if not is_text_constant(each)] or exprs
    type_ = NULL
    for each in typed:
        met = meet(type_, each.type)
        if met is None:
            raise Refused(
                TYPE,
                f"a `{type_}` and a `{each.type}` meet",
                each.at,
                "cast one of the two, so that it is plain how they meet",
            )
        type_ = met
    if type_.kind is Kind.INTEGER:
        type_ = _integer_width(typed, type_)
    return [coerce(each, type_) for each in exprs], type_


def _integer_width(exprs: list[Expr], met: SqlType) -> SqlType:
    """DuckDB gives integer constants the width of what they meet, if they fit."""
    widths = [each.type.bits for each in exprs if not isinstance(each, Literal)]
    constants = [each.value for each in exprs if isinstance(each, Literal)]
    if not widths:
        return met
    width = SqlType(Kind.INTEGER, bits=max(widths))
    largest = 2 ** (width.bits - 1)
    fits = all(isinstance(value, int) and -largest <= value < largest for value in constants)
    return width if fits else met


def is_text_constant(expr: Expr) -> bool:
    """Whether DuckDB may read the constant as another type."""
    return isinstance(expr, Literal) and isinstance(expr.value, str)


def as_text(expr: Expr) -> Expr:
    """The value as text, as DuckDB writes it."""
    return expr if expr.type.kind is Kind.TEXT else cast_to(expr, TEXT)


def cast_to(expr: Expr, type_: SqlType) -> Expr:
    """CAST(expr AS type), told by the user or needed for an exact result."""
    if expr.type == type_:
        return expr
    if expr.type.kind is Kind.NULL:
        return Literal(None, type_, expr.at)
    if isinstance(expr, Literal) and type_.kind is not Kind.TEXT:
        is_plain = isinstance(expr.value, (str, int)) and not isinstance(expr.value, bool)
        if is_plain and (not isinstance(expr.value, int) or type_.is_number):
            return literal_as(expr, type_)
    return Cast(expr, type_, expr.at)


def whole_constant(node: exp.Expr | None, scope: Scope) -> int | None:
    """The value of a whole number that is written as such, else None."""
    if node is None:
        return None
    expr = bind(node, scope)
    if isinstance(expr, Literal) and expr.type.kind is Kind.INTEGER:
        return expr.value if isinstance(expr.value, int) else None
    return None


def text_constant(node: exp.Expr | None) -> str | None:
    """The value of a text that is written as such, else None."""
    if isinstance(node, exp.RawString):
        return str(node.this)
    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


@reads(exp.Paren, args=["this"])
def _paren(node: exp.Expr, scope: Scope) -> Expr:
    return bind(node.this, scope)


@reads(exp.Alias, args=["this", "alias"])
def _alias(node: exp.Expr, scope: Scope) -> Expr:
    return bind(node.this, scope)


@reads(exp.Column, args=["this", "table", "db"])
def _column(node: exp.Expr, scope: Scope) -> Expr:
    at = place(node)
    source = node.args["table"].name if node.args.get("table") else None
    found = scope.column(node.name, source, at)
    if found is not None:
        alias = scope.aliases.get(node.name.lower()) if source is None else None
        if alias is not None and scope.own_column(node.name, None, at) is None:
            return alias
        return replace(found, at=at)
    if source is None and node.name.lower() in scope.aliases:
        return scope.aliases[node.name.lower()]
    raise Refused(NAME, f"no column `{node.name}` here", at, "name a column of the tables read")


@reads(exp.Literal, args=["this", "is_string"])
def _literal(node: exp.Expr, scope: Scope) -> Expr:
    del scope
    at, text = place(node), str(node.this)
    if node.args.get("is_string"):
        return text_literal(text, at)
    if re.fullmatch(r"[0-9_]+", text):
        value = int(text.replace("_", ""))
        for type_ in (INTEGER, BIGINT, HUGEINT):
            if value < 2 ** (type_.bits - 1):
                return Literal(value, type_, at)
    if re.fullmatch(r"[0-9]*\.[0-9]*", text):
        whole, _, fraction = text.partition(".")
        digits = len(whole) + len(fraction)
        if digits <= 38:  # noqa: PLR2004 - the digits of DuckDB's widest decimal
            return Literal(Decimal(text), decimal(digits, len(fraction)), at)
    if re.fullmatch(r"[0-9.]+[eE][-+]?[0-9]+", text):
        return Literal(float(text), DOUBLE, at)
    raise Refused(LITERAL, f"the number `{text}` is not portable", at, "write it in plain digits")


@reads(exp.RawString, exp.ByteString, args=["this"])
def _raw_string(node: exp.Expr, scope: Scope) -> Expr:
    del scope
    return text_literal(str(node.this), place(node))


def text_literal(text: str, at: At) -> Literal:
    """A text constant that every target can hold."""
    if "\0" in text:
        raise Refused(LITERAL, "a text constant has a null character", at, "leave it out")
    return Literal(text, TEXT, at)


@reads(exp.Null, args=[])
def _null(node: exp.Expr, scope: Scope) -> Expr:
    del scope
    return Literal(None, NULL, place(node))


@reads(exp.Boolean, args=["this"])
def _boolean(node: exp.Expr, scope: Scope) -> Expr:
    del scope
    return Literal(bool(node.this), BOOL, place(node))


@reads(exp.Neg, args=["this"])
def _negate(node: exp.Expr, scope: Scope) -> Expr:
    arg = bind(node.this, scope)
    if isinstance(arg, Literal) and isinstance(arg.value, (int, float, Decimal)):
        return Literal(-arg.value, arg.type, arg.at)
    if not arg.type.is_number:
        raise _no_number(arg)
    return Call("negate", (arg,), arg.type, arg.at)


def _no_number(arg: Expr) -> Refused:
    return Refused(TYPE, f"a `{arg.type}` is used as a number", arg.at, "cast it to a number")


def condition(node: exp.Expr, scope: Scope) -> Expr:
    """The expression, which must be a boolean."""
    arg = bind(node, scope)
    if arg.type.kind is Kind.NULL:
        return Literal(None, BOOL, arg.at)
    if arg.type.kind is not Kind.BOOL:
        raise Refused(
            TYPE, f"a `{arg.type}` stands for a condition", arg.at, "compare it, e.g. `x <> 0`"
        )
    return arg


@reads(exp.Subquery, args=["this"])
def _scalar(node: exp.Expr, scope: Scope) -> Expr:
    query = scope.tables.bind_query(node.this, scope)
    items = output(query)
    if len(items) != 1:
        raise refuse_form(node, "a subquery of several columns", "select one column")
    return Scalar(query, items[0].expr.type, place(node))


@reads(exp.Case, args=["this", "ifs", "default"])
def _case(node: exp.Expr, scope: Scope) -> Expr:
    subject = node.args.get("this")
    conditions: list[Expr] = []
    for branch in node.args["ifs"]:
        if subject is None:
            conditions.append(condition(branch.this, scope))
        else:
            operands, _ = alike([bind(subject, scope), bind(branch.this, scope)])
            conditions.append(Call("equal", tuple(operands), BOOL, operands[0].at))
    default = node.args.get("default")
    values = [bind(branch.args["true"], scope) for branch in node.args["ifs"]]
    return make_case(conditions, values, bind(default, scope) if default else None, place(node))


@reads(exp.If, args=["this", "true", "false"])
def _if(node: exp.Expr, scope: Scope) -> Expr:
    otherwise = node.args.get("false")
    return make_case(
        [condition(node.this, scope)],
        [bind(node.args["true"], scope)],
        bind(otherwise, scope) if otherwise else None,
        place(node),
    )


def make_case(conditions: list[Expr], values: list[Expr], otherwise: Expr | None, at: At) -> Expr:
    """CASE WHEN ... END, its results in one type; without ELSE it is null."""
    results, type_ = alike([*values, otherwise or Literal(None, NULL, at)])
    whens = tuple(zip(conditions, results[:-1], strict=True))
    return Case(whens, results[-1], type_, at)
