"""Backfills that a real Prefect server hands on; flow runs end as this test's worker says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.backfill import BackfillNotDeployedError
from flowforge_assets.execute.backfill import ChunkResult, begin_backfill
from flowforge_assets.record.backfills import BackfillLog, Chunk
from server_of_prefect import Server

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import FlowRun, State

pytestmark = pytest.mark.prefect
WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]
NAME = f"filled-{uuid4().hex[:6]}"
TOML = f'[project]\nname = "{NAME}"\nmodules = ["days_of_prefect"]\n[job.nightly]\nbatch = 10\n'
CODE = """
from datetime import date

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Gold, Frame, Partitions, Table, asset, col


class Raw(Bronze, partition=Daily("2026-01-01", "2026-01-30").on("day")):
    day: Col[date] = col()


class Total(Gold):
    days: Col[int] = col()


@asset
def raw(days: Partitions[date]) -> Table[Raw]:
    return pl.DataFrame({"day": list(days)})


@asset
def total(rows: Frame[Raw]) -> Frame[Total]:
    return rows.select(days=pl.len().cast(pl.Int64))
"""


@pytest.fixture
def project(write_project: WriteProject) -> Project:
    return Project.load(write_project({"flowforge.toml": TOML, "days_of_prefect.py": CODE}))


@contextmanager
def deployed(server: Server) -> Generator[SyncPrefectClient]:
    """A client of the server, which has the job's deployment."""
    from prefect.client.orchestration import get_client  # prefect, on use
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with (
        temporary_settings({PREFECT_API_URL: server.url}),
        get_client(sync_client=True) as client,
    ):
        flow = client.create_flow_from_name(NAME)
        client.create_deployment(flow, "dev.nightly")
        yield client
        client.delete_flow(flow)


@contextmanager
def worker(
    client: SyncPrefectClient, make: Callable[[FlowRun], bool]
) -> Generator[list[Mapping[str, Any]]]:
    """Makes each flow run by `make`, which says whether it went well; gives their parameters."""
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName  # prefect, on use
    from prefect.states import Completed, Failed, Running

    seen: list[Mapping[str, Any]] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            mine = FlowFilter(name=FlowFilterName(any_=[NAME]))
            for run in client.read_flow_runs(flow_filter=mine):
                if run.state is not None and not run.state.is_final():
                    client.set_flow_run_state(run.id, Running(), force=True)
                    seen.append(run.parameters)
                    ended: State[Any] = Completed() if make(run) else Failed(message="no")
                    client.set_flow_run_state(run.id, ended, force=True)
            time.sleep(0.2)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def test_each_chunk_is_a_run_of_the_jobs_deployment(
    project: Project, prefect_server: Server
) -> None:
    from flowforge_assets.execute.backfill_prefect import (  # prefect, on use
        job_of,
        submit_backfill,
    )

    job = job_of(project, None)
    backfill_id, _ = begin_backfill(project, None, None, most=10, job=job)
    results: list[ChunkResult] = []
    failing = {"2026-01-11..2026-01-20"}

    def make(run: FlowRun) -> bool:
        asked = run.parameters
        if asked["partitions"] in failing:
            return False
        made = project.run(asked["select"], partitions=asked["partitions"])
        return made.status == "succeeded"

    with deployed(prefect_server) as client:
        with worker(client, make) as seen:
            first = submit_backfill(project, backfill_id, on_chunk=results.append)
        assert (first.backfill.status, first.chunks, first.chunks_failed) == ("failed", 4, 1)
        assert seen[0]["env"] == "dev"
        assert [each["partitions"] for each in seen[:3]] != [None] * 3
        assert seen[-1]["partitions"] is None
        failing.clear()
        with worker(client, make) as seen:
            again = submit_backfill(project, backfill_id, on_chunk=results.append)
    assert (again.backfill.status, again.partitions_done) == ("succeeded", 30)
    assert [each["partitions"] for each in seen] == ["2026-01-11..2026-01-20"]
    assert project.read("raw").height == 30
    assert any("is Failed" in each.said for each in results)


def test_a_chunk_is_handed_over_once_and_a_flow_run_that_was_deleted_has_failed(
    project: Project, prefect_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.client.schemas.filters import FlowFilter, FlowFilterName  # prefect, on use

    from flowforge_assets.execute.backfill_prefect import submit_backfill

    backfill_id, _ = begin_backfill(
        project, "raw", "2026-01-01..2026-01-05", most=10, job="nightly"
    )
    results: list[ChunkResult] = []

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with deployed(prefect_server) as client:
        mine = FlowFilter(name=FlowFilterName(any_=[NAME]))
        with monkeypatch.context() as patched:
            patched.setattr(BackfillLog, "set_chunk", killed)
            with pytest.raises(KeyboardInterrupt):
                submit_backfill(project, backfill_id, on_chunk=results.append)
        [handed] = client.read_flow_runs(flow_filter=mine)

        def delete_all() -> None:
            for run in client.read_flow_runs(flow_filter=mine):
                client.delete_flow_run(run.id)

        delete = threading.Timer(1.5, delete_all)
        delete.start()
        submit_backfill(project, backfill_id, on_chunk=results.append)
        delete.join()
    assert [(each.status, each.run_id) for each in results] == [("failed", str(handed.id))]
    assert results[0].said == "its flow run is not on the Prefect server any more"


def test_a_job_that_is_not_deployed_is_told_and_its_runs_can_be_cancelled(
    project: Project, prefect_server: Server
) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings  # prefect, on use
    from prefect.states import Running

    from flowforge_assets.execute.backfill_prefect import cancel_runs, submit_backfill

    backfill_id, _ = begin_backfill(project, "raw", None, most=10, job="nightly")
    with (
        temporary_settings({PREFECT_API_URL: prefect_server.url}),
        pytest.raises(BackfillNotDeployedError, match=f"`{NAME}/dev.nightly`"),
    ):
        submit_backfill(project, backfill_id, on_chunk=lambda _: None)
    log = BackfillLog(project.environment.ledger)

    def give_up(_: ChunkResult) -> None:
        log.cancel(backfill_id, project.clock())

    made: list[FlowRun] = []

    def first_only(run: FlowRun) -> bool:
        made.append(run)
        if len(made) > 1:
            time.sleep(0.5)
        return True

    with deployed(prefect_server) as client:
        with worker(client, first_only):
            progress = submit_backfill(project, backfill_id, on_chunk=give_up)
        assert progress.backfill.status == "cancelled"
        assert progress.chunks_done >= 1
        cancel_runs(log.chunks(backfill_id))
        deployment = client.read_deployment_by_name(f"{NAME}/dev.nightly")
        going_on = client.create_flow_run_from_deployment(deployment.id, state=Running())
        gone, there = (Chunk(1, None, "running", str(id_)) for id_ in (uuid4(), going_on.id))
        cancel_runs([gone, there])
        assert str(client.read_flow_run(going_on.id).state_type) == "StateType.CANCELLING"
