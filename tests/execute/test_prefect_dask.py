"""Runs on a real Dask cluster of two worker processes, by a real Prefect server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from dask_cluster import dask_cluster
from flowforge_assets import Project, compile_project
from server_of_prefect import Server, environment

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

TABLE: Final = "flowforge-steps"
NOTHING: Final[Mapping[str, str]] = {}

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
# Twelve assets in three lines, one that fails, and what reads it: of the process that made them.
LINES = (
    """\
import os

import polars as pl

from flowforge_assets import Col, Frame, Gold, Silver, Table, asset, col
from only_in_the_project import FACTOR

"""
    + "\n".join(
        f"""
class A{n}(Silver):
    n: Col[int] = col()
    pid: Col[int] = col()

@asset
def a{n}({f"up: Table[A{n - 1}]" if n % 4 else ""}) -> Table[A{n}]:
    found = {"up['n'][0] * FACTOR" if n % 4 else n + 1}
    return pl.DataFrame({{"n": [found], "pid": [os.getpid()]}})
"""
        for n in range(12)
    )
    + """
class Bad(Gold):
    n: Col[int] = col()

class Worse(Gold):
    n: Col[int] = col()

@asset
def bad(up: Frame[A3]) -> Table[Bad]:
    raise ValueError("no luck")

@asset
def worse(up: Frame[Bad]) -> Frame[Worse]:
    return up
"""
)
# What a worker of Prefect does with a deployment of the compiled folder.
RUN_BUNDLE = """\
import json
import os
from pathlib import Path

from prefect.flows import load_flow_from_entrypoint

from flowforge_assets import FlowForgeError, Project

flow = load_flow_from_entrypoint("flow.py:make", use_placeholder_flow=False)
said = {"pid": os.getpid()}
try:
    flow()
except FlowForgeError as error:
    said["code"] = error.code
result = flow(select="silver.*", force=True)
said["again"] = [result.status, result.made]
project = Project.load("bundle", home=Path(os.environ["FLOWFORGE_HOME"]))
rows = {f"a{n}": project.read(f"silver.a{n}").to_dicts()[0] for n in range(12)}
said["n"] = {name: row["n"] for name, row in rows.items()}
said["pids"] = sorted({row["pid"] for row in rows.values()})
print(json.dumps(said))
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
def address(prefect_server: Server, folder: Path) -> Iterator[str]:
    """The cluster, whose workers hear with a task alone where the server is."""
    with dask_cluster(folder, environment(prefect_server.home)) as found:
        yield found


def project(folder: Path, settings: str, files: Mapping[str, str]) -> Path:
    folder.mkdir()
    (folder / "flowforge.toml").write_text(settings)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def answered(
    server: Server, code: str, folder: Path, variables: Mapping[str, str] = NOTHING
) -> Any:  # noqa: ANN401 - as JSON has it
    """What the code, run in a process of its own, says in its last line."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**environment(server.home, api_url=server.url), **variables},
        capture_output=True,
        text=True,
        timeout=300,  # some runs, for which two workers and one more load all that they need
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def said(prefect_server: Server, folder: Path, address: str) -> list[dict[str, Any]]:
    """What a run says in which a worker is killed, one more, and one without a cluster."""
    settings = (
        '[project]\nname = "on_dask"\nmodules = ["lake"]\n[prefect]\n'
        f'task_runner = "dask"\ncluster = "{address}"\n'
    )
    files = {"lake.py": LAKE, "only_in_the_project.py": "FACTOR = 2\n"}
    project(folder / "project", settings, files)
    found: list[dict[str, Any]] = answered(prefect_server, RUN, folder)
    return found


@pytest.fixture(scope="module")
def bundled(prefect_server: Server, folder: Path, address: str) -> dict[str, Any]:
    """What the flow of a compiled project says: of all its assets, and of some once more."""
    settings = (
        '[project]\nname = "lines_on_dask"\nmodules = ["lines"]\n'
        f'[prefect]\ntask_runner = "dask"\ncluster = "{address}"\nmax_tasks = 4\n'
    )
    files = {"lines.py": LINES, "only_in_the_project.py": "FACTOR = 3\n"}
    root = project(folder / "lines", settings, files)
    compile_project(Project.load(root), folder / "build", plan=False)
    shutil.rmtree(root)
    (folder / "home").mkdir()
    variables = {"FLOWFORGE_HOME": str(folder / "home")}
    found: dict[str, Any] = answered(prefect_server, RUN_BUNDLE, folder / "build", variables)
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


def test_groups_of_a_compiled_project_are_made_by_the_workers(bundled: dict[str, Any]) -> None:
    assert bundled["code"] == "FF-701"
    assert bundled["n"] == {
        f"a{n}": (n - n % 4 + 1) * 3 ** (n % 4) for n in range(12)
    }  # what a module of the bundle says is heeded
    assert bundled["pid"] not in bundled["pids"]


def test_prefect_sees_few_tasks_and_each_asset_of_groups_on_a_cluster(
    bundled: dict[str, Any], prefect_server: Server
) -> None:
    again, first = prefect_server.flow_runs("lines_on_dask")
    assert (first["state_type"], again["state_type"]) == ("FAILED", "COMPLETED")
    assert "`bad` failed: ValueError: no luck" in first["state"]["message"]
    assert bundled["again"] == ["succeeded", 12]
    runs = prefect_server.task_runs(first["id"], 2)
    assert 1 < len(runs) <= 4
    made = prefect_server.asset_events(first["id"], "materialization.succeeded", 12)
    assert sorted(made) == sorted(f"flowforge://dev/silver/a{n}" for n in range(12))
    payload = made["flowforge://dev/silver/a3"]["payload"]
    assert payload["rows"] == 1
    assert payload["bytes"] > 0
    failed = prefect_server.asset_events(first["id"], "materialization.failed", 1)
    assert list(failed) == ["flowforge://dev/gold/bad"]
    found = prefect_server.post(
        "artifacts/filter",
        {"flow_runs": {"id": {"any_": [first["id"]]}}, "artifacts": {"key": {"any_": [TABLE]}}},
    )
    rows = {row["step"]: row for row in json.loads(found[0]["data"])}
    assert {name: row["status"] for name, row in rows.items() if name.startswith("gold")} == {
        "gold.bad": "failed",
        "gold.worse": "skipped",
    }
    assert rows["silver.a3"]["bytes"] == payload["bytes"]
