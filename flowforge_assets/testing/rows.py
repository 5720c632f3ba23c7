"""`rows(D, [{...}])`: rows of a dataset of which a test says only what matters to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final, TypeAlias, cast

import polars as pl

from flowforge_assets.core.polars_types import polars_schema, polars_type
from flowforge_assets.core.rule import Unique
from flowforge_assets.core.schema import DataType, DecimalType, ListType, Plain, StructType
from flowforge_assets.declare.dataset import Dataset, Shape
from flowforge_assets.declare.definition import ColumnDefinition, DatasetDefinition
from flowforge_assets.declare.describe import describe
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.testing import (
    GivenRowsError,
    NoPlainValueError,
    UnknownRowColumnError,
)
from flowforge_assets.testing.plain_value import (
    Values,
    partition_values,
    plain_inside,
    plain_values,
)

Row: TypeAlias = Mapping[str, Any] | Shape
"""Some values by column; a row of the dataset's class will do as well."""

_PYTHON: Final[dict[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "string": (str,),
    "json": (str,),
    "binary": (bytes,),
    "float32": (int, float, Decimal),
    "float64": (int, float, Decimal),
}


def rows(dataset: type[Dataset], data: Iterable[Row] = ()) -> pl.LazyFrame:
    """A frame of the dataset with a row for each of `data`, whose columns need not all be said.

    Columns go by their Python name or their stored one. One that is left out is null where it
    may be, else a plain value that keeps its rules: 0, "", the first of a `Literal`, 1970-01-01,
    the first partition. Key columns count up. Dates and times may be said as ISO text, and a
    datetime without a zone is in UTC. Rules are not looked at in what is said.

    Raises:
        UnknownRowColumnError: a row names a column that is not declared (FF-720).
        GivenRowsError: a value is not of its column's type (FF-722).
        NoPlainValueError: no value that keeps the rules was found for a column (FF-725).
    """
    return filled(describe(dataset), data).lazy()


def filled(dataset: DatasetDefinition, data: Iterable[Row]) -> pl.DataFrame:
    """The rows of `data` with all columns of `dataset`; see `rows`."""
    said = [_by_name(row, dataset) for row in data]
    counting = set(_counting(dataset, said))
    columns: list[pl.Series] = []
    for column in dataset.columns:
        name = column.field.name
        values = _completed(dataset, column, said, distinct=name in counting)
        dtype = polars_type(column.field.type)
        try:
            columns.append(pl.Series(name, values, dtype=dtype, strict=True))
        except (OverflowError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
            message = f"values of `{name}` do not fit `{dataset.key}`: it is `{column.field.type}`"
            raise GivenRowsError(message, hint="mend the test's rows") from error
    return pl.DataFrame(columns, schema=polars_schema(dataset.schema))


def _by_name(row: Row, dataset: DatasetDefinition) -> Mapping[str, object]:
    """The row's values by stored name."""
    given: Mapping[str, object] = vars(row) if isinstance(row, Shape) else row
    names = {column.attribute: column.field.name for column in dataset.columns}
    known = set(dataset.schema.names)
    found: dict[str, object] = {}
    for said, value in given.items():
        name = said if said in known else names.get(said)
        if name is None:
            message = f"`{dataset.key}` has no column `{said}`"
            hint = did_you_mean(said, [*names, *known]) or f"it has {_listed(known, dataset)}"
            raise UnknownRowColumnError(message, hint=hint)
        found[name] = value
    return found


def _listed(known: set[str], dataset: DatasetDefinition) -> str:
    return ", ".join(f"`{name}`" for name in dataset.schema.names if name in known)


def _counting(dataset: DatasetDefinition, said: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """For each unique rule a column that is not always said, whose values shall differ.

    Where there is a choice it is none of those that the rows are partitioned by.
    """
    by = {dimension.column for dimension in dataset.partitioning.dimensions}
    for rule in dataset.rules:
        if isinstance(rule, Unique):
            unsaid = [name for name in rule.columns if any(name not in row for row in said)]
            yield from sorted(unsaid, key=lambda name: name in by)[:1]


def _completed(
    dataset: DatasetDefinition,
    column: ColumnDefinition,
    said: Sequence[Mapping[str, object]],
    *,
    distinct: bool,
) -> list[object]:
    """The column's value in each row: as said, or made up."""
    name = column.field.name
    values = [_typed(row[name], column.field.type, name) if name in row else None for row in said]
    unsaid = [at for at, row in enumerate(said) if name not in row]
    if not unsaid:
        return values
    taken = [value for value in values if value is not None] if distinct else []
    makeshift = _made_up(dataset, column, distinct=distinct)
    constant = _next(makeshift, taken, column, dataset)
    for at in unsaid:
        values[at] = constant
        if distinct and at != unsaid[-1]:
            constant = _next(makeshift, taken, column, dataset)
    return values


def _made_up(dataset: DatasetDefinition, column: ColumnDefinition, *, distinct: bool) -> Values:
    if column.field.name in {dimension.column for dimension in dataset.partitioning.dimensions}:
        return partition_values(dataset.partitioning, dataset.schema, column.field.name)
    if column.writer == "current":
        return iter((True,))
    return plain_values(column.field, dataset.rules, distinct=distinct)


def _next(
    values: Values, taken: Sequence[object], column: ColumnDefinition, dataset: DatasetDefinition
) -> object:
    for value in values:
        if value not in taken:
            return value
    name = column.field.name
    message = f"no value can be made up for `{name}` of `{dataset.key}`"
    hint = f"say it in each row: its rules allow too few values, or a pattern ({name}=...)"
    raise NoPlainValueError(message, hint=hint)


def _typed(value: object, kind: DataType, column: str) -> object:
    """The value as the column's type has it, where a test may write it more simply.

    Raises:
        GivenRowsError: it is of another type (FF-722).
    """
    if value is None:
        return None
    value = value.value if isinstance(value, Enum) else value
    found: object
    match kind:
        case Plain("date" | "timestamp" | "timestamp_ntz"):
            found = _moment(value, kind)
        case DecimalType():
            found = _decimal(value)
        case ListType(item):
            found = _items(value, item, column)
        case StructType():
            found = _struct(value, kind, column)
        case Plain(name):
            fits = isinstance(value, _PYTHON.get(name, (int,)))
            is_stray_bool = isinstance(value, bool) and name != "bool"
            found = value if fits and not is_stray_bool else None
    if found is None:
        message = f"`{column}` is given a value of type `{type(value).__name__}`"
        raise GivenRowsError(message, hint=f"the column holds `{kind}`")
    return found


def _items(value: object, item: DataType, column: str) -> list[object] | None:
    if not isinstance(value, (list, tuple)):
        return None
    return [_typed(each, item, column) for each in cast("Iterable[object]", value)]


def _moment(value: object, kind: Plain) -> date | None:
    """The date or datetime that `value` is, or says in ISO form."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
        if kind.name == "date":
            return value.date() if not (value.hour or value.minute or value.tzinfo) else None
    if kind.name == "date":
        return value if isinstance(value, date) and not isinstance(value, datetime) else None
    if not isinstance(value, datetime):
        return None
    if kind.name == "timestamp":
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return None if value.tzinfo else value


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _struct(value: object, kind: StructType, column: str) -> dict[str, object] | None:
    """A nested row with all its fields; the ones left out are plain."""
    if isinstance(value, Shape):
        value = vars(value)
    if not isinstance(value, Mapping):
        return None
    given = cast("Mapping[str, object]", value)
    for name in given:
        if all(field.name != name for field in kind.fields):
            message = f"`{column}` has no field `{name}`"
            hint = did_you_mean(name, [field.name for field in kind.fields])
            raise UnknownRowColumnError(message, hint=hint)
    return {
        field.name: _typed(given[field.name], field.type, f"{column}.{field.name}")
        if field.name in given
        else plain_inside(field)
        for field in kind.fields
    }
