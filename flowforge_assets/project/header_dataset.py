"""A dataset without a class: the columns that its query or file gives, and what its header says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import (
    UNPARTITIONED,
    Extent,
    Partitioning,
    StaticExtent,
    TimeExtent,
)
from flowforge_assets.core.rule import Holds, NotNull, Rule, Unique
from flowforge_assets.core.schema import DataType, Field, Plain, Schema
from flowforge_assets.declare.column import Writer
from flowforge_assets.declare.definition import ColumnDefinition, DatasetDefinition
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean, raise_all
from flowforge_assets.errors.declaration import DatasetNameError, PartitionColumnError
from flowforge_assets.errors.sql import SqlHeaderKeyError
from flowforge_assets.sql.header import HeaderColumn, HeaderKey, HeaderPartition, SqlHeader
from flowforge_assets.sql.step_parameters import NO_VARIABLES, Given, parameter_types

_WRITTEN: Final[dict[Writer, tuple[DataType, bool]]] = {
    "valid_from": (Plain("timestamp"), False),
    "valid_to": (Plain("timestamp"), True),
    "current": (Plain("bool"), False),
}
"""The type of each column that a writer makes, and whether it may be null."""


def header_dataset(
    key: DatasetKey, header: SqlHeader, found: Schema, *, place: Place, source: str
) -> DatasetDefinition:
    """The dataset `key` whose rows have the columns `found`; `source` is what gives them.

    Columns that the writer makes stand behind those found.

    Raises:
        SqlHeaderKeyError: the header names a column that is not there (FF-403).
        PartitionColumnError: it is cut by a column that is not there (FF-106).
        DatasetNameError: an alias is no name of a dataset (FF-105).
    """
    header = _of_these_columns(header, found)
    raise_all(_strangers(header, found, source))
    said = {column.name: column for column in header.columns}
    required = {part.column for part in header.partition} | set(header.key)
    columns = [_column(f, said.get(f.name), header.key, required) for f in found]
    columns += [_written(column) for column in header.columns if column.writer]
    rules: list[Rule] = [NotNull(c.field.name) for c in columns if not c.field.nullable]
    rules += [rule for c in header.columns for rule in c.rules if not isinstance(rule, NotNull)]
    rules += [Unique(header.key)] if header.key else []
    rules += [Holds(rule.name, rule.sql) for rule in header.rules]
    return DatasetDefinition(
        key=key,
        columns=tuple(columns),
        schema=Schema(tuple(column.field for column in columns)),
        rules=tuple(rules),
        partitioning=partitioning_of_header(header, "partition"),
        place=place,
        is_inferred=all(column.type is None for column in header.columns),
        extra=header.extra or "refuse",
        min_rows=header.min_rows or 0,
        description=header.description,
        owners=header.owners,
        tags=header.tags,
        aliases=tuple(_alias(text, key, header) for text in header.aliases),
    )


def is_of_file(dataset: DatasetDefinition) -> bool:
    """Whether a file says what the dataset is, and a class at most names it."""
    return dataset.place.file.endswith((".sql", ".csv", ".toml"))


def header_parameters(header: SqlHeader, variables: Given = NO_VARIABLES) -> dict[str, DataType]:
    """The types of what a query may ask for as `$day`: of the step that runs it, of the project."""
    cut = header.per or header.partition
    return parameter_types(((part.column, part.kind) for part in cut), variables)


def partitioning_of_header(header: SqlHeader, name: HeaderKey) -> Partitioning:
    """How the header cuts the dataset (`partition`) or its steps (`per`).

    Raises:
        ProjectError: a key or time zone cannot be read (FF-83x).
    """
    parts: tuple[HeaderPartition, ...] = getattr(header, name)
    if not parts:
        return UNPARTITIONED
    dimensions: list[Dimension] = []
    extents: list[Extent] = []
    try:
        for part in parts:
            dimensions.append(Dimension(part.column, part.kind, part.tz))
            is_static = part.kind == "static"
            extent = StaticExtent(part.values) if is_static else TimeExtent(part.start, part.end)
            extents.append(extent)
        return Partitioning(tuple(dimensions), tuple(extents))
    except FlowForgeError as error:
        error.place = error.place or header.place((name,))
        raise


def _of_these_columns(header: SqlHeader, found: Schema) -> SqlHeader:
    """The header without what its folder says of columns that are not here."""
    if header.below is None:
        return header
    names = set(found.names)
    columns = tuple(
        column
        for column in header.columns
        if column.name in names or column.writer or header.owns(("columns", column.name))
    )
    return replace(header, columns=columns)


def _strangers(header: SqlHeader, found: Schema, source: str) -> Iterator[FlowForgeError]:
    """An error for each column that the header names and that is not there, or twice."""
    written = {column.name for column in header.columns if column.writer}
    for column in header.columns:
        if (found.find(column.name) is None) != (column.writer is not None):
            message = f"the header describes `{column.name}`, which {source} does not give"
            hint = did_you_mean(column.name, found.names)
            if column.writer:
                message = f"`{column.name}` is made by the writer, but {source} gives it"
                hint = f"leave it out of what {source} gives"
            place = header.place(("columns", column.name))
            yield SqlHeaderKeyError(message, place=place, hint=hint)
    for name in header.key:
        if found.find(name) is None and name not in written:
            message = f"the header's key is `{name}`, which {source} does not give"
            hint = did_you_mean(name, found.names)
            yield SqlHeaderKeyError(message, place=header.place(("key",)), hint=hint)
    for part in header.partition:
        if found.find(part.column) is None:
            message = f"the partition column `{part.column}` is not in what {source} gives"
            hint = did_you_mean(part.column, found.names)
            yield PartitionColumnError(message, place=header.place(("partition",)), hint=hint)


def _column(
    found: Field, said: HeaderColumn | None, key: tuple[str, ...], required: set[str]
) -> ColumnDefinition:
    is_required = found.name in required or (
        said is not None and any(isinstance(rule, NotNull) for rule in said.rules)
    )
    promised = said.type if said else None
    return ColumnDefinition(
        attribute=found.name,
        field=Field(found.name, promised or found.type, nullable=not is_required),
        is_key=found.name in key,
        unit=said.unit if said else "",
        doc=said.doc if said else "",
        tags=said.tags if said else (),
        renamed_from=said.renamed_from if said else (),
    )


def _written(said: HeaderColumn) -> ColumnDefinition:
    assert said.writer is not None  # noqa: S101 - the caller asked
    data_type, may_be_null = _WRITTEN[said.writer]
    return ColumnDefinition(
        attribute=said.name,
        field=Field(said.name, data_type, nullable=may_be_null),
        doc=said.doc,
        tags=said.tags,
        writer=said.writer,
        renamed_from=said.renamed_from,
    )


def _alias(text: str, key: DatasetKey, header: SqlHeader) -> DatasetKey:
    """The key that the dataset had before: as written, or a name in the same layer."""
    try:
        is_key = text.partition(".")[0] in {"bronze", "silver", "gold"}
        return DatasetKey.parse(text) if is_key else DatasetKey.of(key.layer, text)
    except ValueError as error:
        message = f"`{text}` cannot have been the name of a dataset"
        hint = "write the key that it had: `silver.orders`"
        raise DatasetNameError(message, place=header.place(("aliases",)), hint=hint) from error
