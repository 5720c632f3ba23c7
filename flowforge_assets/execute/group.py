"""Makes a group of a plan's steps in one task, by our own schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from threading import Semaphore

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.schedule import Schedule
from flowforge_assets.execute.told import ToldRun
from flowforge_assets.plan.step import Step


@dataclass(frozen=True, slots=True)
class GroupRun:
    """The groups of one run: as many steps go on at a time as it has workers, in whatever group."""

    run: LocalRun
    told: ToldRun
    permits: Semaphore
    ended: Callable[[DatasetKey], None]

    @classmethod
    def of(cls, run: LocalRun, told: ToldRun, *, ended: Callable[[DatasetKey], None]) -> GroupRun:
        """For groups of that run; `ended` is told of each asset all of whose steps have ended."""
        return cls(run, told, Semaphore(run.workers), ended)

    def make(self, steps: Sequence[Step], *, workers: int | None = None) -> bool:
        """Makes all of the steps that can be made; says whether a stop left some undone.

        No asset may have steps elsewhere. The threads see the context of the caller.
        """
        plan = replace(self.run.plan, steps=tuple(steps))
        schedule = Schedule(
            plan, self.run.scope.graph.parents, stop=self.run.scope.stop, ended=self.ended
        )
        context = copy_context()

        def work(step: Step, batch: PartitionSet) -> None:
            with self.permits:
                context.copy().run(self.run.do, step, batch)

        ends = self.run.ends
        schedule.run(work, workers=workers or self.run.workers, meanwhile=ends.write)
        ends.write()
        return schedule.is_cut_short
