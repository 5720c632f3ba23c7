"""Runs as Prefect flows: a task a step, or a group of steps where there are many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event as StopSignal
from typing import TYPE_CHECKING, Final, Protocol, cast

from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.errors.project import PrefectFailedError
from flowforge_assets.errors.record import RunLocked
from flowforge_assets.execute.prefect_api import load_prefect, reach_api
from flowforge_assets.execute.prefect_client import giving_events_up_soon, with_retries
from flowforge_assets.execute.prefect_made import leave_end, make_in_flow
from flowforge_assets.execute.run import RunResult
from flowforge_assets.execute.session import Session
from flowforge_assets.execute.task_runner import StaysHere, runner_of

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import State

# A server that starts again is back by then; by default the end of a run would wait a minute.
_RETRIES: Final = 3
_LOST_HINT: Final = "what was made is in the ledger; run again when the server is back"
_CANCELLED: Final = RunResult("", "cancelled")


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
    max_tasks: int | None = None,
) -> Flow[[], RunResult]:
    """A Prefect flow that makes what is out of date when it runs: one task a step.

    Each run plans, waits for others that make the same, and submits each step as soon as what
    it needs has ended. A plan of more than `max_tasks` steps (by default what the project says) is
    cut into groups. It ends as failed with the first failure of a step.

    Raises:
        ProjectError: the selection or the partitions cannot be read (FF-807, FF-83x), or Prefect
            is not installed (FF-850).
    """
    load_prefect()

    def session() -> Session:
        found = project.session(select, partitions=partitions, force=force)
        if max_tasks is None:
            return found
        return replace(found, prefect=replace(found.prefect, max_tasks=max_tasks))

    def make() -> RunResult:
        return made_in_flow(session())

    return _flow(session(), make)


def run_with_prefect(session: Session, *, on_event: OnEvent, stop: StopSignal) -> RunResult:
    """Plans and makes by a flow of the Prefect server that `PREFECT_API_URL` or a profile names.

    Raises:
        ProjectError: Prefect is not there, or fails (FF-850 to FF-857).
        FlowForgeError: the run could not begin: lease, ledger or plan (FF-5xx).
        KeyboardInterrupt: it was interrupted, after the steps that were going on had ended.
    """
    load_prefect(is_quiet=True)
    reach_api()
    results: list[RunResult] = []
    errors: list[BaseException] = []

    def make() -> RunResult:
        try:
            results.append(make_in_flow(session, on_event=on_event, stop=stop))
        except Exception as error:
            errors.append(error)
            if isinstance(error, RunLocked) and stop.is_set():
                return _CANCELLED
            raise
        except BaseException as error:  # noqa: BLE001 - Ctrl-C or a signal; it is raised below
            errors.append(error)
            return _CANCELLED
        return results[-1]

    is_end_told = False
    try:
        # from before the first event of the flow: Prefect begins a second worker for others
        with with_retries(_RETRIES), giving_events_up_soon():
            _flow(session, make)(return_state=True)
        is_end_told = True
    except Exception as error:
        if not errors and not results:
            message = f"Prefect failed in the middle of the run: {type(error).__name__}"
            raise PrefectFailedError(message, hint=_LOST_HINT) from error
    if results:
        leave_end(session, results[-1], is_told=is_end_told, on_event=on_event)
    if errors:
        if not isinstance(errors[-1], Exception):
            raise KeyboardInterrupt from errors[-1]
        raise errors[-1]
    return results[-1]


def made_in_flow(session: Session) -> RunResult:
    """One run inside the flow run that is going on, told in the flow run's log.

    Raises:
        FlowForgeError: it could not begin, or its server was lost (FF-857).
    """
    stop = StopSignal()
    try:
        with giving_events_up_soon():
            return make_in_flow(session, on_event=_logged, stop=stop)
    except RunLocked:
        if not stop.is_set():
            raise
        return _CANCELLED  # while it waited for another


def _flow(session: Session, make: Callable[[], RunResult]) -> Flow[[], RunResult]:
    """The flow that runs `make` and ends in the state that its result stands for."""
    # Loading Prefect takes seconds: only who runs a flow pays for it.
    from prefect import flow

    environment = session.environment
    here = StaysHere(make)

    @flow(
        name=session.name,
        description=f"Makes what is out of date in the environment `{environment.name}`.",
        task_runner=runner_of(session),
        persist_result=False,
        validate_parameters=False,
    )
    def made() -> RunResult:
        # Prefect gives the caller what the state holds.
        return cast("RunResult", flow_state(here.value()))

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


def _logged(event: Event) -> None:
    """Says in the flow run's log what its task runs do not."""
    from prefect import get_run_logger  # runs in a flow

    if event.event in {"waiting", "note"}:
        get_run_logger().info("%s", event.message)
    elif event.event == "run_finished":
        get_run_logger().info("run %s %s: %s", event.run_id, event.status, dict(event.counts or {}))
