"""Reads the signature of a function that returns a query: what it makes, and what it is given."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.asset import Declared, SqlOptions
from flowforge_assets.declare.dataset import ROOTS, Dataset
from flowforge_assets.declare.parameters import UNREADABLE, Parameters, shown_hint
from flowforge_assets.declare.sql_asset import Param, Sql
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.sql_function import SqlFunctionSignatureError

_VALUES: Final = (date, datetime, str, bool, int, float)
_HINT: Final = "it is called without data: take `raw: Sql[Raw]` or `day: Param[date]`"


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """A function that returns the query of `makes`.

    `tables` are the datasets that it is given the names of, `values` the types of what its query
    asks for, each by parameter.
    """

    declared: Declared
    options: SqlOptions
    makes: DatasetKey
    tables: Mapping[str, DatasetKey]
    values: Mapping[str, type]
    place: Place


def read_sql_function(declared: Declared, classes: dict[DatasetKey, type]) -> SqlFunction:
    """What the function's signature says; adds the dataset classes that it names to `classes`.

    Raises:
        SqlFunctionSignatureError: it takes or promises something else (FF-433).
        UnresolvedNameError: an annotation names something that is not there (FF-103).
        Problems: several of these.
    """
    options = declared.options
    assert isinstance(options, SqlOptions)  # noqa: S101 - the caller sorts them
    reader = Parameters(declared, classes)
    makes = _made(reader, options)
    tables: dict[str, DatasetKey] = {}
    values: dict[str, type] = {}
    for name in reader.parameters:
        if name not in reader.hints and name in reader.with_default:
            continue
        hint = reader.resolved(reader.hints.get(name))
        inner = _inner(reader, hint)
        if typing.get_origin(hint) is Sql and _is_dataset(inner):
            tables[name] = reader.key(inner)
        elif typing.get_origin(hint) is Param and inner in _VALUES:
            values[name] = inner
        elif UNREADABLE not in (hint, inner) and name not in reader.with_default:
            shown = f"{name}: {shown_hint(hint)}" if hint is not None else name
            message = f"`{declared.name}` cannot be given `{shown}`"
            reader.problems.append(SqlFunctionSignatureError(message, hint=_HINT))
    reader.refuse_nameless()
    reader.raise_problems()
    assert makes is not None  # noqa: S101 - else there was a problem
    return SqlFunction(declared, options, makes, tables, values, reader.place())


def _made(reader: Parameters, options: SqlOptions) -> DatasetKey | None:
    """What the function makes, from `makes=` or the return annotation; None where that is noted."""
    name, listed = reader.declared.name, options.asset.makes
    if listed is not None:
        if len(listed) == 1 and _is_dataset(listed[0]):
            return reader.key(listed[0])
        message = f"`makes=` of `{name}` does not name one dataset"
        hint = "a query makes one table: `makes=Orders`"
        reader.problems.append(SqlFunctionSignatureError(message, hint=hint))
        return None
    returned = reader.resolved(reader.hints.get("return"))
    inner = _inner(reader, returned)
    if typing.get_origin(returned) is Sql and _is_dataset(inner):
        return reader.key(inner)
    if UNREADABLE not in (returned, inner):
        message = f"`{name}` does not say what it makes"
        if returned is not None:
            message = f"`{name}` returns `{shown_hint(returned)}`, which names no dataset"
        hint = "annotate it with `-> Sql[D]` of a dataset, or say `makes=D`"
        reader.problems.append(SqlFunctionSignatureError(message, hint=hint))
    return None


def _inner(reader: Parameters, hint: Any) -> Any:  # noqa: ANN401 - an annotation
    """What stands in the brackets, if there are any."""
    arguments = typing.get_args(hint)
    return reader.resolved(arguments[0]) if len(arguments) == 1 else None


def _is_dataset(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Dataset) and value not in ROOTS
