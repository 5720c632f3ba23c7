"""Dates and timestamps of DuckDB as typed operations."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import (
    bind,
    cast_to,
    reads,
    text_constant,
)
from flowforge_assets.sql.portable.coerce import coerce
from flowforge_assets.sql.portable.full_units import full_units
from flowforge_assets.sql.portable.refusal import TYPE, Refused, place, refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Call, Expr, Literal
from flowforge_assets.sql.portable.types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    TIMESTAMP,
    Kind,
)

_UNITS: Final = {"year", "quarter", "month", "week", "day", "hour", "minute", "second"}
_SMALL: Final = {"hour", "minute", "second"}
_PARTS: Final = {
    **{name: name for name in ("year", "quarter", "month", "day", "hour", "minute", "second")},
    "week": "iso_week",
    "dow": "weekday",
    "dayofweek": "weekday",
    "isodow": "iso_weekday",
    "doy": "day_of_year",
    "dayofyear": "day_of_year",
    "isoyear": "iso_year",
    "weekday": "weekday",
    "yearweek": "year_week",
}


def dates(node: exp.Expr, left: Expr, right: Expr) -> Expr:
    """A sum or difference in which a date or timestamp takes part."""
    is_sum = isinstance(node, exp.Add)
    if left.type.kind is Kind.DATE and right.type.kind is Kind.DATE and not is_sum:
        return Call("days_between", (right, left), BIGINT, left.at)
    if is_sum and right.type.kind is Kind.DATE:
        left, right = right, left
    if left.type.kind is Kind.DATE and right.type.kind is Kind.INTEGER:
        return Call("plus_days", (left, right if is_sum else _negative(right)), DATE, left.at)
    raise refuse_form(node, "this sum of times", "use date_diff, or add an INTERVAL")


def _negative(arg: Expr) -> Expr:
    if isinstance(arg, Literal) and isinstance(arg.value, int):
        return Literal(-arg.value, arg.type, arg.at)
    return Call("negate", (arg,), arg.type, arg.at)


def shifted(moment: Expr, interval: exp.Interval, sign: int, scope: Scope) -> Expr:
    """A date or timestamp with an interval added or taken: DuckDB gives a timestamp."""
    if moment.type.kind not in {Kind.DATE, Kind.TIMESTAMP}:
        raise Refused(TYPE, f"an interval is added to `{moment.type}`", moment.at, "cast to DATE")
    amount, unit = _amount(interval, scope)
    if sign < 0:
        amount = _negative(amount)
    return Call(f"plus_{unit}s", (coerce(moment, TIMESTAMP), amount), TIMESTAMP, moment.at)


def _amount(interval: exp.Interval, scope: Scope) -> tuple[Expr, str]:
    """How many of which unit."""
    unit = str(interval.args.get("unit") or "").lower().removesuffix("s")
    given = text_constant(interval.this)
    if unit not in _UNITS or interval.this is None:
        raise refuse_form(interval, "this interval", "use one number and one unit, as 3 DAY")
    if given is not None:
        if not re.fullmatch(r"-?\d{1,9}", given):
            raise refuse_form(interval, "this interval", "use a whole number of one unit")
        amount: Expr = Literal(int(given), INTEGER, place(interval))
    else:
        amount = bind(interval.this, scope)
    if amount.type.kind is not Kind.INTEGER:
        raise refuse_form(interval, "an interval of a fraction", "use a whole number of a unit")
    factor = {"week": ("day", 7), "quarter": ("month", 3)}.get(unit)
    if factor is None:
        return amount, unit
    if isinstance(amount, Literal) and isinstance(amount.value, int):
        return Literal(amount.value * factor[1], amount.type, amount.at), factor[0]
    times = Literal(factor[1], amount.type, amount.at)
    return Call("multiply", (amount, times), amount.type, amount.at), factor[0]


@reads(exp.DateAdd, args=["this", "expression"])
def _date_add(node: exp.Expr, scope: Scope) -> Expr:
    interval = node.args["expression"]
    if not isinstance(interval, exp.Interval):
        raise refuse_form(node, "this `date_add`", "add an INTERVAL")
    return shifted(bind(node.this, scope), interval, 1, scope)


@reads(exp.TimestampTrunc, exp.DateTrunc, args=["this", "unit"])
def _trunc(node: exp.Expr, scope: Scope) -> Expr:
    unit = str(node.args["unit"].name).lower()
    moment = time_value(node.this, scope)
    if unit not in _UNITS:
        raise refuse_form(node, f"date_trunc to `{unit}`", "truncate to a year, month, week, day")
    return Call(f"start_of_{unit}", (coerce(moment, TIMESTAMP),), TIMESTAMP, moment.at)


def time_value(node: exp.Expr, scope: Scope) -> Expr:
    """The expression, which must be a date or a timestamp."""
    moment = bind(node, scope)
    if moment.type.kind not in {Kind.DATE, Kind.TIMESTAMP}:
        raise Refused(TYPE, f"a `{moment.type}` is used as a time", moment.at, "cast it to DATE")
    return moment


@reads(exp.Extract, args=["this", "expression"])
def _extract(node: exp.Expr, scope: Scope) -> Expr:
    return time_part(str(node.this.name).lower(), node.args["expression"], node, scope)


_NAMED: Final[dict[type[exp.Expr], str]] = {
    exp.Year: "year",
    exp.Quarter: "quarter",
    exp.Month: "month",
    exp.Day: "day",
    exp.Hour: "hour",
    exp.Minute: "minute",
    exp.Second: "second",
    exp.Week: "week",
    exp.DayOfWeek: "dow",
    exp.DayOfWeekIso: "isodow",
    exp.DayOfYear: "doy",
    exp.TimeToUnix: "epoch",
    exp.DayOfMonth: "day",
    exp.WeekOfYear: "week",
}


@reads(*_NAMED, args=["this"])
def _named(node: exp.Expr, scope: Scope) -> Expr:
    return time_part(_NAMED[type(node)], node.this, node, scope)


def time_part(part: str, source: exp.Expr, node: exp.Expr, scope: Scope) -> Expr:
    """A part of a time, by DuckDB's name."""
    inner = source.this if isinstance(source, exp.Paren) else source
    if part == "epoch" and isinstance(inner, exp.Sub):
        later, earlier = time_value(inner.this, scope), time_value(inner.args["expression"], scope)
        if later.type.kind is earlier.type.kind is Kind.TIMESTAMP:
            return Call("elapsed_seconds", (earlier, later), DOUBLE, later.at)
    moment = time_value(source, scope)
    if part == "epoch":
        return Call("epoch", (coerce(moment, TIMESTAMP),), DOUBLE, moment.at)
    name = _PARTS.get(part)
    if name is None:
        raise refuse_form(node, f"the part `{part}` of a time", "take a year, month, day, hour")
    if name == "year_week":
        return _year_week(moment)
    if part in _SMALL:
        moment = coerce(moment, TIMESTAMP)
    return Call(f"part_{name}", (moment,), BIGINT, moment.at)


def _year_week(moment: Expr) -> Expr:
    """The year of the ISO week, then two digits of the week, as one number."""
    year, week = (
        Call(f"part_{name}", (moment,), BIGINT, moment.at) for name in ("iso_year", "iso_week")
    )
    hundred = Literal(100, BIGINT, moment.at)
    years = Call("multiply", (year, hundred), BIGINT, moment.at)
    return Call("add", (years, week), BIGINT, moment.at)


def full_units_between(node: exp.Expr, scope: Scope) -> Expr:
    """`date_sub(unit, start, end)`: how many full units fit between."""
    unit = (text_constant(node.expressions[0]) or "").lower().removesuffix("s")
    start, end = (_typed(each, scope) for each in node.expressions[1:])
    found = full_units(unit, start, end)
    if found is None:
        hint = "cast both to DATE, or use date_diff, which counts the boundaries between"
        raise refuse_form(node, f"`date_sub` by `{unit}`", hint)
    return found


@reads(exp.DateDiff, args=["this", "expression", "unit", "date_part_boundary"])
def _diff(node: exp.Expr, scope: Scope) -> Expr:
    """Boundaries of the unit between two moments; of weeks, full weeks."""
    unit = str(node.args["unit"].name).lower().removesuffix("s")
    end, start = _typed(node.this, scope), _typed(node.args["expression"], scope)
    if unit not in _UNITS:
        raise refuse_form(node, f"date_diff by `{unit}`", "count days, months, years or hours")
    if unit in _SMALL:
        start, end = coerce(start, TIMESTAMP), coerce(end, TIMESTAMP)
        return Call(f"{unit}s_between", (start, end), BIGINT, end.at)
    if unit == "week" and Kind.TIMESTAMP in {start.type.kind, end.type.kind}:
        raise refuse_form(node, "date_diff by week of timestamps", "cast both to DATE")
    start, end = cast_to(start, DATE), cast_to(end, DATE)
    if unit == "week":
        days = Call("days_between", (start, end), BIGINT, end.at)
        return Call("whole_divide", (days, Literal(7, BIGINT, end.at)), BIGINT, end.at)
    return Call(f"{unit}s_between", (start, end), BIGINT, end.at)


def _typed(node: exp.Expr, scope: Scope) -> Expr:
    arg = bind(node, scope)
    if isinstance(arg, Literal) and isinstance(arg.value, str):
        return coerce(arg, DATE)
    return time_value(node, scope)


@reads(exp.LastDay, args=["this"])
def _last_day(node: exp.Expr, scope: Scope) -> Expr:
    moment = cast_to(time_value(node.this, scope), DATE)
    return Call("last_day", (moment,), DATE, moment.at)


@reads(exp.DateFromParts, args=["year", "month", "day"])
def _make_date(node: exp.Expr, scope: Scope) -> Expr:
    given = [node.args.get(name) for name in ("year", "month", "day")]
    parts = [bind(each, scope) for each in given if each is not None]
    if len(parts) != len(given) or any(part.type.kind is not Kind.INTEGER for part in parts):
        raise refuse_form(node, "`make_date` of what is not whole", "cast the parts to INTEGER")
    return Call("make_date", tuple(parts), DATE, parts[0].at)


@reads(exp.DateBin, args=["this", "expression"])
def _bucket(node: exp.Expr, scope: Scope) -> Expr:
    """`time_bucket` of minutes that divide an hour, or of hours that divide a day."""
    moment = time_value(node.args["expression"], scope)
    amount, unit = _amount(node.this, scope)
    size = amount.value if isinstance(amount, Literal) else None
    around = {"minute": ("hour", 60), "hour": ("day", 24), "second": ("minute", 60)}.get(unit)
    is_divisor = isinstance(size, int) and size > 0 and around is not None
    if not is_divisor or around is None or not isinstance(size, int) or around[1] % size:
        raise refuse_form(node, "this `time_bucket`", "use minutes that divide an hour")
    if moment.type.kind is not Kind.TIMESTAMP:
        raise refuse_form(node, "`time_bucket` of a date", "use date_trunc")
    start = Call(f"start_of_{around[0]}", (moment,), TIMESTAMP, moment.at)
    part = Call(f"part_{unit}", (moment,), BIGINT, moment.at)
    width = Literal(size, BIGINT, moment.at)
    whole = Call("whole_divide", (part, width), BIGINT, moment.at)
    shift = Call("multiply", (whole, width), BIGINT, moment.at)
    return Call(f"plus_{unit}s", (start, shift), TIMESTAMP, moment.at)


@reads(exp.AtTimeZone, args=["this", "zone"])
def _zone(node: exp.Expr, scope: Scope) -> Expr:
    """A UTC timestamp as the local one of a zone: `ts AT TIME ZONE 'UTC' AT TIME ZONE z`."""
    inner, zone = node.this, text_constant(node.args["zone"])
    if isinstance(inner, exp.AtTimeZone) and text_constant(inner.args["zone"]) == "UTC" and zone:
        moment = time_value(inner.this, scope)
        if moment.type.kind is Kind.TIMESTAMP and re.fullmatch(r"[A-Z]\w+(/\w+)+|UTC", zone):
            return Call("utc_to_zone", (moment,), TIMESTAMP, moment.at, (zone,))
    hint = "keep UTC, and turn it local by `ts AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'`"
    raise refuse_form(node, "this AT TIME ZONE", hint)


@reads(exp.CurrentDate, args=[])
def _today(node: exp.Expr, scope: Scope) -> Expr:
    del scope
    return Call("today", (), DATE, place(node))
