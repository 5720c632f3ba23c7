"""Runs on a real Dask cluster of two worker processes, by a real Prefect server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dask_cluster import dask_cluster
from server_of_prefect import Server, environment

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

LAKE = """\
import os
import signal
from datetime import date
from pathlib import Path

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Silver, Table, asset, col, key
from only_in_the_project import FACTOR

DAY = Daily(start="2026-01-01", end="2026-04-30")
HERE = Path(__file__).parent


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = key()
    n: Col[int] = col()
    pid: Col[int] = col()


class Clean(Silver, partition=DAY.on("day")):
    day: Col[date] = key()
    n: Col[int] = col()


class Total(Gold):
    n: Col[int] = col()


@asset(tags=["daily"])
def raw(day: date) -> Table[Raw]:
    with (HERE / "calls").open("a") as calls:
        calls.write(f"{day}\\n")
    if day == date(2026, 2, 24) and not (HERE / "killed").exists():
        (HERE / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return pl.DataFrame({"day": [day], "n": [FACTOR], "pid": [os.getpid()]})


@asset
def clean(raw: Frame[Raw]) -> Frame[Clean]:
    return raw.select("day", "n")


@asset
def total(clean: Frame[Clean]) -> Frame[Total]:
    return clean.select(pl.col("n").sum())
"""
RUN = """\
import json
import os
from dataclasses import replace

os.environ["DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT"] = "2s"  # how long for one that is not there

from flowforge_assets import FlowForgeError, Project, build_flow

project = Project.load("project")
flow = build_flow(project)
said = [{"pid": os.getpid()}]
for _ in range(2):
    result = flow()
    said.append({"made": result.made, "fresh": result.fresh, "status": result.status})
nowhere = replace(project.config.prefect, cluster="tcp://127.0.0.1:9")
project.config = replace(project.config, prefect=nowhere)
try:
    build_flow(project, force=True)()
except FlowForgeError as error:
    said.append({"code": error.code})
said.append({"days": project.read("bronze.raw").sort("day").select("n", "pid").to_dicts()})
said.append({"total": project.read("gold.total")["n"].to_list()})
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("on_dask")


@pytest.fixture(scope="module")
def said(prefect_server: Server, folder: Path) -> list[dict[str, Any]]:
    """What a run says in which a worker is killed, one more, and one without a cluster."""
    variables = environment(prefect_server.home)  # where the server is, they hear with a task
    with dask_cluster(folder, variables) as address:
        (folder / "project").mkdir()
        for name, text in {
            "flowforge.toml": (
                '[project]\nname = "on_dask"\nmodules = ["lake"]\n[prefect]\n'
                f'task_runner = "dask"\ncluster = "{address}"\n'
            ),
            "lake.py": LAKE,
            "only_in_the_project.py": "FACTOR = 2\n",
        }.items():
            (folder / "project" / name).write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", RUN],
            cwd=folder,
            env=environment(prefect_server.home, api_url=prefect_server.url),
            capture_output=True,
            text=True,
            timeout=300,  # three runs, for which two workers and one more load all that they need
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_run_is_whole_though_a_worker_is_killed_in_the_middle(said: list[dict[str, Any]]) -> None:
    assert said[1] == {"made": 3, "fresh": 0, "status": "succeeded"}
    days = said[4]["days"]
    assert [each["n"] for each in days] == [2] * 120
    assert said[5]["total"] == [240]


def test_what_was_committed_before_the_kill_is_not_made_again(
    said: list[dict[str, Any]], folder: Path
) -> None:
    calls = Counter((folder / "project" / "calls").read_text().splitlines())
    again = [day for day, times in sorted(calls.items()) if times > 1]
    # a worker was given sixty days: fifty were committed, five of the others had been begun
    assert again == [f"2026-02-{day}" for day in range(20, 25)]
    assert (len(calls), max(calls.values())) == (120, 2)


def test_all_workers_make_some_of_it_and_the_flow_none(said: list[dict[str, Any]]) -> None:
    days = said[4]["days"]
    first, last = ({each["pid"] for each in part} for part in (days[:50], days[60:]))
    assert len(first) == len(last) == 1
    assert first != last
    assert said[0]["pid"] not in first | last


def test_what_is_fresh_costs_no_task_and_a_cluster_that_is_gone_is_named(
    said: list[dict[str, Any]], prefect_server: Server
) -> None:
    assert said[2] == {"made": 0, "fresh": 3, "status": "succeeded"}
    assert said[3] == {"code": "FF-767"}
    last, fresh, first = prefect_server.flow_runs("on_dask")
    assert [run["state_type"] for run in (last, fresh, first)] == [
        "FAILED", "COMPLETED", "COMPLETED",
    ]  # fmt: skip


def test_prefect_sees_each_part_and_each_asset(
    said: list[dict[str, Any]], prefect_server: Server
) -> None:
    first = prefect_server.flow_runs("on_dask")[-1]
    tasks = prefect_server.task_runs(first["id"], 5)
    assert sorted(tasks) == [
        "bronze.raw 2026-01-01..2026-03-01",
        "bronze.raw 2026-03-02..2026-04-30",
        "gold.total",
        "silver.clean 2026-01-01..2026-03-01",
        "silver.clean 2026-03-02..2026-04-30",
    ]
    assert {task["state_type"] for task in tasks.values()} == {"COMPLETED"}
    assert tasks["bronze.raw 2026-01-01..2026-03-01"]["tags"] == ["daily"]
    events = prefect_server.asset_events(first["id"], "materialization.succeeded", 3)
    assert sorted(events) == [
        "flowforge://dev/bronze/raw", "flowforge://dev/gold/total", "flowforge://dev/silver/clean",
    ]  # fmt: skip
    assert events["flowforge://dev/gold/total"]["payload"]["rows"] == 1
