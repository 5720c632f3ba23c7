"""Values that people write down, in TOML or CSV, as the values that a column stores."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final, assert_never, cast

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    ListType,
    Plain,
    PlainName,
    StructType,
)

_BITS: Final[Mapping[PlainName, int]] = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|[+-]?inf", re.IGNORECASE
)
_FLAGS: Final = {"true": True, "false": False}
_FORMS: Final[Mapping[PlainName, str]] = {
    "bool": "`true` or `false`",
    "float32": "a number",
    "float64": "a number",
    "string": "text",
    "json": "JSON",
    "binary": "text",
    "date": "a day as `2026-01-31`",
    "timestamp": "a time as `2026-01-31T12:00:00Z`",
    "timestamp_ntz": "a time without a zone, as `2026-01-31T12:00:00`",
}


def stored_value(given: object, data_type: DataType) -> object:
    """`given` as a column of `data_type` stores it; None stays None.

    Text stands for any type but lists and structs, in the form that TOML and ISO 8601 have. A time
    without a zone is taken as UTC where an instant is stored. Nothing is rounded.

    Raises:
        ValueError: it is no such value; the message says what would be.
    """
    if given is None:
        return None
    match data_type:
        case Plain(name):
            found = _PLAIN[name](given)
        case DecimalType():
            found = _decimal(given, data_type)
        case ListType(item):
            is_list = isinstance(given, list)
            found = (
                [stored_value(x, item) for x in cast("list[object]", given)] if is_list else None
            )
        case StructType():
            found = _struct(given, data_type)
        case _:
            assert_never(data_type)
    if found is None:
        raise ValueError(form_of(data_type))
    return found


def form_of(data_type: DataType) -> str:
    """How a value of `data_type` is written."""
    match data_type:
        case Plain(name):
            return _FORMS.get(name) or f"a whole number of {_BITS[name]} bits"
        case DecimalType(precision, scale):
            return f"a number of {precision} digits, at most {scale} after the point"
        case ListType():
            return "a list in TOML"
        case StructType(fields):
            return f"a table of {', '.join(f'`{field.name}`' for field in fields)} in TOML"
        case _:
            assert_never(data_type)


def _text(given: object) -> str | None:
    return given if isinstance(given, str) else None


def _bytes(given: object) -> bytes | None:
    return given.encode() if isinstance(given, str) else None


def _flag(given: object) -> bool | None:
    if isinstance(given, str):
        return _FLAGS.get(given.lower())
    return given if isinstance(given, bool) else None


def _whole(given: object, bits: int) -> int | None:
    if isinstance(given, str):
        number = int(given) if _WHOLE.fullmatch(given) else None
    else:
        number = given if isinstance(given, int) and not isinstance(given, bool) else None
    most = 1 << bits - 1
    return number if number is not None and -most <= number < most else None


def _float(given: object) -> float | None:
    if isinstance(given, str):
        return float(given) if _NUMBER.fullmatch(given) else None
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return None
    return float(given)


def _decimal(given: object, data_type: DecimalType) -> Decimal | None:
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        return None
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    _, digits, exponent = value.as_tuple()
    scale = -int(exponent)
    fits = scale <= data_type.scale and len(digits) - scale <= data_type.precision - data_type.scale
    return value if fits or not value else None


def _date(given: object) -> date | None:
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            return None
    return given if isinstance(given, date) and not isinstance(given, datetime) else None


def _instant(given: object) -> datetime | None:
    time = _time(given)
    if time is None:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _clock_time(given: object) -> datetime | None:
    time = _time(given)
    return time if time is not None and time.tzinfo is None else None


def _time(given: object) -> datetime | None:
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError:
            return None
    if isinstance(given, date) and not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day)  # noqa: DTZ001 - zoned below
    return given if isinstance(given, datetime) else None


def _json(given: object) -> str | None:
    if not isinstance(given, str):
        return json.dumps(given)
    try:
        json.loads(given)
    except ValueError:
        return None
    return given


def _struct(given: object, data_type: StructType) -> dict[str, object] | None:
    names = {field.name: field.type for field in data_type.fields}
    if not isinstance(given, dict) or set(cast("dict[str, object]", given)) - set(names):
        return None
    values = cast("dict[str, object]", given)
    return {name: stored_value(values.get(name), kind) for name, kind in names.items()}


_PLAIN: Final[Mapping[PlainName, Callable[[object], object | None]]] = {
    "bool": _flag,
    **{name: partial(_whole, bits=bits) for name, bits in _BITS.items()},
    "float32": _float,
    "float64": _float,
    "string": _text,
    "json": _json,
    "binary": _bytes,
    "date": _date,
    "timestamp": _instant,
    "timestamp_ntz": _clock_time,
}
