"""Dropped columns leave tables that no step of the run writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet

if TYPE_CHECKING:
    from flowforge_assets.execute.scope import RunScope
    from flowforge_assets.plan.plan import Plan


def unwritten_drops(scope: RunScope, plan: Plan) -> Iterator[Made]:
    """Commits that write the rows of tables again without the columns that were dropped.

    That they may be lost was said to this run alone, so it does not leave them to a later one.
    Each says once more what the table's newest commit said, and changes nothing else.

    Raises:
        StorageError: a commit fails (FF-6xx).
    """
    written = {key for step in plan.steps for key in step.makes}
    for change in plan.changes:
        newest = scope.made.last(change.dataset)
        if change.answer != "dropped" or change.dataset in written or newest is None:
            continue
        dataset = scope.graph.datasets[change.dataset]
        yield scope.table(dataset).record(
            replace(
                newest,
                run_id=scope.run_id,
                step_id=f"{scope.run_id}|{change.dataset}|columns",
                at=scope.clock(),
                touched=PartitionSet.none(dataset.partitioning.dimensions),
            )
        )
