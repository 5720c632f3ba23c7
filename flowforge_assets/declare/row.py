"""Rows as validated objects, by a pydantic model of each class made at first use."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, NotRequired

import pydantic_core
from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    NaiveDatetime,
    TypeAdapter,
    ValidationError,
    with_config,
)
from typing_extensions import TypedDict

from flowforge_assets.core.schema import Plain
from flowforge_assets.declare.annotation import UNIONS
from flowforge_assets.declare.column import ColumnOptions
from flowforge_assets.declare.dataset import Shape, declared_columns
from flowforge_assets.declare.describe import column_hint, describe, options_of
from flowforge_assets.errors.declaration import RowError, RuleTypeError

_ADAPTERS: Final[dict[type, TypeAdapter[dict[str, Any]]]] = {}
_BITS: Final[dict[str, int]] = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


def validated(cls: type, values: Mapping[str, object]) -> dict[str, object]:
    """The row's values by attribute, in the order of the columns; absent ones are None.

    Raises:
        RowError: a value is missing, unknown, of another type or breaks a rule of its column.
        DeclarationError: the class itself says something wrong (FF-1xx).
    """
    adapter = _ADAPTERS.get(cls)
    if adapter is None:
        adapter = _ADAPTERS[cls] = _adapter(cls)
    try:
        row = adapter.validate_python(dict(values))
    except ValidationError as error:
        details = error.errors(include_input=False, include_context=False, include_url=False)
        said = "; ".join(
            f"`{'.'.join(map(str, detail['loc']))}` {_uncapped(detail['msg'])}"
            for detail in details
        )
        message = f"a row of `{cls.__name__}` does not fit: {said}"
        hint = "the class says which values its columns take"
        # Not from the cause: that one holds the values, which may be secret.
        raise RowError(message, place=options_of(cls).place, hint=hint) from None
    return {name: row.get(name) for name in declared_columns(cls)}


def _uncapped(text: str) -> str:
    """The text without a capital at its start; what follows may be the user's own words."""
    return text[:1].lower() + text[1:]


def row_of(cls: type, values: Iterable[object]) -> object:
    """A row of values that were checked when they were written, in the order of the columns.

    Nested rows come as mappings, as engines give them.
    """
    row = typing.cast("object", object.__new__(cls))
    for (name, shape), value in zip(_shapes(cls), values, strict=True):
        vars(row)[name] = value if shape is None else _nested(shape, value)
    return row


@cache
def _shapes(cls: type) -> tuple[tuple[str, type | None], ...]:
    """Each column with the class of its nested rows, if it holds any."""
    columns = declared_columns(cls).items()
    return tuple((name, _shape_in(column_hint(owner, name))) for name, (_, owner) in columns)


def _shape_in(hint: object) -> type | None:
    if isinstance(hint, type) and issubclass(hint, Shape):
        return hint
    found = map(_shape_in, typing.get_args(hint))
    return next((shape for shape in found if shape is not None), None)


def _nested(shape: type, value: object) -> object:
    if isinstance(value, list):
        return [_nested(shape, item) for item in typing.cast("list[object]", value)]
    if isinstance(value, dict):
        return row_of(shape, typing.cast("dict[str, object]", value).values())
    return value


def _adapter(cls: type) -> TypeAdapter[dict[str, Any]]:
    if options_of(cls).layer is not None:
        describe(cls)  # says first what is wrong with the class itself
    fields: dict[str, Any] = {}
    for attribute, (column, owner) in declared_columns(cls).items():
        options = column.options
        hint = _strict(column_hint(owner, attribute), options)
        is_written = options.writer is not None
        may_be_null = options.optional or is_written or type(None) in typing.get_args(hint)
        limited: Any = Annotated[hint, _field(options)]  # Any: a type made at run time
        if options.isin is not None:
            limited = Annotated[limited, AfterValidator(_one_of(options.isin))]
        limited = limited | None if may_be_null else limited
        fields[attribute] = NotRequired[limited] if may_be_null else limited
    typed_dict: Any = TypedDict  # Any: its columns are known at run time only
    row = typed_dict(cls.__name__, fields)
    config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)
    try:
        return TypeAdapter(with_config(config)(row))
    except pydantic_core.SchemaError as error:
        message = f"rows of `{cls.__name__}` cannot be validated: a regular expression is no good"
        hint = "patterns are those of Rust's `regex`, without look-around"
        raise RuleTypeError(message, place=options_of(cls).place, hint=hint) from error


def _strict(hint: Any, options: ColumnOptions) -> Any:  # noqa: ANN401 - annotations
    """The annotation with the bounds of what is stored: sizes of numbers, zones of datetimes."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        plain = next((mark for mark in arguments[1:] if isinstance(mark, Plain)), None)
        if plain is not None and plain.name in _BITS:
            return Annotated[int, _whole(plain.name)]
        return hint
    if origin in UNIONS:
        return typing.Union[tuple(_strict(each, options) for each in arguments)]  # noqa: UP007 - of as many as there are
    if origin is list:
        return list[_strict(arguments[0], options)]  # type: ignore[misc]  # known at run time
    if hint is int:
        return Annotated[int, _whole("int64")]
    if hint is datetime:
        return AwareDatetime if options.tz else NaiveDatetime
    return hint


def _whole(name: str) -> Any:  # noqa: ANN401 - pydantic's FieldInfo
    most = 2 ** (_BITS[name] - 1)
    return Field(ge=-most, le=most - 1)


def _one_of(values: tuple[object, ...]) -> Any:  # noqa: ANN401 - a validator of any type
    def check(value: object) -> object:
        if value is not None and value not in values:
            kind = "not_one_of"
            raise pydantic_core.PydanticCustomError(kind, "Input should be one that `isin` lists")
        return value

    return check


def _field(options: ColumnOptions) -> Any:  # noqa: ANN401 - pydantic's FieldInfo
    limits: dict[str, Any] = {
        "ge": options.ge,
        "gt": options.gt,
        "le": options.le,
        "lt": options.lt,
        "pattern": None if options.regex is None else f"^(?:{options.regex})$",
        "min_length": options.min_length,
        "max_length": options.max_length,
        "max_digits": options.precision,
        "decimal_places": options.scale,
    }
    return Field(**limits)
