"""From what a class says of its partitions to the partitioning that the planner uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flowforge_assets.core.partition import (
    UNPARTITIONED,
    Dimension,
    Extent,
    Partitioning,
    StaticExtent,
    TimeExtent,
)
from flowforge_assets.core.schema import Plain
from flowforge_assets.declare.definition import ColumnDefinition
from flowforge_assets.declare.partitions import Calendar, Part, Partition, Product, Static
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean
from flowforge_assets.errors.declaration import PartitionColumnError
from flowforge_assets.errors.project import BadPartitionKey

_TIME_COLUMNS = {Plain("date"), Plain("timestamp"), Plain("timestamp_ntz")}


def partitioning_of(
    partition: Partition | None, columns: Sequence[ColumnDefinition], place: Place
) -> Partitioning:
    """The partitioning that `partition` means for a dataset with `columns`.

    Raises:
        PartitionColumnError: a dimension has no column, or one of another type (FF-106).
        ProjectError: a key or time zone cannot be read (FF-83x).
    """
    if partition is None:
        return UNPARTITIONED
    return _partitioning(partition, lambda part: _column(part, columns), place)


def step_partitioning(partition: Partition, place: Place) -> Partitioning:
    """The partitioning of an asset's steps, or of an artifact: no column need hold its keys.

    A dimension without a column is called by its kind: `hour`, `day`, `week`, `month`, `static`.

    Raises:
        PartitionColumnError: it is no way to cut anything (FF-106).
        ProjectError: a key or time zone cannot be read (FF-83x).
    """
    return _partitioning(partition, lambda part: part.column or part.kind, place)


def _partitioning(
    partition: Partition, column_of: Callable[[Part], str], place: Place
) -> Partitioning:
    parts = partition.parts if isinstance(partition, Product) else (partition,)
    try:
        for part in parts:
            _refuse_other(part)
        pairs = [_dimension(part, column_of(part)) for part in parts]
        return Partitioning(
            tuple(dimension for dimension, _ in pairs), tuple(extent for _, extent in pairs)
        )
    except FlowForgeError as error:
        error.place = error.place or place
        raise


def _refuse_other(part: object) -> None:
    """Refuses what a type checker would have refused."""
    if not isinstance(part, (Calendar, Static)):
        message = f"`partition={part!r}` is no way to cut a dataset"
        hint = 'write `partition=DAY.on("day")`, with `DAY = Daily(start="2013-01-01")`'
        raise PartitionColumnError(message, hint=hint)
    keys: list[object] = [part.start] if isinstance(part, Calendar) else [*part.values]
    keys += [part.end] if isinstance(part, Calendar) and part.end is not None else []
    for key in keys:
        if not isinstance(key, str):
            message = f"`{key!r}` in `{type(part).__name__}` is no text"
            raise BadPartitionKey(message, hint="write keys as text: `2013-01-01`, `de`")


def _dimension(part: Part, name: str) -> tuple[Dimension, Extent]:
    if isinstance(part, Static):
        return Dimension(name, "static"), StaticExtent(part.values)
    assert isinstance(part, Calendar)  # noqa: S101 - there are these two
    return Dimension(name, part.kind, part.tz), TimeExtent(part.start, part.end)


def _column(part: Part, columns: Sequence[ColumnDefinition]) -> str:
    if part.column is None:
        message = f"`{type(part).__name__}` says no column"
        raise PartitionColumnError(message, hint='name it: `partition=DAY.on("day")`')
    column = next((c for c in columns if part.column in {c.attribute, c.field.name}), None)
    if column is None:
        message = f"the partition column `{part.column}` is not declared"
        near = did_you_mean(part.column, [c.attribute for c in columns])
        raise PartitionColumnError(message, hint=near or f"declare `{part.column}` as a column")
    fits = {Plain("string")} if isinstance(part, Static) else _TIME_COLUMNS
    if column.field.type not in fits or column.field.nullable:
        shown = f"{column.field.type}{'?' if column.field.nullable else ''}"
        message = f"the partition column `{part.column}` is `{shown}`"
        wanted = "a `str`" if isinstance(part, Static) else "a `date` or `datetime`"
        raise PartitionColumnError(message, hint=f"it must be {wanted} without `| None`")
    return column.field.name
