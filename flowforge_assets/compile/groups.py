"""Cuts the steps of a large plan into groups, each one task of another scheduler."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Final, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.plan.step import Step

# A task costs as much as several small steps: with so many in a group little of that is left.
STEPS_IN_A_GROUP: Final = 50

Parents: TypeAlias = Mapping[DatasetKey, Sequence[DatasetKey]]


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that one task makes, in an order in which they can be; `id` is that of the first.

    `after` are the groups that make what it reads, by their places in the list. It holds the
    limits of its `tags` while it runs, so that its steps then go one after the other.
    """

    id: str
    steps: tuple[str, ...]
    after: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


def group_steps(
    steps: Sequence[Step],
    parents: Parents,
    *,
    most: int,
    workers: int,
    limits: Mapping[DatasetKey, Collection[str]] | None = None,
) -> list[Group]:
    """At most `most` groups of all the steps, in an order in which they can be made.

    An asset's steps stay together. `limits` has the tags of assets that a scheduler limits: where
    they differ a group ends, so that there may be more. Costs O(steps and reads).
    """
    of_asset: dict[DatasetKey, list[str]] = {}
    for step in steps:
        of_asset.setdefault(step.asset_id, []).append(step.id)
    inner = {id_: [up for up in parents[id_] if up in of_asset] for id_ in of_asset}
    tags = {id_: tuple(sorted((limits or {}).get(id_, ()))) for id_ in of_asset}
    wanted = min(most, max(workers, -(-len(steps) // STEPS_IN_A_GROUP)))
    size = -(-len(steps) // wanted) if steps else 1
    order = chain.from_iterable(_levels(part, inner, tags) for part in _parts(inner))
    slices = list(_slices(order, of_asset, tags, size))
    home = {id_: number for number, assets in enumerate(slices) for id_ in assets}
    return [
        Group(
            id=of_asset[assets[0]][0],
            steps=tuple(step for id_ in assets for step in of_asset[id_]),
            after=tuple(sorted({home[up] for id_ in assets for up in inner[id_]} - {number})),
            tags=tags[assets[0]],
        )
        for number, assets in enumerate(slices)
    ]


def _parts(parents: Mapping[DatasetKey, Iterable[DatasetKey]]) -> Iterator[list[DatasetKey]]:
    """The assets that hang together, each such part in the order given; the lone ones are one."""
    near: dict[DatasetKey, list[DatasetKey]] = {id_: [] for id_ in parents}
    for id_, ups in parents.items():
        for up in ups:
            near[id_].append(up)
            near[up].append(id_)
    alone = [id_ for id_ in parents if not near[id_]]
    yield alone
    seen = set(alone)
    place = {id_: number for number, id_ in enumerate(parents)}
    for start in parents:
        if start in seen:
            continue
        seen.add(start)
        part, waiting = [start], [start]
        while waiting:
            fresh = [id_ for id_ in dict.fromkeys(near[waiting.pop()]) if id_ not in seen]
            seen.update(fresh)
            part += fresh
            waiting += fresh
        yield sorted(part, key=place.__getitem__)


def _levels(
    part: Sequence[DatasetKey],
    parents: Mapping[DatasetKey, Sequence[DatasetKey]],
    tags: Mapping[DatasetKey, tuple[str, ...]],
) -> Iterator[DatasetKey]:
    """The assets by how many stand one behind the other before them, then by their tags.

    Slices of one level need nothing of one another: they can be made side by side.
    """
    depth: dict[DatasetKey, int] = {}
    children: dict[DatasetKey, list[DatasetKey]] = {id_: [] for id_ in part}
    for id_ in part:
        for up in parents[id_]:
            children[up].append(id_)
    waits = Counter({id_: len(parents[id_]) for id_ in part})
    ready = deque(id_ for id_ in part if not waits[id_])
    while ready:
        id_ = ready.popleft()
        depth[id_] = 1 + max((depth[up] for up in parents[id_]), default=-1)
        for child in children[id_]:
            waits[child] -= 1
            if not waits[child]:
                ready.append(child)
    return iter(sorted(part, key=lambda id_: (depth[id_], tags[id_])))


def _slices(
    order: Iterable[DatasetKey],
    steps: Mapping[DatasetKey, Sequence[str]],
    tags: Mapping[DatasetKey, tuple[str, ...]],
    size: int,
) -> Iterator[list[DatasetKey]]:
    """The assets cut where `size` more steps have begun, and where their tags differ."""
    before = 0

    def slice_of(id_: DatasetKey) -> tuple[int, tuple[str, ...]]:
        nonlocal before
        number = before // size
        before += len(steps[id_])
        return number, tags[id_]

    for _, assets in groupby(order, key=slice_of):
        yield list(assets)
