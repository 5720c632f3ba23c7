"""How many partitions are cut into chunks, each for a run of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.declare.mapping import All, Latest, Same
from flowforge_assets.errors.project import NotPartitioned, ProjectError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.asked import asked_partitions
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.plan.plan import Plan

MOST_IN_A_CHUNK: Final = 100


@dataclass(frozen=True, slots=True)
class Chunks:
    """What is to be made in chunks, in order, and what once, when all of them are made.

    The partitions are those of `lead`; other assets make in a chunk what overlaps with it.
    """

    lead: DatasetKey
    sets: tuple[PartitionSet, ...]
    in_chunks: tuple[DatasetKey, ...]
    at_end: tuple[DatasetKey, ...] = ()


def cut(
    graph: Graph,
    ids: Sequence[DatasetKey],
    text: str | None,
    plan: Plan,
    *,
    most: int | None = None,
    now: datetime,
) -> Chunks:
    """What `plan` makes of the assets `ids`, of the partitions that `text` asks for, in chunks.

    A chunk has at most `most` partitions; without a word as many as the least `batch` among the
    assets says, or 100. They are counted as the finest asset that can read `text` is cut. What a
    chunk does not cut smaller, such as a total of all days, is made once, at the end.

    Raises:
        ProjectError: none of the assets can read the text (FF-83x), or has partitions (FF-834).
    """
    lead, wanted = _lead(graph, ids, text, now)
    todo = PartitionSet.union(
        wanted.dimensions, (_overlap(graph, lead, step.partitions, now) for step in plan.steps)
    )
    size = most or _batch(graph.assets[id_] for id_ in ids) or MOST_IN_A_CHUNK
    sets = tuple((todo & wanted).chunks(size))
    at_end: set[DatasetKey] = set()
    if len(sets) > 1:
        at_end = _uncut(graph, ids, lead, (sets[0], sets[-1]), now)
    return Chunks(
        lead,
        sets,
        tuple(id_ for id_ in ids if id_ not in at_end),
        tuple(id_ for id_ in ids if id_ in at_end),
    )


def _lead(
    graph: Graph, ids: Sequence[DatasetKey], text: str | None, now: datetime
) -> tuple[DatasetKey, PartitionSet]:
    """The asset whose partitions are counted, and those that are asked for of it."""
    if text is not None:
        asked_partitions(graph, ids, text, now=now)  # says what is wrong with it
    found: dict[DatasetKey, PartitionSet] = {}
    for id_ in ids:
        partitioning = graph.steps(graph.assets[id_])
        if partitioning.dimensions:
            try:
                found[id_] = (
                    partitioning.all(now) if text is None else partitioning.parse(text, now)
                )
            except ProjectError:
                continue  # it is written for others
    if not found:
        message = "nothing that is selected has partitions"
        raise NotPartitioned(message, hint="make it with `flowforge run`")
    lead = max(found, key=lambda id_: found[id_].count())
    return lead, found[lead]


def _batch(assets: Iterator[AssetDefinition]) -> int | None:
    """The least number of partitions that any of the assets wants to be made together."""
    return min((asset.batch for asset in assets if asset.batch is not None), default=None)


def _overlap(
    graph: Graph, id_: DatasetKey, partitions: PartitionSet, now: datetime
) -> PartitionSet:
    """The partitions of the asset `id_` that overlap those."""
    return reads(partitions, up=graph.steps(graph.assets[id_]), mapping=Same(), now=now)


def _uncut(
    graph: Graph,
    ids: Sequence[DatasetKey],
    lead: DatasetKey,
    ends: tuple[PartitionSet, PartitionSet],
    now: datetime,
) -> set[DatasetKey]:
    """The assets that every chunk would make again: they come behind what the chunks make.

    `ends` are the first and the last chunk.
    """
    late: set[DatasetKey] = set()
    cut_up: set[DatasetKey] = set()
    for id_ in ids:
        parents = set(graph.parents[id_]) - {id_}
        is_cut = id_ == lead or not _meet(graph, id_, ends, now)
        moved = parents & (cut_up | late)
        if parents & late or (moved and not is_cut) or _reads_all(graph, id_, moved):
            late.add(id_)
        elif is_cut:
            cut_up.add(id_)
    return late - graph.ancestors([lead])


def _reads_all(graph: Graph, id_: DatasetKey, parents: Collection[DatasetKey]) -> bool:
    return any(
        isinstance(read.mapping, All | Latest) and graph.maker.get(read.dataset) in parents
        for read in graph.assets[id_].inputs
    )


def _meet(
    graph: Graph, id_: DatasetKey, ends: tuple[PartitionSet, PartitionSet], now: datetime
) -> bool:
    """Whether the first chunk and the last one mean the same partitions of the asset."""
    first, last = (_overlap(graph, id_, end, now) for end in ends)
    return bool(first & last)
