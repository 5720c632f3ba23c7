"""Holds back what reads an external dataset that is not there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.needs import needs
from flowforge_assets.plan.stale import Asked, Found
from flowforge_assets.plan.step import Waiting


def held_back(
    found: Found, graph: Graph, asked: Asked, gone: Collection[DatasetKey], *, now: datetime
) -> Found:
    """`found`, where the readers of what is `gone` wait for it and are neither fresh nor made.

    What they made before stays, and so do those who read that.
    """
    if not gone:
        return found
    waiting: dict[DatasetKey, Waiting] = {}
    for id_, asset in graph.assets.items():
        missing = lacks(asset, graph, gone) if id_ in asked.assets else None
        if missing is not None:
            wanted = graph.steps(asset).all(now)
            if id_ in asked.partitions:
                wanted &= asked.partitions[id_]
            waiting[id_] = Waiting(id_, wanted, missing)
    return replace(
        found,
        stale=tuple(each for each in found.stale if each.asset not in waiting),
        waiting=(*(w for w in found.waiting if w.asset not in waiting), *waiting.values()),
        fresh=tuple(id_ for id_ in found.fresh if id_ not in waiting),
    )


def lacks(asset: AssetDefinition, graph: Graph, gone: Collection[DatasetKey]) -> DatasetKey | None:
    """The first dataset of `gone` that the asset cannot do without, itself or by a view."""
    for need in needs(asset, graph):
        if not need.waits:
            continue
        if need.dataset in gone:
            return need.dataset
        if graph.is_view(need.dataset):
            found = lacks(graph.assets[graph.maker[need.dataset]], graph, gone)
            if found is not None:
                return found
    return None
