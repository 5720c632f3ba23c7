"""From the steps of an asset to the partitions of what it makes."""

from __future__ import annotations

from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.declare.mapping import Same
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.record.history import History


def rows_of(dataset: DatasetDefinition, steps: PartitionSet, now: datetime) -> PartitionSet:
    """The partitions of `dataset` that overlap those steps of its maker."""
    if dataset.steps is None:
        return steps
    return reads(steps, up=dataset.partitioning, mapping=Same(), now=now)


def may_touch(
    asset: AssetDefinition, dataset: DatasetDefinition, steps: PartitionSet, now: datetime
) -> PartitionSet:
    """The partitions of `dataset` whose rows those steps may change: late rows land anywhere."""
    if dataset.steps is None or asset.write == "overwrite":
        return rows_of(dataset, steps, now)
    return dataset.partitioning.all(now)


def there(graph: Graph, history: History, key: DatasetKey, now: datetime) -> PartitionSet:
    """The partitions of a dataset that were made: rows were written, or a step covers them."""
    dataset = graph.datasets[key]
    found = PartitionSet.none(dataset.partitioning.dimensions)
    for piece in history.changes(key):
        found |= piece.changed
    if dataset.steps is None:
        for piece in history.lookup(key):
            found |= piece.partitions
        return found
    steps = PartitionSet.none(dataset.steps.dimensions)
    for piece in history.lookup(key):
        steps |= piece.partitions
    return found | rows_of(dataset, steps, now)
