"""Submits the steps of a plan to Prefect, each when what it needs has ended."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Final, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.execute.prefect_step import PrefectStep
from flowforge_assets.execute.run import LocalRun

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.futures import PrefectConcurrentFuture

    Future: TypeAlias = PrefectConcurrentFuture[State[None]]


# With polars 2.1 loaded, Ctrl-C does not wake a thread that waits without end.
_LOOK_UP_SECONDS: Final = 0.2


@dataclass(slots=True)
class _Asset:
    """What is left of an asset: steps to submit, and tasks that are going on.

    `ended` has the futures that others can wait for.
    """

    parents: tuple[DatasetKey, ...]
    waits_for: int
    steps: deque[PrefectStep] = field(default_factory=deque[PrefectStep])
    going_on: set[Future] = field(default_factory=set["Future"])
    ended: list[Future] = field(default_factory=list["Future"])


class Submission:
    """Submits the steps of a run from the flow's own thread.

    A task is given to the pool when its parents' have ended, so that no thread waits; it names
    them to Prefect all the same. A task that failed stops nobody: each step sees for itself which
    of its partitions can be made.
    """

    def __init__(self, run: LocalRun) -> None:
        """Over the run's plan; nothing is submitted yet."""
        self._run = run
        graph, ids = run.scope.graph, dict.fromkeys(step.asset_id for step in run.plan.steps)
        self._assets: dict[DatasetKey, _Asset] = {}
        for id_ in ids:
            parents = tuple(parent for parent in graph.parents[id_] if parent in ids)
            self._assets[id_] = _Asset(parents, waits_for=len(parents))
        for step in run.plan.steps:
            self._assets[step.asset_id].steps.append(PrefectStep(run, step))
        self._ended: deque[tuple[DatasetKey, PrefectStep, Future]] = deque()
        self._has_ended = Event()
        self.interrupt: BaseException | None = None
        self._broke: BaseException | None = None
        self._is_cut_short = False

    def run(self) -> bool:
        """Makes all that can be made; says whether a stop left some of it undone.

        A signal stops it too, and is kept in `interrupt`.

        Raises:
            BaseException: what no step expects, when the tasks that were going on have ended.
        """
        try:
            for id_, asset in self._assets.items():
                if not asset.waits_for:
                    self._submit(id_)
            self._wait()
        except BaseException as error:
            self._run.scope.stop.set()
            self._wait()
            if isinstance(error, Exception):
                raise
            # Prefect's signals are no KeyboardInterrupt; a run that they end was cancelled too.
            self.interrupt = error
            return True
        if self._broke is not None:
            raise self._broke
        return self._is_cut_short or any(asset.steps for asset in self._assets.values())

    def _wait(self) -> None:
        """Goes on until no task does; the end of one sets others free."""
        while any(asset.going_on for asset in self._assets.values()):
            self._has_ended.wait(_LOOK_UP_SECONDS)
            self._has_ended.clear()
            while self._ended:
                # It leaves the queue when it is done with: an interrupt in between loses none.
                self._go_on_after(*self._ended[0])
                self._ended.popleft()

    def _go_on_after(self, id_: DatasetKey, step: PrefectStep, future: Future) -> None:
        """Submits what can be made now that a task has ended."""
        asset = self._assets[id_]
        asset.going_on.discard(future)
        if self._settle(step, future):
            asset.ended.append(future)
        self._submit(id_)
        if not asset.going_on and not asset.steps:
            self._set_free(id_)

    def _submit(self, id_: DatasetKey) -> None:
        """Submits the asset's steps; one at a time where its partitions have an order."""
        from prefect import allow_failure  # runs in a flow: Prefect is loaded
        from prefect.futures import PrefectConcurrentFuture

        asset = self._assets[id_]
        while asset.steps and not self._run.scope.stop.is_set():
            step = asset.steps[0]
            if step.step.is_ordered and asset.going_on:
                return
            before = [future for parent in asset.parents for future in self._assets[parent].ended]
            if step.step.is_ordered:
                before += asset.ended
            future = step.task().submit(  # pyright: ignore[reportUnknownMemberType]  # open arguments
                return_state=False, wait_for=[allow_failure(each) for each in before]
            )
            assert isinstance(future, PrefectConcurrentFuture)  # noqa: S101 - it is a thread's
            asset.steps.popleft()
            asset.going_on.add(future)
            self._listen(id_, step, future)

    def _listen(self, id_: DatasetKey, step: PrefectStep, future: Future) -> None:
        def hear(_: object) -> None:
            self._ended.append((id_, step, future))
            self._has_ended.set()

        future.add_done_callback(hear)

    def _settle(self, step: PrefectStep, future: Future) -> bool:
        """Sees that the step has ended, whatever Prefect did with its task.

        Says whether other tasks can wait for this one: Prefect lets them go on after one that
        failed or was not ready, and no other.
        """
        state = _state_of(future)
        if step.broke is not None:
            self._broke = self._broke or step.broke
            self._run.scope.stop.set()
        elif self._run.scope.stop.is_set():
            self._is_cut_short = self._is_cut_short or step.is_cut_short
        elif not step.is_over:
            reason = "it crashed" if state is None else state.message or state.type.value
            step.give_up(reason, is_skipped=state is not None and state.is_pending())
        return state is not None and (
            state.is_completed() or state.is_failed() or state.is_pending()
        )

    def _set_free(self, id_: DatasetKey) -> None:
        """Submits the assets that waited for nothing else any more."""
        self._run.asset_ended(id_)
        for child in self._run.scope.graph.children[id_]:
            if child in self._assets:
                self._assets[child].waits_for -= 1
                if not self._assets[child].waits_for:
                    self._submit(child)


def _state_of(future: Future) -> State[None] | None:
    """The state in which a task has ended; None when Prefect's engine broke down under it."""
    thread = future.wrapped_future
    if thread.cancelled() or thread.exception() is not None:
        return None
    future.wait()
    return future.state
