"""Runs as Prefect flows: a task a step, submitted when what it needs has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event as StopSignal
from typing import TYPE_CHECKING, Any, Final, Protocol

from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.project import PrefectFailedError
from flowforge_assets.execute.prefect_api import load_prefect, reach_api
from flowforge_assets.execute.prefect_step import PrefectStep
from flowforge_assets.execute.run import LocalRun, RunResult
from flowforge_assets.execute.session import Session, begun

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import State
    from prefect.futures import PrefectFuture

_WAIT_HINT: Final = "what was made is in the ledger; run again when the server is back"


class Runnable(Protocol):
    """What a flow is built of: a project."""

    def session(
        self, select: str | None = None, *, partitions: str | None = None, force: bool = False
    ) -> Session:
        """One run of the selected assets, which plans when its turn has come."""
        ...


def build_flow(
    project: Runnable,
    *,
    select: str | None = None,
    partitions: str | None = None,
    force: bool = False,
) -> Flow[[], RunResult]:
    """A Prefect flow that makes what is out of date when it runs: one task a step.

    Each run waits for other runs of the environment, plans, and submits each step as soon as what
    it needs has ended. It ends as failed with the first failure of a step.

    Raises:
        ProjectError: the selection or the partitions cannot be read (FF-807, FF-83x), or Prefect
            is not installed (FF-850).
    """
    load_prefect()

    def session() -> Session:
        return project.session(select, partitions=partitions, force=force)

    def make() -> RunResult:
        return _made(session(), on_event=_logged, stop=StopSignal())

    return _flow(session(), make)


def run_with_prefect(session: Session, *, on_event: OnEvent, stop: StopSignal) -> RunResult:
    """Plans and makes by a flow of the Prefect server that `PREFECT_API_URL` or a profile names.

    Raises:
        ProjectError: Prefect is not there, or fails (FF-850 to FF-853).
        FlowForgeError: the run could not begin: lease, ledger or plan (FF-5xx).
        KeyboardInterrupt: it was interrupted, after the steps that were going on had ended.
    """
    load_prefect(is_quiet=True)
    reach_api()
    results: list[RunResult] = []
    errors: list[BaseException] = []

    def make() -> RunResult:
        try:
            results.append(_made(session, on_event=on_event, stop=stop))
        except BaseException as error:
            errors.append(error)
            raise
        return results[-1]

    try:
        _flow(session, make)(return_state=True)
    except Exception as error:
        if errors:
            raise errors[-1] from None
        message = f"Prefect failed in the middle of the run: {type(error).__name__}"
        raise PrefectFailedError(message, hint=_WAIT_HINT) from error
    if errors:
        raise errors[-1]
    return results[-1]


def _flow(session: Session, make: Callable[[], RunResult]) -> Flow[[], RunResult]:
    """The flow that runs `make` and ends in the state that its result stands for."""
    # Loading Prefect takes seconds: only who runs a flow pays for it.
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    environment = session.environment
    workers = environment.config.workers
    runner: ThreadPoolTaskRunner[Any] = ThreadPoolTaskRunner(max_workers=workers)

    @flow(
        name=session.name,
        description=f"Makes what is out of date in the environment `{environment.name}`.",
        task_runner=runner,
        persist_result=False,
        validate_parameters=False,
    )
    def made() -> Any:  # a result, or the state that stands for it
        return _ended(make())

    return made


def _ended(result: RunResult) -> State[RunResult]:
    """The state of a flow run with that result.

    Raises:
        FlowForgeError: the first failure of a step.
    """
    from prefect.states import Cancelled, Completed  # runs in a flow: Prefect is loaded

    if result.errors:
        raise result.errors[0]
    if result.status == "cancelled":
        return Cancelled(message="The run was stopped.")
    counts = f"Made {result.made:,}, fresh {result.fresh:,}."
    return Completed(message=counts, data=result)


def _made(session: Session, *, on_event: OnEvent, stop: StopSignal) -> RunResult:
    """One run from lease to end, its steps as tasks of the flow run that is going on."""
    with begun(session, on_event=on_event, stop=stop) as run:
        return run.through(_Submission(run).run)


def _logged(event: Event) -> None:
    """Says in the flow run's log what its task runs do not."""
    from prefect import get_run_logger  # runs in a flow

    if event.event == "waiting":
        get_run_logger().info("%s", event.message)
    elif event.event == "run_finished":
        get_run_logger().info("run %s %s: %s", event.run_id, event.status, dict(event.counts or {}))


@dataclass(frozen=True, slots=True)
class _Ended:
    """A task that has ended."""

    step: PrefectStep
    future: PrefectFuture[Any]


class _Submission:
    """Submits the steps of a run from the flow's thread; an asset's when its parents' have ended.

    Futures that are waited for have thus ended: no thread of the pool waits.
    """

    def __init__(self, run: LocalRun) -> None:
        """Over the run's plan; nothing is submitted yet."""
        self._run = run
        self._left: dict[DatasetKey, list[PrefectStep]] = {}
        for step in run.plan.steps:
            self._left.setdefault(step.asset_id, []).append(PrefectStep(run, step))
        parents = run.scope.graph.parents
        self._waits_for = {
            id_: {parent for parent in parents[id_] if parent in self._left} for id_ in self._left
        }
        self._futures: dict[DatasetKey, list[PrefectFuture[Any]]] = {id_: [] for id_ in self._left}
        self._going_on: dict[DatasetKey, int] = dict.fromkeys(self._left, 0)
        self._ended: SimpleQueue[_Ended] = SimpleQueue()
        self._is_cut_short = False

    def run(self) -> bool:
        """Makes all that can be made; says whether it was cut short by a stop.

        Raises:
            BaseException: what no step expects, after the tasks that were going on had ended.
        """
        try:
            for id_ in list(self._left):
                if not self._waits_for[id_]:
                    self._submit(id_)
            self._drain()
        except BaseException:
            self._run.scope.stop.set()
            self._drain()
            raise
        return self._is_cut_short or any(self._left.values())

    def _drain(self) -> None:
        """Waits until no task is going on; those that end set others free."""
        while any(self._going_on.values()):
            ended = self._ended.get()
            id_ = ended.step.step.asset_id
            self._going_on[id_] -= 1
            self._settle(ended)
            self._submit(id_)
            if not self._going_on[id_] and not self._left[id_]:
                self._set_free(id_)

    def _submit(self, id_: DatasetKey) -> None:
        """Submits the steps of an asset; one at a time where its partitions have an order."""
        # An annotation of Prefect's: a task goes on when what it waits for has failed.
        from prefect import allow_failure

        parents = self._waits_for[id_]
        while self._left[id_] and not self._run.scope.stop.is_set():
            step = self._left[id_][0]
            if step.step.is_ordered and self._going_on[id_]:
                return
            self._left[id_].pop(0)
            before = [future for parent in sorted(parents) for future in self._futures[parent]]
            future = step.task().submit(wait_for=[allow_failure(each) for each in before])
            self._going_on[id_] += 1
            self._futures[id_].append(future)
            future.add_done_callback(lambda done, step=step: self._ended.put(_Ended(step, done)))

    def _settle(self, ended: _Ended) -> None:
        """Sees that each partition of the step has ended, whatever Prefect did with its task."""
        step = ended.step
        if step.broke is not None:
            raise step.broke
        if self._run.scope.stop.is_set():
            self._is_cut_short = self._is_cut_short or step.is_cut_short
        elif not step.is_over:
            state = _state_of(ended.future)
            reason = "it crashed" if state is None else state.message or state.name
            is_skipped = state is not None and state.is_pending()
            step.give_up(reason, is_skipped=is_skipped)

    def _set_free(self, id_: DatasetKey) -> None:
        """Submits the assets that waited for `id_` alone."""
        self._run.asset_ended(id_)
        for child in self._run.scope.graph.children[id_]:
            ...
