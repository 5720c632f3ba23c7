"""From a Python annotation to a type of the hub, exact or refused."""

from __future__ import annotations

import typing
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from flowforge_assets.core.rule import Scalar
from flowforge_assets.core.schema import DataType, DecimalType, ListType, Plain, StructType
from flowforge_assets.declare.annotation import UNIONS
from flowforge_assets.declare.column import ColumnOptions

_PLAIN: Final[dict[object, Plain]] = {
    int: Plain("int64"),
    float: Plain("float64"),
    bool: Plain("bool"),
    str: Plain("string"),
    bytes: Plain("binary"),
    date: Plain("date"),
}
_USE_INSTEAD: Final[dict[object, str]] = {
    Decimal: "give the digits: `Col[Decimal] = col(precision=38, scale=2)`",
    time: "store `str`, or a `datetime`",
    timedelta: "store a number and say its unit: `Col[int] = col(unit='s')`",
    UUID: "store `str`",
    dict: "store a nested `Shape`, or `Json`",
    set: "store `list[...]`",
    tuple: "store `list[...]`, or a nested `Shape`",
    list: "say of what: `list[str]`",
    complex: "store two columns",
    object: "say which type it is, or store `Json`",
    Any: "say which type it is, or store `Json`",
    NoneType: "say which type it has where it is not null: `Col[str | None]`",
}
_ANY_OTHER: Final = (
    "use `int`, `float`, `bool`, `str`, `bytes`, `date`, `datetime`, `Decimal`, `Literal` or "
    "`Enum`, `list[...]`, a nested `Shape`, `Int8` to `Int64`, `Float32` or `Json`"
)
_ONE_TYPE: Final = "a column has one type, with `| None` where it may be null"
MAX_DECIMAL_DIGITS: Final = 38


class ColumnType(NamedTuple):
    """A type, whether it may be null, and the values it is limited to (None: any)."""

    type: DataType
    nullable: bool = False
    values: tuple[Scalar, ...] | None = None


class UnstorableError(ValueError):
    """`str(error)` names the type; `remedy` says what to use."""

    def __init__(self, hint: object, remedy: str) -> None:
        """The annotation that cannot be stored, and what to use."""
        if isinstance(hint, type) and not typing.get_args(hint):
            super().__init__(hint.__name__)
        else:
            super().__init__(str(hint).replace("typing.", ""))
        self.remedy = remedy


def column_type(
    hint: object, options: ColumnOptions, *, struct: Callable[[type], StructType]
) -> ColumnType:
    """What a column annotated `Col[hint]` holds; `struct` gives the type of a nested `Shape`.

    Raises:
        UnstorableError: the type cannot be stored exactly.
    """
    origin = typing.get_origin(hint)
    if origin in UNIONS:
        rest = [member for member in typing.get_args(hint) if member is not NoneType]
        if len(rest) != 1:
            raise UnstorableError(hint, _ONE_TYPE)
        return column_type(rest[0], options, struct=struct)._replace(nullable=True)
    if origin is Annotated:
        base, *marks = typing.get_args(hint)
        plain = next((mark for mark in marks if isinstance(mark, Plain)), None)
        return ColumnType(plain) if plain else column_type(base, options, struct=struct)
    if origin is Literal:
        return _limited(hint, typing.get_args(hint))
    if origin is list:
        item = column_type(typing.get_args(hint)[0], options, struct=struct)
        if item.values is not None:
            raise UnstorableError(hint, "store `list[str]`, and look at its items in a `@check`")
        return ColumnType(ListType(item.type, item.nullable))
    if isinstance(hint, type) and hasattr(hint, "__flowforge__"):
        return ColumnType(struct(hint))
    return _atom(hint, options)


def _atom(hint: Any, options: ColumnOptions) -> ColumnType:  # noqa: ANN401 - an annotation
    if hint is datetime:
        return ColumnType(Plain("timestamp" if options.tz else "timestamp_ntz"))
    if hint is Decimal and options.precision is not None:
        return ColumnType(_decimal(options))
    if (members := _enum_values(hint)) is not None:
        return _limited(hint, members)
    try:
        plain = _PLAIN.get(hint)
        remedy = _USE_INSTEAD.get(typing.get_origin(hint) or hint)
    except TypeError:  # not hashable, so it is no type at all
        plain, remedy = None, None
    if plain is None:
        raise UnstorableError(hint, remedy or _ANY_OTHER)
    return ColumnType(plain)


def _enum_values(hint: object) -> tuple[object, ...] | None:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(member.value for member in hint)
    return None


def _decimal(options: ColumnOptions) -> DecimalType:
    precision, scale = options.precision or 0, options.scale or 0
    if not 1 <= precision <= MAX_DECIMAL_DIGITS or not 0 <= scale <= precision:
        remedy = f"`precision` is 1 to {MAX_DECIMAL_DIGITS}, `scale` 0 to the precision"
        raise UnstorableError(f"Decimal({precision}, {scale})", remedy)
    return DecimalType(precision, scale)


def _limited(hint: object, members: tuple[object, ...]) -> ColumnType:
    strings = [member for member in members if isinstance(member, str)]
    numbers = [member for member in members if type(member) is int]
    is_nullable = None in members
    count = len(members) - is_nullable
    if strings and len(strings) == count:
        return ColumnType(Plain("string"), is_nullable, tuple(strings))
    if numbers and len(numbers) == count:
        return ColumnType(Plain("int64"), is_nullable, tuple(numbers))
    raise UnstorableError(hint, "`Literal` and `Enum` hold values that are all `str` or all `int`")
