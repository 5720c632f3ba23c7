"""Dates and timestamps of DuckDB as typed operations."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from flowforge_assets.sql.portable.bind_expr import (
    bind,
    cast_to,
    reads,
    shown,
    text_constant,
)
from flowforge_assets.sql.portable.coerce import coerce
from flowforge_assets.sql.portable.refusal import FUNCTION, TYPE, Refused, place, refuse_form
from flowforge_assets.sql.portable.scope import Scope
from flowforge_assets.sql.portable.tree import Call, Expr, Literal
from flowforge_assets.sql.portable.types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    TEXT,
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
    moment = _moment(node.this, scope)
    if unit not in _UNITS:
        raise refuse_form(node, f"date_trunc to `{unit}`", "truncate to a year, month, week, day")
    return Call(f"start_of_{unit}", (coerce(moment, TIMESTAMP),), TIMESTAMP, moment.at)


def _moment(node: exp.Expr, scope: Scope) -> Expr:
    moment = bind(node, scope)
    if moment.type.kind not in {Kind.DATE, Kind.TIMESTAMP}:
        raise Refused(TYPE, f"a `{moment.type}` is used as a time", moment.at, "cast it to DATE")
    return moment


@reads(exp.Extract, args=["this", "expression"])
def _extract(node: exp.Expr, scope: Scope) -> Expr:
    return _part(str(node.this.name).lower(), node.args["expression"], node, scope)


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
    return _part(_NAMED[type(node)], node.this, node, scope)


def _part(part: str, source: exp.Expr, node: exp.Expr, scope: Scope) -> Expr:
    inner = source.this if isinstance(source, exp.Paren) else source
    if part == "epoch" and isinstance(inner, exp.Sub):
        later, earlier = _moment(inner.this, scope), _moment(inner.args["expression"], scope)
        if later.type.kind is earlier.type.kind is Kind.TIMESTAMP:
            return Call("elapsed_seconds", (earlier, later), DOUBLE, later.at)
    moment = _moment(source, scope)
    if part == "epoch":
        return Call("epoch", (coerce(moment, TIMESTAMP),), DOUBLE, moment.at)
    name = _PARTS.get(part)
    if name is None:
        raise refuse_form(node, f"the part `{part}` of a time", "take a year, month, day, hour")
    if part in _SMALL:
        moment = coerce(moment, TIMESTAMP)
    return Call(f"part_{name}", (moment,), BIGINT, moment.at)


@reads(exp.Anonymous, args=["this", "expressions"])
def _anonymous(node: exp.Expr, scope: Scope) -> Expr:
    """DuckDB's functions that the parser has no name for."""
    name, args = node.name.lower(), node.expressions
    if name in {"date_part", "datepart"} and len(args) == 2:  # noqa: PLR2004
        part = text_constant(args[0])
        if part is not None:
            return _part(part.lower(), args[1], node, scope)
    if name == "date_sub" and len(args) == 3:  # noqa: PLR2004
        return _full_units(node, scope)
    hint = "write it with functions that all targets have: see the list of portable SQL"
    raise Refused(FUNCTION, f"`{shown(node)}` is not portable", place(node), hint)


def _full_units(node: exp.Expr, scope: Scope) -> Expr:
    """`date_sub(unit, start, end)`: how many full units fit between."""
    unit = (text_constant(node.expressions[0]) or "").lower()
    start, end = (_moment(each, scope) for each in node.expressions[1:])
    if unit != "day" or not start.type.kind is end.type.kind is Kind.DATE:
        hint = "use date_diff, which counts the boundaries between"
        raise refuse_form(node, f"`date_sub` by `{unit}`", hint)
    return Call("days_between", (start, end), BIGINT, end.at)


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
    return _moment(node, scope)


@reads(exp.LastDay, args=["this"])
def _last_day(node: exp.Expr, scope: Scope) -> Expr:
    moment = cast_to(_moment(node.this, scope), DATE)
    return Call("last_day", (moment,), DATE, moment.at)


@reads(exp.DateFromParts, args=["year", "month", "day"])
def _make_date(node: exp.Expr, scope: Scope) -> Expr:
    parts = [bind(node.args[name], scope) for name in ("year", "month", "day")]
    if any(part.type.kind is not Kind.INTEGER for part in parts):
        raise refuse_form(node, "`make_date` of what is not whole", "cast the parts to INTEGER")
    return Call("make_date", tuple(parts), DATE, parts[0].at)


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
    moment = _moment(node.this, scope)
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


@reads(exp.DateBin, args=["this", "expression"])
def _bucket(node: exp.Expr, scope: Scope) -> Expr:
    """`time_bucket` of minutes that divide an hour, or of hours that divide a day."""
    moment = _moment(node.args["expression"], scope)
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
        moment = _moment(inner.this, scope)
        if moment.type.kind is Kind.TIMESTAMP and re.fullmatch(r"[A-Z]\w+(/\w+)+|UTC", zone):
            return Call("utc_to_zone", (moment,), TIMESTAMP, moment.at, (zone,))
    hint = "keep UTC, and turn it local by `ts AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'`"
    raise refuse_form(node, "this AT TIME ZONE", hint)


@reads(exp.CurrentDate, args=[])
def _today(node: exp.Expr, scope: Scope) -> Expr:
    del scope
    return Call("today", (), DATE, place(node))
