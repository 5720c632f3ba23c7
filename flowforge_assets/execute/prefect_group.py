"""A group of steps as Prefect runs it: one task, whose steps go by our own schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flowforge_assets.compile.groups import Group
from flowforge_assets.compile.prefect_flow import make_group_task
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.project import PrefectStepError
from flowforge_assets.execute.group import GroupRun
from flowforge_assets.execute.outcome import UnitOutcome
from flowforge_assets.execute.prefect_submit import Ordered
from flowforge_assets.plan.step import Step

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State


class PrefectGroup:
    """Steps whose retries are ours: the task of their group has none."""

    def __init__(self, group: Group, steps: Sequence[Step], within: GroupRun) -> None:
        """Over steps none of which is made yet."""
        self.group = group
        self.steps = tuple(steps)
        self.broke: BaseException | None = None
        self.is_over = False
        self.is_cut_short = False
        self._within = within
        self._has_begun = False

    def task(self) -> Task[[], State[None]]:
        """The Prefect task that makes these steps."""
        return make_group_task(self.group, self.make)

    def make(self) -> State[None]:
        """Makes the steps, and gives the state in which the task ends.

        Raises:
            FlowForgeError: the first failure of a step.
        """
        from prefect.states import Cancelled, Completed  # runs in a task: Prefect is loaded

        self._has_begun = True
        try:
            # whose tags are limited takes one place of the limit: one step at a time
            workers = 1 if self.group.tags else None
            self.is_cut_short = self._within.make(self.steps, workers=workers)
        except BaseException as error:
            self.broke = error
            raise
        self.is_over = not self.is_cut_short
        if self.is_cut_short:
            return Cancelled(message="The run was stopped.")
        told = self._within.told
        errors = [told.steps[step.id].error for step in self.steps]
        for first in errors:
            if first is not None:
                raise first
        return Completed(message=f"{len(self.steps):,} steps: {told.counted(self.steps)}.")

    def give_up(self, reason: str, *, is_skipped: bool) -> None:
        """Notes the steps as failed, or skipped: Prefect ended the task without making them."""
        self.is_over = True
        run = self._within.run
        for step in self.steps:
            message = f"Prefect ended the task of `{step.asset}` early: {reason}"
            place = run.scope.graph.assets[step.asset_id].place
            for batch in step.batches():
                if is_skipped:
                    run.skip(step, batch)
                else:
                    error: FlowForgeError = PrefectStepError(message, place=place)
                    run.fail(step, UnitOutcome(batch, 0.0, error=error))

    def ended(self) -> None:
        """Nothing more: its schedule has told of each asset."""

    def rest(self) -> Iterator[Step]:
        """The steps of a group that has not begun."""
        if not self._has_begun:
            yield from self.steps


def ordered_groups(groups: Sequence[Group], within: GroupRun) -> list[Ordered]:
    """A task for each group of the run's plan."""
    steps = {step.id: step for step in within.run.plan.steps}
    return [
        Ordered(PrefectGroup(group, [steps[id_] for id_ in group.steps], within), group.after)
        for group in groups
    ]
