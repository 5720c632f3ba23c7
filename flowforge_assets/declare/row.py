"""Rows as validated objects, by a pydantic model of each class made at first use."""

from __future__ import annotations

import sys
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import NotRequired, TypedDict

from flowforge_assets.declare.column import ColumnOptions
from flowforge_assets.declare.dataset import declared_columns
from flowforge_assets.declare.describe import describe, options_of
from flowforge_assets.errors.declaration import RowError

_ADAPTERS: Final[dict[type, TypeAdapter[dict[str, Any]]]] = {}


def validated(cls: type, values: Mapping[str, object]) -> dict[str, object]:
    """The row's values by attribute, in the order of the columns; absent ones are None.

    Raises:
        RowError: a value is missing, unknown, of another type or breaks a rule of its column.
    """
    adapter = _ADAPTERS.get(cls)
    if adapter is None:
        adapter = _ADAPTERS[cls] = _adapter(cls)
    try:
        row = adapter.validate_python(dict(values))
    except ValidationError as error:
        said = "; ".join(
            f"`{'.'.join(map(str, detail['loc']))}` {detail['msg'].lower()}"
            for detail in error.errors(include_input=False, include_context=False)
        )
        message = f"a row of `{cls.__name__}` does not fit: {said}"
        raise RowError(message, place=options_of(cls).place) from None
    return {name: row.get(name) for name in declared_columns(cls)}


def _adapter(cls: type) -> TypeAdapter[dict[str, Any]]:
    if options_of(cls).layer is not None:
        describe(cls)  # says first what is wrong with the class itself
    fields: dict[str, Any] = {}
    for attribute, (column, owner) in declared_columns(cls).items():
        hint = _hint(owner, attribute)
        limited = Annotated[hint, _field(column.options)]
        absent_is_null = column.options.optional or type(None) in typing.get_args(hint)
        fields[attribute] = NotRequired[limited] if absent_is_null else limited
    row = TypedDict(cls.__name__, fields)  # type: ignore[operator]  # columns are known at run time only
    config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)
    return TypeAdapter(with_config(config)(row))


def _hint(owner: type, attribute: str) -> Any:  # Any: an annotation
    hint = vars(owner)["__annotations__"][attribute]
    if isinstance(hint, str):
        scope = options_of(owner).scope or {}
        hint = eval(hint, vars(sys.modules[owner.__module__]) | dict(scope))  # noqa: S307 - the project's own annotation
    return typing.get_args(hint)[0]


def _field(options: ColumnOptions) -> Any:  # Any: pydantic's FieldInfo
    return Field(
        ge=options.ge,  # type: ignore[arg-type]  # any comparable value will do at run time
        gt=options.gt,  # type: ignore[arg-type]
        le=options.le,  # type: ignore[arg-type]
        lt=options.lt,  # type: ignore[arg-type]
        pattern=None if options.regex is None else f"^(?:{options.regex})$",
        min_length=options.min_length,
        max_length=options.max_length,
        max_digits=options.precision,
        decimal_places=options.scale,
    )
