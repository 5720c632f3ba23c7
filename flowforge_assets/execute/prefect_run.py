"""Runs as Prefect flows: a task a step, submitted when what it needs has ended."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as StopSignal
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.errors.project import PrefectFailedError
from flowforge_assets.execute.prefect_api import load_prefect, reach_api
from flowforge_assets.execute.prefect_submit import Submission
from flowforge_assets.execute.run import RunResult
from flowforge_assets.execute.session import Session, begun

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import State
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

_LOST_HINT: Final = "what was made is in the ledger; run again when the server is back"


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
        return made_in_flow(session())

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
        if not errors:
            message = f"Prefect failed in the middle of the run: {type(error).__name__}"
            raise PrefectFailedError(message, hint=_LOST_HINT) from error
    if errors:
        raise errors[-1]
    return results[-1]


def _flow(session: Session, make: Callable[[], RunResult]) -> Flow[[], RunResult]:
    """The flow that runs `make` and ends in the state that its result stands for."""
    # Loading Prefect takes seconds: only who runs a flow pays for it.
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    environment = session.environment
    # To type checkers a runner of one kind of futures is none of the general kind.
    runner = cast(
        "TaskRunner[PrefectFuture[Any]]",
        ThreadPoolTaskRunner(max_workers=environment.config.workers),
    )

    @flow(
        name=session.name,
        description=f"Makes what is out of date in the environment `{environment.name}`.",
        task_runner=runner,
        persist_result=False,
        validate_parameters=False,
    )
    def made() -> RunResult:
        # Prefect gives the caller what the state holds.
        return cast("RunResult", flow_state(make()))

    return made


def flow_state(result: RunResult) -> State[RunResult]:
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


def made_in_flow(session: Session) -> RunResult:
    """One run by the flow run that is going on, which logs what its task runs do not."""
    return _made(session, on_event=_logged, stop=StopSignal())


def _made(session: Session, *, on_event: OnEvent, stop: StopSignal) -> RunResult:
    """One run from lease to end, its steps as tasks of the flow run that is going on."""
    with begun(session, on_event=on_event, stop=stop) as run:
        submission = Submission(run)
        result = run.through(submission.run)
        if submission.interrupt is not None:
            raise submission.interrupt
        return result


def _logged(event: Event) -> None:
    """Says in the flow run's log what its task runs do not."""
    from prefect import get_run_logger  # runs in a flow

    if event.event == "waiting":
        get_run_logger().info("%s", event.message)
    elif event.event == "run_finished":
        get_run_logger().info("run %s %s: %s", event.run_id, event.status, dict(event.counts or {}))
