"""Backfills made by Prefect: each chunk is a flow run of a job's deployment, some at a time.

Imports Prefect, so it is loaded by who hands a backfill over, and by nobody else.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from uuid import UUID

from flowforge_assets.compile.deployment import deployment_name
from flowforge_assets.errors.backfill import BackfillJobError, BackfillNotDeployedError
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.execute.backfill import (
    Backfilled,
    ChunkEnd,
    ChunkResult,
    OnChunk,
    asked_of_run,
    end_of,
    found_backfill,
    left_of,
)
from flowforge_assets.execute.prefect_api import load_prefect, reach_api
from flowforge_assets.plan.needs import is_ordered
from flowforge_assets.project.config import ProjectConfig
from flowforge_assets.record.backfills import Backfill, BackfillLog, Chunk, Progress

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun

_AT_ONCE: Final = 4
_LOOK_SECONDS: Final = 1.0


class Deployed(Backfilled, Protocol):
    """What is backfilled by a job: a project whose jobs are deployed."""

    config: ProjectConfig


@dataclass(slots=True)
class _Handed:
    """A chunk that a flow run makes."""

    chunk: Chunk
    began: float


def job_of(project: Deployed, name: str | None) -> str:
    """The job whose deployment makes a backfill: the one of that name, or the only one.

    Raises:
        BackfillJobError: there is none of that name, or without a name not just one (FF-752).
    """
    jobs = project.config.jobs
    if name is None and len(jobs) == 1:
        return next(iter(jobs))
    listed = ", ".join(f"`{each}`" for each in sorted(jobs))
    if name is None:
        hint = f"add `--job`: the project has {listed}" if jobs else "declare one: `[job.nightly]`"
        raise BackfillJobError(f"{len(jobs)} jobs could make the backfill", hint=hint)
    if name not in jobs:
        hint = did_you_mean(name, jobs) or f"the project has {listed or 'no job'}"
        raise BackfillJobError(f"no job is called `{name}`", hint=hint)
    return name


def submit_backfill(project: Deployed, backfill_id: str, *, on_chunk: OnChunk) -> Progress:
    """Hands what is left of a backfill to the deployment of its job, and waits for its end.

    At most four flow runs are under way, one where partitions are made in order. A flow run that
    an earlier call began is waited for. When this process ends, they go on without it.

    Raises:
        UnknownBackfillError: there is no such backfill, or nothing is left of it (FF-751).
        BackfillNotDeployedError: the job is not deployed (FF-753).
        ProjectError: Prefect is not there (FF-850 to FF-852).
    """
    left = left_of(project, backfill_id)
    backfill = found_backfill(project, backfill_id).backfill
    load_prefect(is_quiet=True)
    reach_api()
    log = BackfillLog(project.environment.ledger)
    ids = project.select(backfill.selection or None)
    is_in_order = any(is_ordered(project.graph.assets[id_], project.graph) for id_ in ids)
    with _client() as client:
        deployment = _deployment(client, project, backfill.job)
        log.take(backfill_id)
        flow_runs = _FlowRuns(client, project, backfill, deployment)
        try:
            ended = flow_runs.make(left, at_once=1 if is_in_order else _AT_ONCE, on_chunk=on_chunk)
        except BaseException:
            log.end(backfill_id, "interrupted", project.clock())
            raise
    log.end(backfill_id, end_of(ended, of=len(left)), project.clock())
    return found_backfill(project, backfill_id)


def cancel_runs(chunks: Iterable[Chunk]) -> None:
    """Asks the flow runs of chunks that are going on to end: each does after a step.

    One that the server has no more is none.

    Raises:
        ProjectError: Prefect is not there (FF-850 to FF-852).
    """
    going_on = [UUID(chunk.run_id) for chunk in chunks if chunk.status == "running"]
    if not going_on:
        return
    load_prefect(is_quiet=True)
    reach_api()
    # seconds of CPU: behind what says that it is there
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Cancelling

    with _client() as client:
        for run_id in going_on:
            with suppress(ObjectNotFound):
                client.set_flow_run_state(run_id, Cancelling())


class _FlowRuns:
    """The flow runs of one backfill."""

    def __init__(
        self,
        client: SyncPrefectClient,
        project: Backfilled,
        backfill: Backfill,
        deployment: UUID,
    ) -> None:
        self._client = client
        self._project = project
        self._log = BackfillLog(project.environment.ledger)
        self._backfill = backfill
        self._deployment = deployment

    def make(self, left: list[Chunk], *, at_once: int, on_chunk: OnChunk) -> list[ChunkEnd]:
        """How the chunks ended, as far as they were begun."""
        waiting, handed = deque(left), dict[UUID, _Handed]()
        ended: list[ChunkEnd] = []
        while waiting or handed:
            if self._log.status(self._backfill.backfill_id) == "cancelled":
                break
            # what is made once comes when all others are made
            while waiting and len(handed) < (at_once if waiting[0].partitions is not None else 1):
                chunk = waiting.popleft()
                handed[self._handed_over(chunk)] = _Handed(chunk, time.perf_counter())
            runs = {run.id: run for run in self._read(handed)}
            for run_id in list(handed):
                run = runs.get(run_id)
                if run is None or (run.state is not None and run.state.is_final()):
                    result = self._ended(run_id, run, handed.pop(run_id))
                    ended.append(result.status)
                    on_chunk(result)
            if handed:
                time.sleep(_LOOK_SECONDS)
        return ended

    def _handed_over(self, chunk: Chunk) -> UUID:
        """The flow run that makes the chunk: the one that does already, or a new one."""
        if chunk.status == "running" and chunk.run_id:
            return UUID(chunk.run_id)
        backfill = self._backfill
        select, partitions = asked_of_run(self._project, backfill, chunk)
        run = self._client.create_flow_run_from_deployment(
            self._deployment,
            name=f"backfill {backfill.backfill_id} #{chunk.number}",
            parameters={
                "select": select or None,
                "partitions": partitions or None,
                "force": backfill.force,
                "env": self._project.environment.name,
            },
            tags=[f"flowforge-backfill:{backfill.backfill_id}"],
            # killed before it is written down, a second call gets the same flow run
            idempotency_key=f"{backfill.backfill_id} {chunk.number} {chunk.run_id}",
        )
        self._log.set_chunk(backfill.backfill_id, chunk.number, "running", str(run.id))
        return run.id

    def _read(self, ids: Iterable[UUID]) -> list[FlowRun]:
        from prefect.client.schemas.filters import (  # with the client
            FlowRunFilter,
            FlowRunFilterId,
        )

        wanted = FlowRunFilter(id=FlowRunFilterId(any_=list(ids)))
        return self._client.read_flow_runs(flow_run_filter=wanted)

    def _ended(self, run_id: UUID, run: FlowRun | None, handed: _Handed) -> ChunkResult:
        """What the state of a flow run that ended says, written down; None was deleted."""
        status, said = _state_of(run)
        kept = "planned" if status == "cancelled" else status
        number = handed.chunk.number
        self._log.set_chunk(self._backfill.backfill_id, number, kept, str(run_id))
        seconds = time.perf_counter() - handed.began
        return ChunkResult(handed.chunk, status, str(run_id), seconds, said)


def _state_of(run: FlowRun | None) -> tuple[ChunkEnd, str]:
    """How a flow run has ended, and what there is to say of it."""
    if run is None or run.state is None:
        return "failed", "its flow run is not on the Prefect server any more"
    if run.state.is_completed():
        return "succeeded", ""
    status: ChunkEnd = "cancelled" if run.state.is_cancelled() else "failed"
    return status, f"flow run `{run.name}` is {run.state.name}"


def _deployment(client: SyncPrefectClient, project: Deployed, job: str) -> UUID:
    """The id of the job's deployment."""
    from prefect.exceptions import ObjectNotFound  # with the client

    name = f"{project.config.name}/{deployment_name(project.environment.shown, job)}"
    try:
        return client.read_deployment_by_name(name).id
    except ObjectNotFound as error:
        message = f"the job `{job}` has no deployment `{name}` on the Prefect server"
        hint = f"deploy it: `flowforge deploy {job} -e {project.environment.name}`, then resume"
        raise BackfillNotDeployedError(message, hint=hint) from error


@contextmanager
def _client() -> Generator[SyncPrefectClient]:
    """A client of the server that is named."""
    from prefect.client.orchestration import get_client  # after load_prefect

    with get_client(sync_client=True) as client:
        yield client
