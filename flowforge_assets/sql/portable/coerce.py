"""Values in other types, where DuckDB casts by itself: constants change, other values are cast."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from flowforge_assets.sql.portable.refusal import LITERAL, TYPE, Refused
from flowforge_assets.sql.portable.tree import Case, Cast, Expr, Literal, Value
from flowforge_assets.sql.portable.types import Kind, SqlType, meet

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
_INTEGER: Final = re.compile(r"-?\d{1,18}")
_DECIMAL: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?")


def coerce(expr: Expr, type_: SqlType) -> Expr:
    """The value as one of that type, as DuckDB casts without being told to.

    Integers of another width stay as they are: that changes no value.

    Raises:
        Refused: DuckDB would read text as another type, row by row.
    """
    if expr.type == type_:
        return expr
    if isinstance(expr, Literal):
        return literal_as(expr, type_)
    if expr.type.kind is type_.kind and type_.kind is Kind.INTEGER:
        return replace(expr, type=type_) if not isinstance(expr, Cast) else expr
    if expr.type.kind is Kind.NULL:
        return Literal(None, type_, expr.at)
    if isinstance(expr, Case):
        whens = tuple((when, coerce(result, type_)) for when, result in expr.whens)
        return Case(whens, coerce(expr.otherwise, type_), type_, expr.at)
    if meet(expr.type, type_) is None:
        raise _no_meeting(expr, type_)
    return Cast(expr, type_, expr.at)


def literal_as(literal: Literal, type_: SqlType) -> Literal:
    """A constant as one of another type, decided now."""
    value = literal.value
    if value is None:
        return Literal(None, type_, literal.at)
    if isinstance(value, str) and type_.kind is not Kind.TEXT:
        return Literal(_read(value, literal, type_), type_, literal.at)
    if meet(literal.type, type_) is None:
        raise _no_meeting(literal, type_)
    return Literal(_changed(value, type_), type_, literal.at)


def _changed(value: Value, type_: SqlType) -> Value:
    if type_.kind is Kind.DOUBLE and isinstance(value, (int, Decimal)):
        return float(value)
    if type_.kind is Kind.DECIMAL and isinstance(value, int):
        return Decimal(value)
    if type_.kind is Kind.TIMESTAMP and isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive, as the type is
    return value


def _read(text: str, literal: Literal, type_: SqlType) -> Value:
    """The value that DuckDB reads in `text`, where every engine reads the same."""
    if type_.kind is Kind.DATE and _DATE.fullmatch(text):
        return _dated(text, literal).date()
    if type_.kind is Kind.TIMESTAMP and (_DATE.fullmatch(text) or _TIMESTAMP.fullmatch(text)):
        return _dated(text, literal)
    if type_.kind is Kind.INTEGER and _INTEGER.fullmatch(text):
        return int(text)
    if type_.kind is Kind.DECIMAL and _DECIMAL.fullmatch(text):
        return Decimal(text)
    if type_.kind is Kind.DOUBLE and _DECIMAL.fullmatch(text):
        return float(text)
    if type_.kind is Kind.BOOL and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    raise Refused(
        LITERAL,
        f"a text constant stands for a `{type_}`",
        literal.at,
        "write the constant in its own type, e.g. DATE '2024-01-31'",
    )


def _dated(text: str, literal: Literal) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            LITERAL, "there is no such date", literal.at, "write a day that the calendar has"
        ) from None


def _no_meeting(expr: Expr, type_: SqlType) -> Refused:
    return Refused(
        TYPE,
        f"a `{expr.type}` is used as a `{type_}`",
        expr.at,
        "cast one of the two, so that it is plain how they meet",
    )
