"""What a store must know of a dataset; imports no engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.core.polars_types import from_polars
from flowforge_assets.core.schema import Field, Schema
from flowforge_assets.core.schema_diff import renamed
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.storage.store import Artifacts, Store, Table, TableSpec

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.plan.table_change import TableChange


def spec_of(dataset: DatasetDefinition) -> TableSpec:
    """The dataset as a store knows it: under the first name that it had."""
    return TableSpec(
        key=first_key(dataset),
        schema=dataset.schema,
        dimensions=dataset.partitioning.dimensions,
        step_dimensions=None if dataset.steps is None else dataset.steps.dimensions,
        description=dataset.description,
        comments={column.field.name: column.doc for column in dataset.columns if column.doc},
        suffix=dataset.suffix,
        keeps_history=dataset.keeps_history,
        renames=tuple(dataset.renames.items()),
    )


def log_of(store: Store, dataset: DatasetDefinition) -> Table | Artifacts:
    """What says what was made of the dataset: its table, or its files."""
    spec = spec_of(dataset)
    return store.artifact(spec) if dataset.kind == "artifact" else store.table(spec)


def table_of(store: Store, dataset: DatasetDefinition, change: TableChange | None = None) -> Table:
    """The dataset's table, with the columns that `extra="keep"` has brought so far.

    With `change`, for a run that does about its columns what a plan has said.
    """
    spec = spec_of(dataset)
    if change is not None:
        spec = _changing(spec, dataset, change)
    table = store.table(spec)
    if dataset.extra != "keep":
        return table
    stored = table.columns()
    if stored is None:
        return table
    was_called = renamed(stored, dataset.schema, dataset.renames).values()
    beyond = type(stored)({n: dtype for n, dtype in stored.items() if n not in was_called})
    schema = with_extra(spec.schema, beyond)
    return table if schema == spec.schema else store.table(replace(spec, schema=schema))


def _changing(spec: TableSpec, dataset: DatasetDefinition, change: TableChange) -> TableSpec:
    """The dataset as its table is while rows of an older declaration are in it.

    Where partitions are made again in several commits, what they must have can be null in those
    that are still to come.
    """
    if change.answer == "dropped":
        spec = replace(spec, drops=change.diff.dropped)
    if change.answer in {"emptied", "refused"} or not dataset.step_partitioning.dimensions:
        return spec
    loosened = change.diff.loosened
    fields = (replace(f, nullable=True) if f.name in loosened else f for f in spec.schema)
    return replace(spec, schema=Schema(tuple(fields))) if loosened else spec


def with_extra(schema: Schema, found: pl.Schema) -> Schema:
    """`schema` and behind it the columns of `found` that it lacks, each of which may be absent.

    Raises:
        TypeNotStoredError: such a column has a type that cannot be stored exactly (FF-610).
    """
    beyond = {name: dtype for name, dtype in found.items() if schema.find(name) is None}
    if not beyond:
        return schema
    extra = from_polars(type(found)(beyond))
    kept = (Field(field.name, field.type, nullable=True, optional=True) for field in extra)
    return Schema((*schema.fields, *kept))
