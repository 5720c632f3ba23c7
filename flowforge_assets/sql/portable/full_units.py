"""Full units of time between two dates, counted as DuckDB's `date_sub` does."""

from __future__ import annotations

from typing import Final

from flowforge_assets.sql.portable.tree import Call, Case, Expr, Literal
from flowforge_assets.sql.portable.types import BIGINT, BOOL, DATE, Kind

_DAYS: Final = {"day": 1, "week": 7}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def full_units(unit: str, start: Expr, end: Expr) -> Expr | None:
    """How many of the unit fit between two dates; None where that is not portable."""
    if not start.type.kind is end.type.kind is Kind.DATE:
        return None
    if unit in _DAYS:
        return _divided(Call("days_between", (start, end), BIGINT, end.at), _DAYS[unit])
    if unit in _MONTHS:
        forward, backward = _months(start, end), _months(end, start)
        is_forward = Call("less_or_equal", (start, end), BOOL, end.at)
        less = Call("negate", (backward,), BIGINT, end.at)
        months = Case(((is_forward, forward),), less, BIGINT, end.at)
        return _divided(months, _MONTHS[unit])
    return None


def _divided(count: Expr, by: int) -> Expr:
    if by == 1:
        return count
    return Call("whole_divide", (count, Literal(by, BIGINT, count.at)), BIGINT, count.at)


def _months(start: Expr, end: Expr) -> Expr:
    """Months that began, less the last if its day is not reached; a month's last day reaches it."""
    at = end.at
    begun = Call("months_between", (start, end), BIGINT, at)
    days = (Call("part_day", (each,), BIGINT, at) for each in (end, start))
    is_short = Call("less", tuple(days), BOOL, at)
    last = Call("last_day", (end,), DATE, at)
    is_inside = Call("not_equal", (end, last), BOOL, at)
    is_open = Call("and", (is_short, is_inside), BOOL, at)
    one, none = (Literal(number, BIGINT, at) for number in (1, 0))
    return Call("subtract", (begun, Case(((is_open, one),), none, BIGINT, at)), BIGINT, at)
