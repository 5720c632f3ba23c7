"""One step as Prefect runs it: each call makes what is left, and Prefect calls again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from flowforge_assets.compile.prefect_flow import asset_key, describe_task, make_task, metadata
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.project import PrefectStepError
from flowforge_assets.execute.outcome import Committed, UnitOutcome
from flowforge_assets.execute.prefect_submit import Ordered
from flowforge_assets.execute.run import RETRIED, LocalRun
from flowforge_assets.execute.step import make_batch
from flowforge_assets.plan.step import Step

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.tasks import MaterializingTask

T = TypeVar("T")


class PrefectStep:
    """A step whose retries are Prefect's: what failed waits for the next attempt of the task.

    Ours are off, so that the two do not multiply. What was made is not made again; what failed
    counts as failed when no attempt is left. One thread at a time may use it.
    """

    def __init__(self, run: LocalRun, step: Step, *, on_end: Callable[[], None]) -> None:
        """Over the partitions of `step`, none of which is made yet; `on_end` hears of its end."""
        self.run = run
        self.step = step
        self.asset = run.scope.graph.assets[step.asset_id]
        self.attempt = 0
        self.is_over = False
        self.broke: BaseException | None = None
        self.ended = on_end
        self._fresh = step.batches()
        self._again: list[list[UnitOutcome]] = []
        self._failed_now: list[UnitOutcome] = []
        self._commits: list[Made] = []
        self._errors: list[FlowForgeError] = []

    def task(self) -> MaterializingTask[[], State[None]]:
        """The Prefect task that makes this step."""
        told = describe_task(self.run.scope.graph, self.step, env=self.run.scope.env)
        return make_task(told, self.make, try_again=lambda: bool(self._again) and not self.broke)

    def make(self) -> State[None]:
        """Makes what is left, and gives the state in which the task ends.

        Raises:
            FlowForgeError: the first failure of the step, or of what is to be tried again.
        """
        self.attempt += 1
        try:
            self._make_what_is_left()
            self.run.ends.write()
        except BaseException as error:
            self.broke = error
            raise
        if self._again:
            raise _first_error(self._again[0])
        self.is_over = True
        self._tell_of_commits()
        if self._errors:
            raise self._errors[0]
        return self._state()

    def give_up(self, reason: str, *, is_skipped: bool) -> None:
        """Notes what is left as failed, or skipped: Prefect ended the task without making it."""
        self.is_over = True
        for outcomes in self._again:
            for outcome in outcomes:
                self._fail(outcome)
        for batch in self._fresh:
            if is_skipped:
                self.run.skip(self.step, batch)
            else:
                message = f"Prefect ended the task of `{self.step.asset}` early: {reason}"
                error = PrefectStepError(message, place=self.asset.place)
                self._fail(UnitOutcome(batch, 0.0, error=error))

    @property
    def is_cut_short(self) -> bool:
        """Whether some of its partitions were neither made nor given up."""
        return bool(self._undone())

    def rest(self) -> Iterator[Step]:
        """The step with the partitions that were neither made nor given up, if there are any."""
        if undone := self._undone():
            yield replace(self.step, partitions=undone)

    def _undone(self) -> PartitionSet:
        left = self.step.partitions
        for made in self._commits:
            left -= made.partitions
        return left - self._lost() - self._left()

    def _make_what_is_left(self) -> None:
        waiting, self._again = self._again, []
        for outcomes in waiting:
            if self.run.scope.stop.is_set():
                for outcome in outcomes:
                    self._fail(outcome)
            else:
                units = [outcome.unit for outcome in outcomes]
                self._make_batch(_union(units), units)
        while not (self.run.scope.stop.is_set() or (self._again and self.step.is_ordered)):
            batch = next(self._fresh, None)
            if batch is None:
                return
            self._make_batch(batch, self.run.readable(self.asset, self.step, batch))

    def _make_batch(self, batch: PartitionSet, units: Iterable[PartitionSet]) -> None:
        self._failed_now = []
        make_batch(
            self.run.scope,
            self.step,
            units,
            batch,
            attempt=self._once,
            on_commit=self._committed,
            on_failure=self._failed,
        )
        # units of one commit are tried again together: it may have landed, and is known by them
        together: dict[int, list[UnitOutcome]] = {}
        for outcome in self._failed_now:
            together.setdefault(id(outcome.error), []).append(outcome)
        self._again += together.values()

    def _once(self, make: Callable[[int], T], /) -> T:
        return make(self.attempt)

    def _committed(self, committed: Committed) -> None:
        self.run.succeed(self.step, committed)
        self._commits += committed.made

    def _failed(self, outcome: UnitOutcome) -> None:
        has_attempts_left = self.attempt <= self.asset.retries.times
        if has_attempts_left and isinstance(outcome.error, RETRIED):
            self._failed_now.append(outcome)
        else:
            self._fail(outcome)

    def _fail(self, outcome: UnitOutcome) -> None:
        self.run.fail(self.step, outcome)
        self._errors.append(_first_error([outcome]))

    def _lost(self) -> PartitionSet:
        """Its partitions that failed or were skipped."""
        none = PartitionSet.none(self.step.partitions.dimensions)
        return self.run.tally.lost_steps.get(self.step.asset_id, none) & self.step.partitions

    def _left(self) -> PartitionSet:
        """Its partitions that are as they should be: what they read turned out as it was."""
        none = PartitionSet.none(self.step.partitions.dimensions)
        return self.run.tally.left.get(self.step.asset_id, none) & self.step.partitions

    def _tell_of_commits(self) -> None:
        """Gives Prefect what it keeps with the events of the assets."""
        from prefect.assets import add_asset_metadata  # runs in a task: Prefect is loaded

        for dataset in self.step.makes:
            commits = [made for made in self._commits if made.dataset == dataset]
            if commits:
                key = asset_key(self.run.scope.env, dataset)
                add_asset_metadata(key, dict(metadata(commits)))

    def _state(self) -> State[None]:
        """Completed; cancelled when it was stopped before the end; not ready when it was skipped.

        Prefect calls a task so whose inputs failed, and takes it for no materialization.
        """
        from prefect.states import Cancelled, Completed, Pending  # runs in a task

        if self.run.scope.stop.is_set() and self.is_cut_short:
            return Cancelled(message="The run was stopped.")
        if not self._commits and not self._lost() and self._left():
            return Completed(message="What it reads turned out as it was.")
        if not self._commits:
            return Pending(name="NotReady", message="What it reads failed or was skipped.")
        rows = sum(made.rows for made in self._commits)
        message = f"{rows:,} rows made."
        if skipped := self._lost():
            message += f" Skipped {skipped.render()}: what it reads failed or was skipped."
        return Completed(message=message)


def ordered_steps(run: LocalRun, *, ended: Callable[[DatasetKey], None]) -> list[Ordered]:
    """A task for each step of the run's plan, after those of the assets that it reads.

    Those of an asset whose partitions have an order come one after the other. `ended` is told of
    each asset all of whose steps have ended.
    """
    parents = run.scope.graph.parents
    left = Counter(step.asset_id for step in run.plan.steps)
    places: dict[DatasetKey, list[int]] = {}
    found: list[Ordered] = []
    for number, step in enumerate(run.plan.steps):
        own = places.setdefault(step.asset_id, [])
        after = [place for up in parents[step.asset_id] for place in places.get(up, ())]
        if step.is_ordered:
            after += own[-1:]
        own.append(number)

        def on_end(id_: DatasetKey = step.asset_id) -> None:
            left[id_] -= 1
            if not left[id_]:
                ended(id_)

        found.append(Ordered(PrefectStep(run, step, on_end=on_end), tuple(after)))
    return found


def _first_error(outcomes: list[UnitOutcome]) -> FlowForgeError:
    error = outcomes[0].error
    assert error is not None  # noqa: S101 - it failed
    return error


def _union(units: Iterable[PartitionSet]) -> PartitionSet:
    first, *others = units
    for other in others:
        first |= other
    return first
