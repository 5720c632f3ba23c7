"""A job that a real worker runs: at its time, after a dataset was made, and what it calls then."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from server_of_prefect import Server, environment

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

RUN_SECONDS = 240
SHOP = {
    "flowforge.toml": """\
[project]
name = "deployed_shop"
modules = ["deployed_shop"]
[pool.worked]
type = "process"
name = "deploy-worked"
[job.often]
select = "silver.clean"
schedule = { interval = "30s" }
concurrency = { limit = 1, on_collision = "cancel_new" }
pool = "worked"
[job.after]
select = "gold.total"
after = ["silver.clean"]
on_failure = ["deployed_shop:tell"]
pool = "worked"
""",
    "deployed_shop.py": """\
import os
from pathlib import Path

import polars as pl

from flowforge_assets import Col, Frame, Gold, Silver, Table, asset, col, key


class Clean(Silver):
    n: Col[int] = key()


class Total(Gold):
    n: Col[int] = col()


@asset
def clean() -> Table[Clean]:
    return pl.DataFrame({"n": [1, 2]})


@asset
def total(clean: Frame[Clean]) -> Frame[Total]:
    raise ValueError("not today")


def tell(failure):
    told = Path(os.environ["FLOWFORGE_HOME"], "told")
    told.write_text(f"{failure.job} {failure.state} {'not today' in failure.message}")
""",
}


def test_a_worker_runs_a_job_at_its_time_and_another_after_its_dataset(
    prefect_server: Server, tmp_path: Path
) -> None:
    server = prefect_server
    for name, text in SHOP.items():
        (tmp_path / name).write_text(text)
    pool = {"name": "deploy-worked", "type": "process", "base_job_template": {}}
    server.post("work_pools/", pool)
    added = command(server, tmp_path, "deploy", "--json", "--exit-code", code=3)
    assert [each["action"] for each in added["changes"]] == ["add"] * 3
    folder = tmp_path / ".flowforge" / "deploy" / "dev" / added["version"]
    assert (folder / "flow.py").is_file()
    with worker(server, "deploy-worked"):
        scheduled = ended_run(server, "SCHEDULE")
        assert scheduled["state_type"] == "COMPLETED", scheduled["state"]
        after = ended_run(server, "AUTOMATION")
        assert after["state_type"] == "FAILED", after["state"]
        assert (tmp_path / "told").read_text() == "after Failed True"
    assert f"flowforge-version:{added['version']}" in after["tags"]
    # The tables are the project's own, not those of the copy that ran.
    assert (tmp_path / ".flowforge" / "dev" / "lake" / "silver" / "clean").is_dir()
    assert command(server, tmp_path, "undeploy", "--json", code=0)["changes"] == [
        {"action": "remove", "kind": kind, "name": f"deployed_shop/{name}", "details": []}
        for kind, name in [
            ("automation", "dev.after: run after"),
            ("deployment", "dev.after"),
            ("deployment", "dev.often"),
        ]
    ]
    of_shop = {"flows": {"name": {"any_": ["deployed_shop"]}}}
    assert server.post("deployments/filter", of_shop) == []


def command(server: Server, folder: Path, *words: str, code: int) -> dict[str, Any]:
    """What `flowforge` answers, in a process of its own."""
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("flowforge")), *words],
        cwd=folder,
        env=environment(server.home, api_url=server.url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    data: dict[str, Any] = json.loads(ran.stdout)["data"]
    return data


@contextmanager
def worker(server: Server, pool: str) -> Generator[None]:
    """A worker of Prefect, which ends with the block together with all that it has started."""
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "flowforge_assets.execute.tether"),
            *(sys.executable, "-m", "prefect", "worker", "start", "--pool", pool),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(server.home, api_url=server.url) | {"PREFECT_WORKER_QUERY_SECONDS": "2"},
        start_new_session=True,
    ) as process:
        try:
            yield
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=60)


def ended_run(server: Server, created_by: str) -> dict[str, Any]:
    """The first run of the shop that was started in that way, when it has ended."""
    ended = {"COMPLETED", "FAILED", "CRASHED"}
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        for run in server.flow_runs("deployed_shop"):
            if run["created_by"]["type"] == created_by and run["state_type"] in ended:
                return run
        time.sleep(1)
    pytest.fail(f"no run that was started by {created_by} has ended in {RUN_SECONDS} s")
