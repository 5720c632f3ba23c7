"""Whether an engine gives the rows that DuckDB gives, and if not, where they part."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal

from evidence_engines import Result
from piped_values import Row, Value

_TOLERANCE = 1e-9
_TINY = 1e-12  # what is left of sums that cancel
_WHOLE = {"integer", "decimal"}  # a whole number may be a decimal without digits after the point


def difference(
    wanted: Result, found: Result, *, ordered: bool, loose: bool = False, typed: bool = True
) -> str | None:
    """Where two results part, in one line; None where they are alike.

    Doubles may differ in their last digits, more so if `loose`; whatever else is compared exactly.
    Without `typed` a number may be of any kind: the engine has no types of its own.
    """
    if len(wanted.kinds) != len(found.kinds):
        return f"{len(found.kinds)} columns, not {len(wanted.kinds)}"
    for name, kind, other in zip(wanted.names, wanted.kinds, found.kinds, strict=True):
        if typed and kind != other and not {kind, other} <= _WHOLE and kind != '"null"':
            return f"column `{name}` is {other}, not {kind}"
    if len(wanted.rows) != len(found.rows):
        return f"{len(found.rows)} rows, not {len(wanted.rows)}"
    rows, others = list(wanted.rows), list(found.rows)
    if not ordered:
        rows.sort(key=_place)
        others.sort(key=_place)
    for row, got_row in zip(rows, others, strict=True):
        for name, value, got in zip(wanted.names, row, got_row, strict=True):
            if not _alike(value, got, 1e-6 if loose else _TOLERANCE):
                return f"`{name}` is {got!r}, not {value!r}, in {got_row!r}"
    return None


def is_vacuous(result: Result) -> bool:
    """Whether comparing with it proves nothing: it has no row, or nothing but nulls and zeros."""
    return all(value is None or value == 0 for row in result.rows for value in row)


def _alike(value: Value, other: Value, tolerance: float) -> bool:
    if value is None or other is None:
        return value is other
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, float) or isinstance(other, float):
        return _near(value, other, tolerance)
    if isinstance(value, (int, Decimal)) and isinstance(other, (int, Decimal)):
        return value == other
    if isinstance(value, date) and isinstance(other, date):
        return _moment(value) == _moment(other)
    return value == other


def _near(value: Value, other: Value, tolerance: float) -> bool:
    if not isinstance(value, (int, float, Decimal)) or not isinstance(other, (int, float, Decimal)):
        return False
    one, two = float(value), float(other)
    if math.isnan(one) or math.isnan(two):
        return math.isnan(one) and math.isnan(two)
    return one == two or math.isclose(one, two, rel_tol=tolerance, abs_tol=_TINY)


def _moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive, as the columns are


def _place(row: Row) -> list[tuple[int, str]]:
    """A key by which rows of two engines sort alike: doubles by their first digits."""
    return [_key(value) for value in row]


def _key(value: Value) -> tuple[int, str]:
    match value:
        case None:
            return (0, "")
        case bool():
            return (1, str(value))
        case int() | float() | Decimal():
            return (2, f"{float(value) + 0.0:.6g}")
        case date():
            return (3, _moment(value).isoformat())
        case str():
            return (4, value)
