"""Whether partition mappings fit the datasets that they stand between."""

from __future__ import annotations

from collections.abc import Iterator

from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.graph import MappingError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.partition_map import unmapped


def misfits(graph: Graph) -> Iterator[FlowForgeError]:
    """An error for each mapping that makes no sense."""
    for asset in graph.assets.values():
        for output in asset.makes[1:]:
            yield from _outputs(asset, graph, output.dataset)
        for read in asset.inputs:
            down = graph.datasets[asset.id].partitioning
            up = graph.datasets[read.dataset].partitioning
            why = unmapped(down, up, read.mapping)
            if why is not None:
                message = f"`{asset.name}` cannot read `{read.dataset}` so: {why}"
                yield MappingError(message, place=asset.place)


def _outputs(asset: AssetDefinition, graph: Graph, other: str) -> Iterator[FlowForgeError]:
    dimensions = graph.datasets[asset.id].partitioning.dimensions
    found = next(d for key, d in graph.datasets.items() if key == other)
    if found.partitioning.dimensions != dimensions:
        message = f"`{asset.name}` makes `{asset.id}` and `{other}`, which are cut differently"
        yield MappingError(message, place=asset.place, hint="give both the same `partition=`")
