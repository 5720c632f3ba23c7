"""Where data comes from and goes to: edges between datasets, and between their columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.graph.build import Graph

Neighbours: TypeAlias = Mapping[DatasetKey, tuple[DatasetKey, ...]]
ColumnSources: TypeAlias = Mapping[str, Iterable[tuple[DatasetKey, str]]]


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """`asset` reads `source` and makes `target`."""

    source: DatasetKey
    target: DatasetKey
    asset: str


@dataclass(frozen=True, slots=True, order=True)
class ColumnRef:
    """A column of a dataset."""

    dataset: DatasetKey
    column: str

    def __str__(self) -> str:
        """`silver.orders.price_eur`."""
        return f"{self.dataset}.{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class ColumnEdge:
    """The values of `target` are computed from those of `source`."""

    source: ColumnRef
    target: ColumnRef


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """What a column comes from. What the columns `not_known` come from cannot be told."""

    edges: tuple[ColumnEdge, ...]
    not_known: tuple[ColumnRef, ...]


def sources(graph: Graph) -> Neighbours:
    """What each dataset is made from, in the order in which its asset names them."""
    return {
        output.dataset: tuple(dict.fromkeys(read.dataset for read in asset.inputs))
        for asset in graph.assets.values()
        for output in asset.makes
    }


def targets(graph: Graph) -> Neighbours:
    """What is made from each dataset, in graph order."""
    found: dict[DatasetKey, list[DatasetKey]] = defaultdict(list)
    for target, read in sources(graph).items():
        for source in read:
            found[source].append(target)
    return {source: tuple(made) for source, made in found.items()}


def dataset_lineage(
    graph: Graph, key: DatasetKey, *, up: int | None = None, down: int | None = None
) -> tuple[Edge, ...]:
    """The edges at most `up` steps before the dataset and `down` after it, sorted.

    Only data counts: what a check reads or a foreign key refers to is no source.
    """
    above = _edges(key, sources(graph), up)
    below = ((target, source) for source, target in _edges(key, targets(graph), down))
    return tuple(
        sorted(
            Edge(source, target, graph.assets[graph.maker[target]].name)
            for target, source in {*above, *below}
        )
    )


def _edges(
    start: DatasetKey, neighbours: Neighbours, steps: int | None
) -> set[tuple[DatasetKey, DatasetKey]]:
    """Pairs of a dataset and its neighbour, at most `steps` away from `start`."""
    found: set[tuple[DatasetKey, DatasetKey]] = set()
    seen = {start}
    rim = [start]
    while rim and (steps is None or steps > 0):
        pairs = [(at, to) for at in rim for to in neighbours.get(at, ())]
        found.update(pairs)
        rim = [to for to in dict.fromkeys(to for _, to in pairs) if to not in seen]
        seen.update(rim)
        steps = None if steps is None else steps - 1
    return found


def column_lineage(
    graph: Graph,
    key: DatasetKey,
    column: str,
    *,
    trace: Callable[[AssetDefinition], ColumnSources | None],
) -> ColumnLineage:
    """What the column is computed from, step by step to the sources; edges sorted.

    `trace` gives the source columns of each column that an asset makes, or None when they cannot
    be told; it is asked once an asset.
    """
    start = ColumnRef(key, column)
    edges: set[ColumnEdge] = set()
    not_known: set[ColumnRef] = set()
    traced: dict[DatasetKey, ColumnSources | None] = {}
    seen = {start}
    waiting = [start]
    while waiting:
        at = waiting.pop()
        if at.dataset not in graph.maker:
            continue  # someone else makes it
        asset = graph.assets[graph.maker[at.dataset]]
        if asset.id not in traced:
            traced[asset.id] = trace(asset)
        found = traced[asset.id]
        if found is None:
            if asset.inputs:  # a source comes from nothing that we have
                not_known.add(at)
            continue
        for dataset, name in found.get(at.column, ()):
            source = ColumnRef(dataset, name)
            edges.add(ColumnEdge(source, at))
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return ColumnLineage(tuple(sorted(edges)), tuple(sorted(not_known)))
