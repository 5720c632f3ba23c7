"""The table beside a dataset's own that holds the rows which were set aside."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, ListType, Plain, Schema
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.execute.changed_types import CHANGED
from flowforge_assets.execute.spec import spec_of
from flowforge_assets.quality.quarantine import BROKEN_RULES
from flowforge_assets.storage.store import Store, Table, TableSpec

_SUFFIX: Final = "__bad_rows"


def bad_spec(dataset: DatasetDefinition) -> TableSpec:
    """The quarantine of a dataset: its columns, all of which may be null, and two more.

    `_broken_rules` says why a row is there, `_changed` holds values that came with another type.
    """
    partition_columns = {d.column for d in dataset.partitioning.dimensions}
    fields = (replace(f, nullable=f.name not in partition_columns) for f in dataset.schema)
    broken = Field(BROKEN_RULES, ListType(Plain("string"), nullable_items=True), nullable=True)
    changed = Field(CHANGED, Plain("string"), nullable=True)
    spec = spec_of(dataset)
    return replace(
        spec,
        key=DatasetKey(f"{spec.key}{_SUFFIX}"),
        schema=Schema((*fields, broken, changed)),
        description=f"Rows of {dataset.key} that broke its rules.",
    )


def bad_table(store: Store, dataset: DatasetDefinition) -> Table:
    """The quarantine of a dataset; what the dataset no longer declares leaves it, too."""
    spec = bad_spec(dataset)
    table = store.table(spec)
    left = frozenset(table.columns() or ()) - frozenset(spec.schema.names)
    return store.table(replace(spec, drops=left)) if left else table
