"""What a store must know of a dataset; imports no engine."""

from __future__ import annotations

from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.storage.store import TableSpec


def spec_of(dataset: DatasetDefinition) -> TableSpec:
    """The dataset as a store knows it."""
    return TableSpec(
        key=dataset.key,
        schema=dataset.schema,
        dimensions=dataset.partitioning.dimensions,
        description=dataset.description,
        comments={column.field.name: column.doc for column in dataset.columns if column.doc},
    )
