"""A plan as people see it in a notebook or a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowforge_assets.core.drawing import Drawing
from flowforge_assets.core.partition import PartitionSet

if TYPE_CHECKING:
    from flowforge_assets.plan.plan import Plan


def plan_drawing(plan: Plan) -> Drawing:
    """A row a step with its reason; below, what waits, what is kept, and notes."""
    rows = tuple(
        (step.asset, _counted(step.partitions), step.partitions.render(), step.reason, step.detail)
        for step in plan.steps
    )
    count = len({step.asset_id for step in plan.steps})
    assets = "nothing" if not count else "1 asset" if count == 1 else f"{count:,} assets"
    title = f"plan for {plan.env}: {assets} to make, {len(plan.fresh):,} fresh"
    header = ("asset", "partitions", "", "reason", "detail")
    return Drawing(title, header, rows, tuple(_notes(plan)))


def _notes(plan: Plan) -> Iterator[str]:
    for waiting in plan.waiting:
        yield f"{waiting.asset}{_of(waiting.partitions)} waits: {waiting.missing} is not made"
    for kept in plan.kept:
        why = kept.detail or kept.reason
        yield f"{kept.asset}{_of(kept.partitions)} stays, history kept: {why}"
    yield from plan.notes


def _of(partitions: PartitionSet) -> str:
    return f" ({partitions.render()})" if partitions.dimensions else ""


def _counted(partitions: PartitionSet) -> str:
    return f"{partitions.count():,}" if partitions.dimensions else ""
