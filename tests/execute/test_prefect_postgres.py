"""A Prefect server whose database is PostgreSQL; `make test-prefect-postgres` runs this."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from postgres_server import postgres_cluster
from server_of_prefect import Server, environment, free_port
from worker_of_prefect import command, ended_run, make_pool, wait_for, worker

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.skipif(
        "FLOWFORGE_PREFECT_POSTGRES" not in os.environ,
        reason="for `make test-prefect-postgres`",
    ),
]

LINES, LENGTH = 60, 5
TOML = """\
[project]
name = "on_postgres"
modules = ["on_postgres"]
[prefect]
max_tasks = 20
[pool.here]
type = "process"
name = "on-postgres"
[job.often]
select = "a0"
schedule = { interval = "30s" }
concurrency = { limit = 1, on_collision = "cancel_new" }
pool = "here"
"""
ASSETS = """\
from flowforge_assets import Col, Frame, Rows, Silver, asset, col
""" + "\n".join(
    f"""
class A{n}(Silver):
    n: Col[int] = col()

@asset
def a{n}({f"up: Frame[A{n - 1}]" if n % LENGTH else ""}) -> {
        f"Frame[A{n}]" if n % LENGTH else f"Rows[A{n}]"
    }:
    return {"up" if n % LENGTH else f"[A{n}(n={n})]"}
"""
    for n in range(LINES * LENGTH)
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """One that `flowforge server` runs on a PostgreSQL that a variable names."""
    home = tmp_path_factory.mktemp("prefect")
    port, database_port = free_port(), free_port()
    with (
        postgres_cluster(extension="pg_trgm") as cluster,
        cluster.running(port=database_port),
        subprocess.Popen(
            [
                *(Path(sys.executable).with_name("flowforge"), "server", "--no-ui"),
                *("--port", str(port), "--database-from", "SERVER_URL"),
            ],
            env=environment(home)
            | {
                "SERVER_URL": f"postgresql://postgres@127.0.0.1:{database_port}/postgres",
                "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
                "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "2",
            },
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Prefect runs at")
            yield Server(f"http://127.0.0.1:{port}/api", home)
            assert not (home / "prefect.db").exists()
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "flowforge.toml").write_text(TOML)
    (folder / "on_postgres.py").write_text(ASSETS)
    return folder


def test_a_run_of_hundreds_of_assets_is_recorded_whole(server: Server, project: Path) -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name("flowforge"), "run", "--engine", "prefect"],
        cwd=project,
        env=environment(server.home, api_url=server.url),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    flow_run = next(run for run in server.flow_runs("on_postgres") if not run["deployment_id"])
    assert flow_run["state_type"] == "COMPLETED"
    assert len(server.task_runs(flow_run["id"], 20)) <= 20
    question = {
        "filter": {
            "event": {"name": ["prefect.asset.materialization.succeeded"]},
            "related": {"id": [f"prefect.flow-run.{flow_run['id']}"]},
        }
    }

    def recorded() -> list[Any] | None:
        found = server.post("events/count-by/resource", question)
        return found if len(found) == LINES * LENGTH else None

    events = wait_for(recorded, "not every asset has an event")
    assert {each["count"] for each in events} == {1}
    artifacts = server.post("artifacts/filter", {"flow_runs": {"id": {"any_": [flow_run["id"]]}}})
    [steps] = [each["data"] for each in artifacts if each["key"] == "flowforge-steps"]
    assert [row["status"] for row in json.loads(steps)] == ["made"] * LINES * LENGTH


def test_a_job_runs_at_its_time(server: Server, project: Path) -> None:
    make_pool(server, "on-postgres")
    command(server, project, "deploy", "--json", "--exit-code", code=3)
    assert command(server, project, "deploy", "--json", code=0)["changes"] == []
    with worker(server, "on-postgres"):
        run = ended_run(server, "on_postgres", lambda r: r["deployment_id"] is not None)
    assert run["state_type"] == "COMPLETED", run["state"]
    command(server, project, "undeploy", "--json", code=0)
