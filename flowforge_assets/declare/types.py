"""From a Python annotation to a type of the hub, exact or refused."""

from __future__ import annotations

import types
import typing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from flowforge_assets.core.rule import Scalar
from flowforge_assets.core.schema import DataType, DecimalType, ListType, Plain
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
}
MAX_DECIMAL_DIGITS: Final = 38


class ColumnType(NamedTuple):
    """A type, whether it may be null, and the values it is limited to (None: any)."""

    type: DataType
    nullable: bool
    values: tuple[Scalar, ...] | None


class UnstorableError(ValueError):
    """`str(error)` names the type; `remedy` says what to use."""

    def __init__(self, hint: object, remedy: str) -> None:
        """The annotation that cannot be stored, and what to use."""
        super().__init__(getattr(hint, "__name__", None) or str(hint))
        self.remedy = remedy


def column_type(hint: object, options: ColumnOptions) -> ColumnType:
    """What a column annotated `Col[hint]` holds.

    Raises:
        UnstorableError: the type cannot be stored exactly.
    """
    origin = typing.get_origin(hint)
    if origin in {typing.Union, types.UnionType}:
        members = typing.get_args(hint)
        rest = [member for member in members if member is not types.NoneType]
        if len(rest) != 1 or len(rest) == len(members):
            raise UnstorableError(hint, "a column has one type, with `| None` where it may be null")
        inner = column_type(rest[0], options)
        return inner._replace(nullable=True)
    if origin is Annotated:
        base, *marks = typing.get_args(hint)
        plain = next((mark for mark in marks if isinstance(mark, Plain)), None)
        return ColumnType(plain, False, None) if plain else column_type(base, options)
    if origin is Literal:
        return _limited(hint, typing.get_args(hint))
    if origin is list:
        item = column_type(typing.get_args(hint)[0], options)
        return ColumnType(ListType(item.type, item.nullable), False, None)
    return ColumnType(*_atom(hint, options))


def _atom(hint: object, options: ColumnOptions) -> ColumnType:
    if hint is datetime:
        return ColumnType(Plain("timestamp" if options.tz else "timestamp_ntz"), False, None)
    if hint is Decimal and options.precision is not None:
        return ColumnType(_decimal(options), False, None)
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            return _limited(hint, tuple(member.value for member in hint))
        if hasattr(hint, "__flowforge__"):
            from flowforge_assets.declare.describe import struct_type  # mutual: structs nest

            return ColumnType(struct_type(hint), False, None)
    try:
        plain = _PLAIN.get(hint)
        remedy = _USE_INSTEAD.get(typing.get_origin(hint) or hint)
    except TypeError:
        plain, remedy = None, None
    if plain is None:
        raise UnstorableError(hint, remedy or "use one of the types that FF-101 lists")
    return ColumnType(plain, False, None)


def _decimal(options: ColumnOptions) -> DecimalType:
    precision, scale = options.precision or 0, options.scale or 0
    if not 1 <= precision <= MAX_DECIMAL_DIGITS or not 0 <= scale <= precision:
        remedy = f"`precision` is 1 to {MAX_DECIMAL_DIGITS}, `scale` 0 to the precision"
        raise UnstorableError(f"Decimal({precision}, {scale})", remedy)
    return DecimalType(precision, scale)


def _limited(hint: object, values: tuple[Any, ...]) -> ColumnType:
    kinds = {type(value) for value in values}
    if kinds == {str}:
        return ColumnType(Plain("string"), False, values)
    if kinds == {int}:
        return ColumnType(Plain("int64"), False, values)
    raise UnstorableError(hint, "`Literal` and `Enum` hold values that are all `str` or all `int`")
