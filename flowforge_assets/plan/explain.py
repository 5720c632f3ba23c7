"""Why the partitions of one dataset are fresh or stale: what made them, what changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.gone import held_back
from flowforge_assets.plan.needs import triggers
from flowforge_assets.plan.newer import Versions
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.plan.stale import NOTHING_OBSERVED, Asked, Found, find_stale
from flowforge_assets.plan.step import Reason
from flowforge_assets.record.history import History

FingerprintPart: TypeAlias = Literal["schema", "code", "config", "engine"]
State: TypeAlias = Literal["fresh", "stale", "kept", "waiting"]

_PARTS: Final[tuple[FingerprintPart, ...]] = ("schema", "code", "config", "engine")


@dataclass(frozen=True, slots=True)
class NewerInput:
    """Partitions of an input that are newer than their reader.

    `made` is the newest commit among them; None when they are stale and will be made first.
    """

    dataset: DatasetKey
    partitions: PartitionSet
    made: Made | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Partitions of one fate: what a plan does with them, what made them, what changed since.

    `reason` and `detail` are those of the plan's step, or of what keeps its history all the same;
    None and empty for what is fresh. `missing` is what the partitions wait for.
    `made` holds the commits that made the partitions, newest first; none were never made.
    `changed` names the parts of the fingerprint that differ from today's.
    """

    partitions: PartitionSet
    state: State
    reason: Reason | None = None
    detail: str = ""
    made: tuple[Made, ...] = ()
    changed: tuple[FingerprintPart, ...] = ()
    newer: tuple[NewerInput, ...] = ()
    missing: DatasetKey | None = None


def explain(  # noqa: PLR0913 - what a plan is made of, and the part that is asked about
    graph: Graph,
    history: History,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    dataset: DatasetKey,
    wanted: PartitionSet,
    *,
    now: datetime,
    ids: Collection[DatasetKey] | None = None,
    observed: Mapping[DatasetKey, str] = NOTHING_OBSERVED,
    gone: Collection[DatasetKey] = (),
) -> list[Explanation]:
    """What becomes of the partitions `wanted` of `dataset`, and why; equal fates are one.

    Its ancestors, or those among `ids`, are looked at whole, as if all were asked for, so that
    nothing waits. `fingerprints` must hold theirs and that of its maker. `observed` has the
    versions that sources tell today; readers of what is `gone` wait for it.
    """
    id_ = graph.maker[dataset]
    asked = Asked(frozenset(graph.ancestors([id_]) if ids is None else ids))
    found = find_stale(graph, history, fingerprints, asked, now=now, observed=observed)
    found = held_back(found, graph, asked, gone, now=now)
    explainer = _Explainer(graph, history, fingerprints, found, now)
    fates: dict[object, Explanation] = {}
    for verdict in _verdicts(found, id_, wanted):
        for part in explainer.parts(dataset, verdict):
            like = _likeness(part)
            known = fates.get(like)
            fates[like] = part if known is None else _joined(known, part)
    return list(fates.values())


def _verdicts(found: Found, id_: DatasetKey, wanted: PartitionSet) -> Iterator[Explanation]:
    """What the plan does with each part of `wanted`."""
    rest = wanted
    for stale in found.stale:
        if stale.asset == id_ and (part := stale.partitions & wanted):
            rest -= part
            yield Explanation(part, "stale", stale.reason, stale.detail)
    for waiting in found.waiting:
        if waiting.asset == id_ and (part := waiting.partitions & rest):
            rest -= part
            yield Explanation(part, "waiting", missing=waiting.missing)
    for kept in found.kept:
        if kept.asset == id_ and (part := kept.partitions & rest):
            rest -= part
            yield Explanation(part, "kept", kept.reason, kept.detail)
    if rest:
        yield Explanation(rest, "fresh")


class _Explainer:
    """Looks for what changed since each commit."""

    def __init__(
        self,
        graph: Graph,
        history: History,
        fingerprints: Mapping[DatasetKey, Fingerprint],
        found: Found,
        now: datetime,
    ) -> None:
        self.graph = graph
        self.history = history
        self.fingerprints = fingerprints
        self.now = now
        self.planned: dict[DatasetKey, PartitionSet] = {}
        for stale in found.stale:
            for output in graph.assets[stale.asset].makes:
                known = self.planned.get(output.dataset)
                both = stale.partitions if known is None else known | stale.partitions
                self.planned[output.dataset] = both
        self.versions: dict[DatasetKey, Versions] = {}

    def parts(self, dataset: DatasetKey, verdict: Explanation) -> Iterator[Explanation]:
        """The verdict, divided by the commits that made its partitions."""
        asset = self.graph.assets[self.graph.maker[dataset]]
        never = verdict.partitions
        for piece in self.history.lookup(dataset):
            part = piece.partitions & verdict.partitions
            if part:
                never -= part
                changed = self.changed(piece, self.fingerprints[asset.id])
                newer = tuple(self.newer(asset, piece, part))
                yield replace(verdict, partitions=part, made=(piece,), changed=changed, newer=newer)
        if never:
            yield replace(verdict, partitions=never)

    def changed(self, piece: Made, today: Fingerprint) -> tuple[FingerprintPart, ...]:
        """The parts of the fingerprint that are not as they were."""
        then = piece.fingerprint
        if then.algorithm != today.algorithm:
            return ("engine",)
        return tuple(part for part in _PARTS if getattr(then, part) != getattr(today, part))

    def newer(
        self, asset: AssetDefinition, piece: Made, part: PartitionSet
    ) -> Iterator[NewerInput]:
        """The inputs of `part` that were made after it, or will be made before it."""
        for read in triggers(asset):
            up = self.graph.datasets[read.dataset].partitioning
            read_set = reads(part, up=up, mapping=read.mapping, now=self.now)
            planned = self.planned.get(read.dataset)
            if planned is not None and (first := planned & read_set):
                yield NewerInput(read.dataset, first, None)
            seen = piece.inputs.get(read.dataset)
            versions = self.versions_of(read.dataset)
            since = versions.newer_than(seen, read_set)
            if since:
                commits = self.history.changes(read.dataset)
                newest = next(made for made in commits if made.changed & since)
                yield NewerInput(read.dataset, since, newest)

    def versions_of(self, dataset: DatasetKey) -> Versions:
        """The commits of a dataset, indexed once."""
        found = self.versions.get(dataset)
        if found is None:
            found = self.versions[dataset] = Versions(self.history.changes(dataset))
        return found


def _likeness(part: Explanation) -> object:
    """What two parts share that are told as one: the same run made them, the same changed."""
    return (
        part.state, part.reason, part.detail, part.changed, part.missing,
        tuple((made.run_id, made.asset) for made in part.made),
        tuple((each.dataset, each.made and each.made.run_id) for each in part.newer),
    )  # fmt: skip


def _joined(one: Explanation, other: Explanation) -> Explanation:
    return Explanation(
        one.partitions | other.partitions,
        one.state,
        one.reason,
        one.detail,
        _newest_first([*one.made, *other.made]),
        one.changed,
        missing=one.missing,
        newer=tuple(_joined_input(*both) for both in zip(one.newer, other.newer, strict=True)),
    )


def _joined_input(one: NewerInput, other: NewerInput) -> NewerInput:
    commits = _newest_first(made for made in (one.made, other.made) if made is not None)
    newest = commits[0] if commits else None
    return NewerInput(one.dataset, one.partitions | other.partitions, newest)


def _newest_first(commits: Iterable[Made]) -> tuple[Made, ...]:
    ordered: Sequence[Made] = sorted(commits, key=lambda made: made.table.version, reverse=True)
    return tuple(ordered)
