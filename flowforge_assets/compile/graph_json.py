"""A project's graph as JSON that people can read and compare: what it declares, in its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowforge_assets.core.json_text import json_text
from flowforge_assets.core.partition import Partitioning
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.graph.build import Graph

_FORMAT: Final = 1


def graph_text(graph: Graph, *, project: str) -> str:
    """The assets and datasets; the same for every environment, folder and machine."""
    found = {
        "format": _FORMAT,
        "project": project,
        "assets": [_asset(asset, graph) for asset in graph.assets.values()],
        "datasets": [_dataset(graph.datasets[key]) for key in sorted(graph.datasets)],
    }
    return json_text(found)


def _asset(asset: AssetDefinition, graph: Graph) -> Mapping[str, object]:
    checks = [check.name for made in asset.makes for check in graph.checks.get(made.dataset, ())]
    found: dict[str, object] = {
        "id": asset.id,
        "name": asset.name,
        "kind": asset.kind,
        "makes": [made.dataset for made in asset.makes],
        "reads": sorted({read.dataset for read in asset.inputs}),
        "after": list(graph.parents[asset.id]),
        "write": asset.write,
        "checks": checks,
        "tags": list(asset.tags),
    }
    if asset.per is not None:
        found["per"] = _cut(asset.per)
    return found


def _dataset(dataset: DatasetDefinition) -> Mapping[str, object]:
    found: dict[str, object] = {
        "key": dataset.key,
        "kind": dataset.kind,
        "columns": {field.name: str(field.type) + "?" * field.nullable for field in dataset.schema},
        "key_columns": list(dataset.key_columns),
        "partitions": _cut(dataset.partitioning),
        "description": dataset.description,
        "owners": list(dataset.owners),
        "tags": list(dataset.tags),
    }
    if dataset.external is not None:
        found["made_by"] = dataset.external.project or "others"
    return found


def _cut(partitioning: Partitioning) -> Mapping[str, str]:
    """The kind of each dimension by its column: `{"day": "day"}`."""
    return {each.column: each.kind for each in partitioning.dimensions}
