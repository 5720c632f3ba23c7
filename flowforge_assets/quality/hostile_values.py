"""Values on which engines differ, by type; and the values of a type that are near a constant.

Halves are rounded to even or away from zero; texts compare with or without case and blanks; weeks
and years end on days of their own; and where clocks are put forward, an hour is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, DecimalException, localcontext
from typing import Final, TypeAlias

from flowforge_assets.core.schema import DataType, DecimalType, Plain

Value: TypeAlias = bool | int | float | Decimal | str | date | datetime

INTEGERS: Final = (0, 1, -1, 2, 7, -7, 2147483647, -2147483648, 10, 15, -15, 25, 100)
BIGS: Final = (0, -3, 3, 2**53 + 1, -(2**53) - 1, 2**40, 5, -5, 12, 86400, -1, 1, 9)
DOUBLES: Final = (
    *(0.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 1e-7, 1e15, -0.05),
    *(2.675, 1234567.891, -99.999),
)
CENTS: Final = (
    *("0.00", "0.01", "-0.01", "0.05", "0.15", "-0.25", "2.50", "-2.50", "99999999.99"),
    *("-99999999.99", "10.25", "1.00", "0.50"),
)
TEXTS: Final = (
    *("", " ", "a", "A", "a ", " a", "abcabc", "ABC", 'it\'s "q"', "back\\slash", "100%_x"),
    *("<b>&amp;</b>", "äöÜ"),
)
DAYS: Final = (
    *("2024-02-29", "2023-12-31", "2024-01-01", "2024-12-30", "2021-01-03", "2021-01-04"),
    *("1999-12-31", "1970-01-01", "2024-03-31", "2024-10-27", "1900-03-01", "2100-02-28"),
    "2020-01-31",
)
MOMENTS: Final = (
    *("2024-02-29T23:59:59.999999", "2023-12-31T00:00:00", "2024-01-01T00:00:00"),
    *("2024-12-30T12:30:45", "2021-01-03T06:07:08.5", "2021-01-04T00:00:00.000001"),
    *("1969-12-31T23:59:59", "2024-03-31T01:30:00", "2024-03-31T00:59:59"),
    *("2024-10-27T00:30:00", "2024-10-27T01:30:00", "1900-03-01T10:00:00", "2024-01-31T10:07:30"),
)
_MORE_TEXTS: Final = ("B", "b", "`tick`", "1", "01", "2.5", "x" * 40, "日本", "e\u0301", "NULL")
_MORE_DAYS: Final = ("2020-12-28", "2021-01-01", "2020-02-29", "2000-02-29", "2023-03-01")
_JSON: Final = ("{}", '{"a": 1}', '{"a": {"b": [1, 2]}, "c": null}', "[]", '{"q": "it\'s"}')
_WIDE: Final = 10_000  # products of what lies further out may overflow, sums lose last digits
_FIRST_DAY: Final = date(2024, 3, 4)
_LONGEST: Final = 40
_BITS: Final = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


def hostile_values(type_: DataType, *, extremes: bool) -> list[Value]:
    """The hostile values of a type; none of a type that no fixture has.

    Without `extremes` there is none so large that sums could overflow, or lose digits.
    """
    match type_:
        case DecimalType(precision, scale):
            found = _decimals(precision, scale)
        case Plain(name) if name in _BITS:
            found = [*INTEGERS, *BIGS, *_ends(_BITS[name])]
        case Plain("float64" | "float32"):
            found = list(DOUBLES)
        case Plain("string"):
            found = [*TEXTS, *_MORE_TEXTS]
        case Plain("json"):
            found = list(_JSON)
        case Plain("bool"):
            found = [True, False]
        case Plain("date"):
            found = [date.fromisoformat(text) for text in (*DAYS, *_MORE_DAYS)]
        case Plain("timestamp" | "timestamp_ntz"):
            found = [datetime.fromisoformat(text) for text in (*MOMENTS, *_MORE_DAYS)]
        case _:
            found = []
    fitting = [fit for each in found for fit in (as_type(each, type_),) if fit is not None]
    return [each for each in dict.fromkeys(fitting) if extremes or not _is_extreme(each)]


def near_values(value: Value, type_: DataType) -> list[Value]:
    """What a constant may mean for a column of that type, and its neighbours there."""
    candidates: list[object] = [value]
    match type_:
        case DecimalType(_, scale) if isinstance(value, (int, float, Decimal)):
            exact = Decimal(str(value))
            candidates += [exact + Decimal(1).scaleb(-scale), exact - Decimal(1).scaleb(-scale)]
            candidates += [exact + 1, exact - 1]
        case Plain(name) if name in _BITS and isinstance(value, (int, float, Decimal)):
            candidates += [int(value), int(value) + 1, int(value) - 1]
        case Plain("float64" | "float32") if isinstance(value, (int, float, Decimal)):
            candidates += [float(value) + 0.5, float(value) - 0.5]
        case Plain("string"):
            candidates += _near_texts(value)
        case Plain("date" | "timestamp" | "timestamp_ntz"):
            candidates += _near_times(value)
        case _:
            pass
    fitting = (as_type(each, type_) for each in candidates)
    return list(dict.fromkeys(each for each in fitting if each is not None))


def more_values(type_: DataType) -> Iterator[Value]:
    """Plain values of a type, one other than the next, without end where it has as many."""
    match type_:
        case Plain("bool"):
            yield from (True, False)
        case Plain("int8"):
            yield from range(1, 127)
        case Plain("binary"):
            return
        case _:
            number = 0
            while (value := _plain(number, type_)) is not None:
                yield value
                number += 1


def _plain(number: int, type_: DataType) -> Value | None:
    match type_:
        case Plain("string"):
            return f"k{number}"
        case Plain("json"):
            return f'{{"k": {number}}}'
        case Plain("date" | "timestamp" | "timestamp_ntz"):
            return as_type(_FIRST_DAY + timedelta(days=number), type_)
        case _:
            return as_type(number + 1, type_)


def as_type(value: object, type_: DataType) -> Value | None:
    """The value as a column of that type has it; None where it has no such value."""
    match type_:
        case DecimalType(precision, scale):
            return _as_decimal(value, precision, scale)
        case Plain(name) if name in _BITS:
            return _as_integer(value, _BITS[name])
        case Plain("float64" | "float32"):
            return _as_double(value)
        case Plain("string" | "json"):
            return value if isinstance(value, str) else None if value is None else str(value)
        case Plain("bool"):
            return value if isinstance(value, bool) else None
        case Plain("date"):
            return _as_date(value)
        case Plain("timestamp" | "timestamp_ntz" as name):
            return _as_moment(value, has_zone=name == "timestamp")
        case _:
            return None


def _as_decimal(value: object, precision: int, scale: int) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    with localcontext() as context:
        context.prec = 80
        try:
            found = Decimal(str(value)).quantize(Decimal(1).scaleb(-scale))
        except DecimalException:
            return None
        return found if abs(found) < Decimal(10) ** (precision - scale) else None


def _as_double(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    return float(value)


def _as_integer(value: object, bits: int) -> int | None:
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
        value = int(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    whole = int(value)
    return whole if -(1 << (bits - 1)) <= whole < 1 << (bits - 1) else None


def _as_date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _as_moment(value: object, *, has_zone: bool) -> datetime | None:
    zone = UTC if has_zone else None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=zone) if value.tzinfo is None else _in_zone(value, zone)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    return None


def _in_zone(value: datetime, zone: object) -> datetime:
    moved = value.astimezone(UTC)
    return moved if zone is UTC else moved.replace(tzinfo=None)


def _near_texts(value: Value) -> list[object]:
    if isinstance(value, str):
        return [f"{value} ", f"{value}x", value.swapcase(), f" {value}", value[:-1]]
    if isinstance(value, int) and 0 < value <= _LONGEST:
        return ["y" * value, "y" * (value - 1), "y" * (value + 1)]
    return []


def _near_times(value: Value) -> list[object]:
    """The days around one; of a number the days that it may stand for: a year, a month, a day."""
    if isinstance(value, date):
        day, week, moment = timedelta(days=1), timedelta(days=7), timedelta(microseconds=1)
        steps = [day, -day, week, -week]
        steps += [moment, -moment] if isinstance(value, datetime) else []
        return [each for step in steps for each in _moved(value, step)]
    if isinstance(value, bool) or not isinstance(value, int):
        return []
    years = [f"{value:04}-01-01", f"{value:04}-12-31", f"{value:04}-06-15"]
    return [*years, f"2024-{value:02}-15", f"2021-{value:02}-01", f"2024-03-{value:02}"]


def _moved(value: date, step: timedelta) -> list[date]:
    """The day that much later; nothing behind the end of the calendar."""
    try:
        return [value + step]
    except OverflowError:
        return []


def _decimals(precision: int, scale: int) -> list[Value]:
    """Those of all decimals, and the ends and the smallest steps of this type."""
    with localcontext() as context:
        context.prec = 80
        step = Decimal(1).scaleb(-scale)
        most = Decimal(10) ** (precision - scale) - step
        halves = [Decimal(text) for text in ("0.5", "1.5", "2.5", "-0.5", "-2.5", "3")]
        return [*map(Decimal, CENTS), *halves, step, -step, most, -most]


def _ends(bits: int) -> tuple[int, int]:
    """The largest and the smallest but one: its negative is held, too."""
    return (1 << (bits - 1)) - 1, -(1 << (bits - 1)) + 1


def _is_extreme(value: Value) -> bool:
    return isinstance(value, (int, float, Decimal)) and abs(float(value)) > _WIDE
