"""What a store must know of a dataset; imports no engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.core.polars_types import from_polars
from flowforge_assets.core.schema import Field, Schema
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.storage.store import Artifacts, Store, Table, TableSpec

if TYPE_CHECKING:
    import polars as pl


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
    )


def log_of(store: Store, dataset: DatasetDefinition) -> Table | Artifacts:
    """What says what was made of the dataset: its table, or its files."""
    spec = spec_of(dataset)
    return store.artifact(spec) if dataset.kind == "artifact" else store.table(spec)


def table_of(store: Store, dataset: DatasetDefinition) -> Table:
    """The dataset's table, with the columns that `extra="keep"` has brought so far."""
    spec = spec_of(dataset)
    table = store.table(spec)
    if dataset.extra != "keep":
        return table
    stored = table.columns()
    schema = dataset.schema if stored is None else with_extra(dataset.schema, stored)
    return table if schema == dataset.schema else store.table(replace(spec, schema=schema))


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
