"""From what `col(...)` and `key(...)` were told to the rules that rows are held to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from flowforge_assets.core.rule import (
    Bound,
    Length,
    Matches,
    NotNull,
    OneOf,
    Rule,
    Unique,
)
from flowforge_assets.core.schema import DataType, DecimalType, ListType, Plain
from flowforge_assets.declare.column import Col, ColumnOptions
from flowforge_assets.declare.types import ColumnType
from flowforge_assets.errors.declaration import RuleTypeError

_NUMBERS: Final = frozenset({"int8", "int16", "int32", "int64", "float32", "float64"})
_TIMES: Final = frozenset({"timestamp", "timestamp_ntz"})


def rules_of(column: Col[Any], kind: ColumnType) -> Iterator[Rule]:
    """The rules on the values of one column.

    Raises:
        RuleTypeError: a rule does not fit the column's type (FF-104).
    """
    options, name = column.options, column.name
    _refuse_misfits(options, kind)
    if not (kind.nullable or options.optional):
        yield NotNull(name)
    yield from _bounds(name, options)
    values = options.isin if options.isin is not None else kind.values
    if values is not None:
        yield OneOf(name, values)
    if options.regex is not None:
        yield Matches(name, options.regex)
    if options.min_length is not None or options.max_length is not None:
        yield Length(name, options.min_length or 0, options.max_length)
    if options.unique:
        yield Unique((name,))


def _bounds(name: str, options: ColumnOptions) -> Iterator[Bound]:
    if options.ge is not None:
        yield Bound(name, ">=", options.ge)
    if options.gt is not None:
        yield Bound(name, ">", options.gt)
    if options.le is not None:
        yield Bound(name, "<=", options.le)
    if options.lt is not None:
        yield Bound(name, "<", options.lt)


def key_rules(columns: Iterable[Col[Any]]) -> list[Rule]:
    """That the key columns together are unique; nothing without a key."""
    keys = [column for column in columns if column.options.is_key]
    if not keys:
        return []
    names = tuple(key.name for key in keys)
    is_of_table = any(key.options.scope == "table" for key in keys)
    return [Unique(names, "table" if is_of_table else "partition")]


def refuse_rules_inside(column: Col[Any]) -> None:
    """Refuses rules on a column of a struct: rows are held to those of their own columns only.

    Raises:
        RuleTypeError: it has one (FF-104).
    """
    options = column.options
    told = {name: getattr(options, name) for name in ("ge", "gt", "le", "lt", "isin", "regex",
            "min_length", "max_length", "ref")}  # fmt: skip
    for name, value in told.items():
        if value is not None:
            message = f"`{name}` cannot hold inside a struct"
            raise RuleTypeError(message, hint="look at what is inside a struct in a `@check`")


def _refuse_misfits(options: ColumnOptions, kind: ColumnType) -> None:
    limits = {"ge": options.ge, "gt": options.gt, "le": options.le, "lt": options.lt}
    for name, limit in limits.items():
        if limit is not None:
            _refuse_unlike(name, limit, kind.type)
    for value in options.isin or ():
        _refuse_unlike("isin", value, kind.type)
    inner = kind.type
    while isinstance(inner, ListType):
        inner = inner.item
    has_length = isinstance(kind.type, ListType) or str(kind.type) in {"string", "binary", "json"}
    wanted = {
        "regex": (options.regex is not None, str(kind.type) in {"string", "json"}, "strings"),
        "min_length": (options.min_length is not None, has_length, "strings, bytes and lists"),
        "max_length": (options.max_length is not None, has_length, "strings, bytes and lists"),
        "precision": (options.precision is not None, isinstance(inner, DecimalType), "`Decimal`"),
        "scale": (options.scale is not None, isinstance(inner, DecimalType), "`Decimal`"),
        "tz": (options.tz != "UTC", str(inner) in _TIMES, "`datetime`"),
    }
    for name, (is_told, fits, whom) in wanted.items():
        if is_told and not fits:
            message = f"`{name}` does not fit the type `{kind.type}`"
            raise RuleTypeError(message, hint=f"`{name}` is for {whom}")
    if options.tz not in {"UTC", None}:
        message = f"`tz={options.tz!r}` is no way to store a `datetime`"
        hint = "an instant is stored in UTC, a wall-clock reading with `tz=None`"
        raise RuleTypeError(message, hint=hint)
    if options.is_key and kind.nullable:
        message = "a key column cannot be null"
        raise RuleTypeError(message, hint="leave out `| None`, or make it `col()` beside the key")


def _refuse_unlike(option: str, value: object, stored: DataType) -> None:
    """Refuses a limit that values of the type cannot be compared with."""
    match stored:
        case Plain("string"):
            wanted, fits = "a `str`", isinstance(value, str)
        case Plain("date"):
            is_date = isinstance(value, date) and not isinstance(value, datetime)
            wanted, fits = "a `date`", is_date
        case Plain("timestamp"):
            wanted, fits = "a `datetime` with a time zone", _is_aware(value)
        case Plain("timestamp_ntz"):
            is_naive = isinstance(value, datetime) and not _is_aware(value)
            wanted, fits = "a `datetime` without a time zone", is_naive
        case Plain(name) if name in _NUMBERS:
            wanted, fits = "a number", _is_number(value)
        case DecimalType():
            wanted, fits = "a number", _is_number(value)
        case Plain("bool") if option == "isin":
            wanted, fits = "a `bool`", isinstance(value, bool)
        case _:
            message = f"`{option}` does not fit the type `{stored}`"
            hint = f"`{option}` is for numbers, strings, dates and datetimes"
            raise RuleTypeError(message, hint=hint)
    if not fits:
        message = f"`{option}` is given `{value!r}`, and the column holds `{stored}`"
        raise RuleTypeError(message, hint=f"give it {wanted}")


def _is_aware(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
