"""What is out of date, and why: the heart of the planner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import Partitioning, PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, Input
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.differences import differences
from flowforge_assets.plan.due import due
from flowforge_assets.plan.needs import Need, needs, own_reads, triggers
from flowforge_assets.plan.order import after, not_before, overtaken
from flowforge_assets.plan.partition_map import read_by, reads
from flowforge_assets.plan.rows import may_touch, rows_of
from flowforge_assets.plan.step import Cause, Kept, Reason, Stale, Waiting, made_in_plan
from flowforge_assets.plan.track import Tracks
from flowforge_assets.record.history import History

NOTHING_OBSERVED: Final[Mapping[DatasetKey, str]] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is asked for: assets, the partitions of each (absent: all), and force.

    `rebuild` empties those that keep their history and makes them anew, `allow_breaking` lets
    those be emptied whose columns do not fit what is there: they are the `emptied` ones.
    """

    assets: frozenset[DatasetKey]
    partitions: Mapping[DatasetKey, PartitionSet] = field(
        default_factory=dict[DatasetKey, PartitionSet]
    )
    force: bool = False
    rebuild: bool = False
    allow_breaking: bool = False
    emptied: frozenset[DatasetKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What is stale, what waits for it, what is fresh and what is kept as it is, in graph order."""

    stale: tuple[Stale, ...]
    waiting: tuple[Waiting, ...]
    fresh: tuple[DatasetKey, ...]
    kept: tuple[Kept, ...] = ()


def find_stale(
    graph: Graph,
    history: History,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    asked: Asked,
    *,
    now: datetime,
    observed: Mapping[DatasetKey, str] = NOTHING_OBSERVED,
) -> Found:
    """The partitions that are missing or out of date, in an order in which they can be made.

    A partition is out of date when the fingerprint it was made with differs from today's, when
    an upstream partition that it reads was made after it or will be made before it, or when it is
    a source that is due: `observed` has the versions that sources tell today. Costs O(assets +
    edges + commits) for sets made of few ranges, whatever the number of partitions.
    """
    finder = _Finder(graph, history, fingerprints, asked, now, observed=observed)
    for id_, asset in graph.assets.items():
        if id_ in asked.assets:
            finder.visit(asset)
    return Found(
        tuple(finder.stale), tuple(finder.waiting), tuple(finder.fresh), tuple(finder.kept)
    )


class _Finder:
    """One pass over the graph.

    `planned` is what the plan may change so far and `promised` what it will have made, both in
    the partitions of each dataset.
    """

    def __init__(
        self,
        graph: Graph,
        history: History,
        fingerprints: Mapping[DatasetKey, Fingerprint],
        asked: Asked,
        now: datetime,
        *,
        observed: Mapping[DatasetKey, str],
    ) -> None:
        self.observed = observed
        self.graph = graph
        self.history = history
        self.fingerprints = fingerprints
        self.asked = asked
        self.now = now
        self.planned: dict[DatasetKey, PartitionSet] = {}
        self.promised: dict[DatasetKey, PartitionSet] = {}
        self.tracks = Tracks(graph, history, now)
        self.stale: list[Stale] = []
        self.kept: list[Kept] = []
        self.waiting: list[Waiting] = []
        self.fresh: list[DatasetKey] = []

    def visit(self, asset: AssetDefinition) -> None:
        """Finds the stale partitions of one asset, whose parents were visited before."""
        partitioning = self.graph.steps(asset)
        declared = partitioning.all(self.now)
        wanted = declared & self.asked.partitions.get(asset.id, declared)
        todo, before = PartitionSet.none(partitioning.dimensions), len(self.kept)
        found: dict[Cause, PartitionSet] = {}
        for cause, partitions in self.causes(asset, wanted, partitioning):
            new = partitions - todo
            if new:
                todo |= new
                found[cause] = found.get(cause, new) | new
                if todo == wanted:
                    break  # no further reason would name another
        for cause, later in self.followers(asset, todo, wanted, partitioning):
            todo |= later
            found[cause] = found.get(cause, later) | later
        self.keep_rest(before, todo)
        if not todo:
            self.fresh.append(asset.id)
            return
        blocked = self.blocked(asset, todo, partitioning)
        if blocked and any(cause.reason == "rebuild" for cause in found):
            blocked = self.not_emptied(asset, todo, blocked)
        todo -= blocked
        for cause, parts in found.items():
            if left := parts - blocked:
                self.stale.append(Stale(asset.id, left, *cause))
        if todo:
            self.expect(asset, todo)

    def not_emptied(
        self, asset: AssetDefinition, todo: PartitionSet, blocked: PartitionSet
    ) -> PartitionSet:
        """What of a rebuild has to wait: what cannot all be made anew is not emptied."""
        is_lost = asset.keeps_history or self.tracks.steps(asset.id).made(blocked)
        return todo if is_lost else blocked

    def followers(
        self,
        asset: AssetDefinition,
        todo: PartitionSet,
        wanted: PartitionSet,
        partitioning: Partitioning,
    ) -> Iterator[tuple[Cause, PartitionSet]]:
        """The partitions to be made because ones of the same asset are made before them.

        They read those, or are merged over them: the last in time is to win.
        """
        for read in own_reads(asset):
            if later := self.wave(todo, wanted, partitioning, read):
                todo |= later
                yield made_in_plan(read.dataset), later
        if asset.minds_order and todo:
            made = self.tracks.steps(asset.id).made(wanted)
            if later := after(made, todo) - todo:
                yield Cause("input newer", "an earlier step is merged in this plan"), later

    def keep_rest(self, first: int, todo: PartitionSet) -> None:
        """Takes what is made all the same out of what is said to be kept, from `first` on."""
        self.kept[first:] = [
            replace(kept, partitions=left)
            for kept in self.kept[first:]
            if (left := kept.partitions - todo)
        ]

    def expect(self, asset: AssetDefinition, todo: PartitionSet) -> None:
        """Notes what the steps `todo` will make and may change."""
        for output in asset.makes:
            dataset = self.graph.datasets[output.dataset]
            self.planned[output.dataset] = may_touch(asset, dataset, todo, self.now)
            self.promised[output.dataset] = rows_of(dataset, todo, self.now)

    def causes(
        self, asset: AssetDefinition, wanted: PartitionSet, partitioning: Partitioning
    ) -> Iterator[tuple[Cause, PartitionSet]]:
        """Reasons to make partitions of `wanted`; the first that names a partition counts.

        What keeps its history is made again only where that does not double or lose any.
        """
        if asset.id in self.asked.emptied or (self.asked.rebuild and asset.keeps_history):
            yield Cause("rebuild", "it is emptied and made anew"), wanted
            return
        kept: dict[Cause, PartitionSet] = {}
        lacking = self.lacking(asset, wanted)
        never = [
            (Cause("never made"), part) for keys, part in lacking if len(keys) == len(asset.makes)
        ]
        for cause, partitions in (*never, *self.changes(asset, wanted, partitioning)):
            again = self.again(asset, cause.reason, partitions)
            left, known = partitions - again, kept.get(cause)
            kept[cause] = left if known is None else known | left
            if again:
                yield cause, again
        told = PartitionSet.none(partitioning.dimensions)
        for cause, partitions in kept.items():
            if partitions - told:
                self.kept.append(Kept(asset.id, partitions - told, cause.reason, cause.detail))
                told |= partitions
        for outputs, partitions in lacking:
            if outputs and len(outputs) < len(asset.makes):
                shown = ", ".join(f"`{output}`" for output in outputs)
                yield Cause("never made", f"of {shown}", commits=outputs), partitions

    def lacking(
        self, asset: AssetDefinition, wanted: PartitionSet
    ) -> list[tuple[tuple[DatasetKey, ...], PartitionSet]]:
        """The partitions of `wanted` by the outputs of which they lack."""
        parts: list[tuple[tuple[DatasetKey, ...], PartitionSet]] = [((), wanted)]
        for output in asset.makes:
            made = self.tracks.steps(output.dataset).made(wanted)
            halves = [((*keys, output.dataset), part - made) for keys, part in parts]
            halves += [(keys, part & made) for keys, part in parts]
            parts = [(keys, part) for keys, part in halves if part]
        return parts

    def changes(
        self, asset: AssetDefinition, wanted: PartitionSet, partitioning: Partitioning
    ) -> Iterator[tuple[Cause, PartitionSet]]:
        """What changed since partitions of `wanted` were made."""
        pieces = [p for output in asset.makes for p in self.history.lookup(output.dataset)]
        today = self.fingerprints[asset.id]
        for cause, partitions in differences(asset, pieces, today):
            if mine := partitions & wanted:
                yield cause, mine
        for read in (read_inputs := triggers(asset)):
            yield from self.newer(read, pieces, wanted, partitioning)
        if asset.is_source:
            yield from self.due_again(asset, pieces, wanted)
        if self.asked.force:
            made = wanted
            for keys, lacks in self.lacking(asset, wanted):
                made = made - lacks if keys else made
            yield Cause("forced"), made
        for output in asset.makes if asset.minds_order else ():
            late = overtaken(self.history.lookup(output.dataset), wanted.dimensions) & wanted
            if late:
                yield Cause("input newer", "an earlier step was merged after it"), late
        for read in read_inputs:
            yield from self.newer_in_plan(read, wanted, partitioning)

    def due_again(
        self, asset: AssetDefinition, pieces: Sequence[Made], wanted: PartitionSet
    ) -> Iterator[tuple[Cause, PartitionSet]]:
        """Partitions of a source that are late, or of which it has another version now."""
        found = due(
            pieces,
            schedule=asset.schedule,
            fresh=self.graph.datasets[asset.id].fresh,
            observed=self.observed.get(asset.id),
            now=self.now,
        )
        for reason, detail, partitions in found:
            if mine := partitions & wanted:
                yield Cause(reason, detail), mine

    def again(
        self, asset: AssetDefinition, reason: Reason, partitions: PartitionSet
    ) -> PartitionSet:
        """The part of `partitions` that may be made for that reason."""
        none = PartitionSet.none(partitions.dimensions)
        if asset.write in {"append", "scd2", "snapshot"} and asset.id in self.history.recut:
            return none  # the rows of steps that were cut in another way are there
        if not asset.keeps_history or (reason == "never made" and asset.write != "scd2"):
            return partitions
        if reason in {"code", "schema", "config", "engine"}:
            return none
        is_free = not partitions.dimensions or asset.write in {"merge", "insert", "snapshot"}
        if is_free or (asset.reads_changes and asset.write != "scd2"):
            return partitions  # what reads changes is given what it had not yet
        if asset.write == "append":
            return none
        # states are taken in order: only the last can be taken again
        return not_before(partitions, self.tracks.steps(asset.id).all_made(partitions.dimensions))

    def newer(
        self,
        read: Input,
        pieces: Sequence[Made],
        wanted: PartitionSet,
        partitioning: Partitioning,
    ) -> Iterator[tuple[Cause, PartitionSet]]:
        """Partitions whose input was changed after them."""
        up = self.graph.datasets[read.dataset].partitioning
        versions = self.tracks.rows(read.dataset)
        for piece in pieces:
            seen = piece.inputs.get(read.dataset)
            if versions.is_newest(seen) or not (mine := piece.partitions & wanted):
                continue
            read_set = reads(mine, up=up, mapping=read.mapping, now=self.now)
            changed = versions.newer_than(seen, read_set)
            if changed:
                readers = read_by(
                    changed, up=up, down=partitioning, mapping=read.mapping, now=self.now
                )
                was = "was made after it" if seen else "was not read before"
                yield Cause("input newer", f"`{read.dataset}` {was}"), readers & mine

    def newer_in_plan(
        self, read: Input, wanted: PartitionSet, partitioning: Partitioning
    ) -> Iterator[tuple[Cause, PartitionSet]]:
        """Partitions whose input may be changed before them."""
        up = self.graph.datasets[read.dataset].partitioning
        planned = self.planned.get(read.dataset)
        if planned is not None:
            readers = read_by(planned, up=up, down=partitioning, mapping=read.mapping, now=self.now)
            yield made_in_plan(read.dataset), readers & wanted

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
        # states are taken in order: one that was made too late could not be made any more
        if asset.write == "scd2" and (later := after(todo - blocked, blocked)):
            self.waiting.append(Waiting(asset.id, later, asset.id))
            blocked |= later
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
        never = (needed | todo) - self.tracks.steps(read.dataset).made(needed | todo)
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
        promised = self.promised.get(need.dataset)
        missing = needed if promised is None else needed - promised
        there = self.tracks.there(need.dataset, needed) if missing else needed
        missing -= there
        if not missing or (need.any_will_do and (there or promised)):
            return PartitionSet.none(partitioning.dimensions)
        return todo & read_by(missing, up=up, down=partitioning, mapping=need.mapping, now=self.now)
