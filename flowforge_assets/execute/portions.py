"""Cuts a plan into what the workers of a cluster make: a step, some of its partitions, a group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flowforge_assets.plan.step import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowforge_assets.compile.groups import Group
    from flowforge_assets.core.key import DatasetKey


@dataclass(frozen=True, slots=True)
class Portion:
    """Steps that one task makes, and the places of the portions that are to end before it.

    Those of a plan of very many steps are a `group`.
    """

    steps: tuple[Step, ...]
    after: tuple[int, ...]
    group: Group | None = None


def portions_of(
    steps: Sequence[Step], parents: Mapping[DatasetKey, Sequence[DatasetKey]], *, workers: int
) -> list[Portion]:
    """A portion a step; the partitions of a step without an order are dealt to all workers."""
    found: list[Portion] = []
    of_asset: dict[DatasetKey, list[int]] = {}
    for step in steps:
        own = of_asset.setdefault(step.asset_id, [])
        before = [at for up in parents[step.asset_id] for at in of_asset.get(up, ())]
        before += own if step.is_ordered else []
        for dealt in _dealt(step, workers):
            own.append(len(found))
            found.append(Portion((dealt,), tuple(before)))
    return found


def grouped(steps: Iterable[Step], groups: Iterable[Group]) -> list[Portion]:
    """A portion a group."""
    by_id = {step.id: step for step in steps}
    return [
        Portion(tuple(by_id[id_] for id_ in group.steps), group.after, group) for group in groups
    ]


def _dealt(step: Step, workers: int) -> Iterable[Step]:
    """The step in at most as many pieces as there are workers, and as it has batches."""
    count = step.partitions.count()
    batch = next(step.batches()).count()
    if step.is_ordered or count <= batch:
        return (step,)
    size = -(-count // min(workers, -(-count // batch)))
    return (replace(step, partitions=piece) for piece in step.partitions.chunks(size))
