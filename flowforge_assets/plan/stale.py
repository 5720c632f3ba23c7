"""What is out of date, and why: the heart of the planner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import Partitioning, PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, Input
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.needs import Need, needs, own_reads
from flowforge_assets.plan.newer import Versions
from flowforge_assets.plan.partition_map import read_by, reads
from flowforge_assets.plan.step import Reason, Stale, Waiting
from flowforge_assets.record.history import History


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is asked for: assets, the partitions of each (absent: all), and force."""

    assets: frozenset[DatasetKey]
    partitions: Mapping[DatasetKey, PartitionSet] = field(
        default_factory=dict[DatasetKey, PartitionSet]
    )
    force: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What is stale, what waits for it, and which assets are up to date, in graph order."""

    stale: tuple[Stale, ...]
    waiting: tuple[Waiting, ...]
    fresh: tuple[DatasetKey, ...]


def find_stale(
    graph: Graph,
    history: History,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    asked: Asked,
    *,
    now: datetime,
) -> Found:
    """The partitions that are missing or out of date, in an order in which they can be made.

    A partition is out of date when the fingerprint it was made with differs from today's, when
    an upstream partition that it reads was made after it or will be made before it, or when it is
    a source older than its freshness promise. Costs O(assets + edges + commits) for sets made of
    few ranges, whatever the number of partitions.
    """
    finder = _Finder(graph, history, fingerprints, asked, now)
    for id_, asset in graph.assets.items():
        if id_ in asked.assets:
            finder.visit(asset)
    return Found(tuple(finder.stale), tuple(finder.waiting), tuple(finder.fresh))


class _Finder:
    """One pass over the graph; `planned` is what the plan makes so far, by dataset."""

    def __init__(
        self,
        graph: Graph,
        history: History,
        fingerprints: Mapping[DatasetKey, Fingerprint],
        asked: Asked,
        now: datetime,
    ) -> None:
        self.graph = graph
        self.history = history
        self.fingerprints = fingerprints
        self.asked = asked
        self.now = now
        self.planned: dict[DatasetKey, PartitionSet] = {}
        self.versions: dict[DatasetKey, Versions] = {}
        self.stale: list[Stale] = []
        self.waiting: list[Waiting] = []
        self.fresh: list[DatasetKey] = []

    def visit(self, asset: AssetDefinition) -> None:
        """Finds the stale partitions of one asset, whose parents were visited before."""
        partitioning = self.graph.datasets[asset.id].partitioning
        wanted = partitioning.all(self.now)
        if asset.id in self.asked.partitions:
            wanted &= self.asked.partitions[asset.id]
        todo = PartitionSet.none(partitioning.dimensions)
        found: dict[tuple[Reason, str], PartitionSet] = {}
        for reason, detail, partitions in self.causes(asset, wanted, partitioning):
            new = partitions - todo
            if new:
                todo |= new
                found[reason, detail] = found.get((reason, detail), new) | new
        for read in own_reads(asset):
            later = self.wave(todo, wanted, partitioning, read)
            if later:
                todo |= later
                why: tuple[Reason, str] = ("input newer", f"`{read.dataset}` is made in this plan")
                found[why] = found.get(why, later) | later
        if not todo:
            self.fresh.append(asset.id)
            return
        blocked = self.blocked(asset, todo, partitioning)
        todo -= blocked
        for key, parts in found.items():
            if left := parts - blocked:
                self.stale.append(Stale(asset.id, left, *key))
        if todo:
            self.planned |= {output.dataset: todo for output in asset.makes}

    def causes(
        self, asset: AssetDefinition, wanted: PartitionSet, partitioning: Partitioning
    ) -> Iterator[tuple[Reason, str, PartitionSet]]:
        """Reasons to make partitions of `wanted`; the first that names a partition counts."""
        never = PartitionSet.none(partitioning.dimensions)
        pieces: list[Made] = []
        for output in asset.makes:
            never |= wanted - self.versions_of(output.dataset).made(wanted)
            pieces += self.history.lookup(output.dataset)
        if never:
            yield "never made", "", never
        for piece in pieces:
            difference = self.difference(asset, piece)
            if difference is not None:
                yield *difference, piece.partitions & wanted
        for read in asset.inputs:
            yield from self.newer(read, pieces, wanted, partitioning)
        fresh = self.graph.datasets[asset.id].fresh
        if fresh is not None and not asset.inputs:
            for piece in pieces:
                if piece.at + fresh < self.now:
                    yield "late", f"older than {fresh}", piece.partitions & wanted
        if self.asked.force:
            yield "forced", "", wanted

    def difference(self, asset: AssetDefinition, piece: Made) -> tuple[Reason, str] | None:
        """How a commit's fingerprint differs from today's, if it does."""
        then, today = piece.fingerprint, self.fingerprints[asset.id]
        if then == today:
            return None
        if then.algorithm != today.algorithm:
            return "engine", "fingerprints are made in another way now"
        if then.schema != today.schema:
            return "schema", f"the declaration of `{asset.id}` changed"
        if then.code != today.code:
            return "code", f"the code of `{asset.name}` changed"
        if then.config != today.config:
            return "config", f"the options of `{asset.name}` changed"
        return "engine", "the engine changed"

    def newer(
        self,
        read: Input,
        pieces: Sequence[Made],
        wanted: PartitionSet,
        partitioning: Partitioning,
    ) -> Iterator[tuple[Reason, str, PartitionSet]]:
        """Partitions whose input was made after them, or will be made before them."""
        up = self.graph.datasets[read.dataset].partitioning
        planned = self.planned.get(read.dataset)
        if planned is not None:
            readers = read_by(planned, up=up, down=partitioning, mapping=read.mapping, now=self.now)
            yield "input newer", f"`{read.dataset}` is made in this plan", readers & wanted
        versions = self.versions_of(read.dataset)
        for piece in pieces:
            mine = piece.partitions & wanted
            seen = piece.inputs.get(read.dataset)
            if not mine or versions.is_newest(seen):
                continue
            read_set = reads(mine, up=up, mapping=read.mapping, now=self.now)
            changed = versions.newer_than(seen, read_set)
            if changed:
                readers = read_by(
                    changed, up=up, down=partitioning, mapping=read.mapping, now=self.now
                )
                was = "was made after it" if seen else "was not read before"
                yield "input newer", f"`{read.dataset}` {was}", readers & mine

    def blocked(
        self, asset: AssetDefinition, todo: PartitionSet, partitioning: Partitioning
    ) -> PartitionSet:
        """The partitions of `todo` that need one which is neither made nor planned."""
        blocked = PartitionSet.none(partitioning.dimensions)
        for need in needs(asset, self.graph):
            if need.waits:
                stuck = self.readers_of_missing(need, todo, partitioning) - blocked
                if stuck:
                    self.waiting.append(Waiting(asset.id, stuck, need.dataset))
                    blocked |= stuck
        for read in own_reads(asset):
            if not read.optional:
                stuck = self.behind(todo - blocked, partitioning, read)
                if stuck:
                    self.waiting.append(Waiting(asset.id, stuck, read.dataset))
                    blocked |= stuck
        return blocked

    def wave(
        self, todo: PartitionSet, wanted: PartitionSet, partitioning: Partitioning, read: Input
    ) -> PartitionSet:
        """The partitions of `wanted` that are made after ones of `todo`, whose rows they read."""
        found, rim = PartitionSet.none(partitioning.dimensions), todo
        while rim:
            readers = read_by(
                rim, up=partitioning, down=partitioning, mapping=read.mapping, now=self.now
            )
            rim = readers & wanted - todo - found
            found |= rim
        return found

    def behind(self, todo: PartitionSet, partitioning: Partitioning, read: Input) -> PartitionSet:
        """The partitions of `todo` that read own ones which are neither made nor in `todo`."""
        needed = reads(todo, up=partitioning, mapping=read.mapping, now=self.now)
        never = (needed | todo) - self.versions_of(read.dataset).made(needed | todo)
        stuck, rim = PartitionSet.none(partitioning.dimensions), never - todo
        while rim:
            readers = read_by(
                rim, up=partitioning, down=partitioning, mapping=read.mapping, now=self.now
            )
            new = readers & todo - stuck
            stuck |= new
            rim = new & never
        return stuck

    def readers_of_missing(
        self, need: Need, todo: PartitionSet, partitioning: Partitioning
    ) -> PartitionSet:
        """The partitions of `todo` whose need is neither made nor planned."""
        up = self.graph.datasets[need.dataset].partitioning
        needed = reads(todo, up=up, mapping=need.mapping, now=self.now)
        there = self.versions_of(need.dataset).made(needed)
        planned = self.planned.get(need.dataset)
        if planned is not None:
            there |= planned
        missing = needed - there
        if not missing or (need.any_will_do and there):
            return PartitionSet.none(partitioning.dimensions)
        return todo & read_by(missing, up=up, down=partitioning, mapping=need.mapping, now=self.now)

    def versions_of(self, dataset: DatasetKey) -> Versions:
        """The commits of a dataset, indexed once."""
        found = self.versions.get(dataset)
        if found is None:
            found = self.versions[dataset] = Versions(self.history.lookup(dataset))
        return found
