"""Parameters of a query as constants: the tree holds their values, so that no text is pasted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql import SqlParameterError
from flowforge_assets.sql.parse import ReadQuery
from flowforge_assets.sql.portable.bind_expr import reads, text_literal
from flowforge_assets.sql.portable.refusal import LITERAL, TYPE, Refused, place
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import At, Expr, Literal, ParameterValue
from flowforge_assets.sql.portable.types import (
    BIGINT,
    BOOL,
    DATE,
    DOUBLE,
    HUGEINT,
    INTEGER,
    MOST_DIGITS,
    TIMESTAMP,
    SqlType,
    decimal,
)


def given_values(read: ReadQuery, given: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """The values of the parameters that a query names.

    Raises:
        Refused: one is not given (FF-416).
    """
    for node in read.tree.find_all(exp.Placeholder, exp.Parameter):
        if not node.name.isidentifier():  # `?` and `$1`
            raise _not_given("", given, place(node))
    for each in read.parameters:
        if each.name not in given:
            before = read.statement[: each.offset]
            column = each.offset - (before.rfind("\n") + 1) + 1
            raise _not_given(each.name, given, At(before.count("\n") + 1, column))
    return {each.name: given[each.name] for each in read.parameters}


def _not_given(name: str, given: Mapping[str, ParameterValue], at: At) -> Refused:
    message = f"no parameter `${name}`" if name else "a parameter has no name"
    known = ", ".join(f"`${each}`" for each in given)
    hint = did_you_mean(name, given) or (f"it may use {known}" if known else "give its value")
    return Refused(SqlParameterError.code, message, at, hint)


@reads(exp.Placeholder, exp.Parameter, args=["this", "expression"])
def _parameter(node: exp.Expr, scope: Scope) -> Expr:
    name, values = node.name, scope.tables.values
    if name not in values:
        raise _not_given(name, values, place(node))
    return constant(values[name], place(node))


def constant(value: ParameterValue, at: At) -> Literal:
    """A value as a constant of the type that DuckDB gives it.

    Raises:
        Refused: no target can hold it.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        hint = "give a time in UTC that says no zone"
        raise Refused(TYPE, "a time with a zone is not portable", at, hint)
    if isinstance(value, str):
        return text_literal(value, at)
    type_ = _type(value)
    if type_ is None:
        hint = "give a value that a column can hold"
        raise Refused(LITERAL, "the value of this parameter is not portable", at, hint)
    return Literal(value, type_, at)


def _type(value: ParameterValue) -> SqlType | None:
    match value:
        case bool():
            return BOOL
        case int():
            return next((t for t in (INTEGER, BIGINT, HUGEINT) if _fits(value, t.bits)), None)
        case float():
            return DOUBLE if abs(value) < float("inf") else None
        case Decimal():
            return _decimal_type(value) if value.is_finite() else None
        case datetime():
            return TIMESTAMP
        case date():
            return DATE
        case _:
            return None


def _decimal_type(value: Decimal) -> SqlType | None:
    scale = max(-int(value.as_tuple().exponent), 0)
    digits = max(scale, value.adjusted() + 1 + scale)
    return decimal(digits, scale) if digits <= MOST_DIGITS else None


def _fits(value: int, bits: int) -> bool:
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1)
