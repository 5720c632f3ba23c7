"""Flows through a real server; each project is its own flow and runs in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server_of_prefect import Server, environment, in_project

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

HEAD = """\
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from flowforge_assets import (
    Bronze, Col, Daily, Frame, Gold, Retries, Silver, Table, asset, col, key,
)

DAY = Daily(start="2026-01-01", end="2026-01-04")
CALLS = Path(__file__).parent / "calls"


class Raw(Bronze, partition=DAY.on("day"), owners=["ann"]):
    \"\"\"As delivered.\"\"\"

    day: Col[date] = key()
    n: Col[int] = col()


class Clean(Silver, partition=DAY.on("day")):
    day: Col[date] = key()
    n: Col[int] = col()


class Total(Gold):
    n: Col[int] = col()


@asset
def clean(raw: Frame[Raw]) -> Frame[Clean]:
    return raw


@asset
def total(clean: Frame[Clean]) -> Frame[Total]:
    return clean.select(pl.col("n").sum())


"""
GOOD = """\
@asset(tags=["daily"])
def raw(day: date) -> Table[Raw]:
    return pl.DataFrame({"day": [day], "n": [day.day]})
"""
NO_SECOND_DAY = """\
@asset
def raw(day: date) -> Table[Raw]:
    if day == date(2026, 1, 2):
        raise ValueError("no delivery")
    return pl.DataFrame({"day": [day], "n": [day.day]})
"""
# The second day fails twice, the third is too slow once.
FLAKY = """\
import time


@asset(retries=Retries(times=2, delay_seconds=0.01), timeout=timedelta(seconds=2))
def raw(day: date) -> Table[Raw]:
    with CALLS.open("a") as calls:
        calls.write(f"{day}\\n")
    called = CALLS.read_text().count(str(day))
    if day == date(2026, 1, 2) and called < 3:
        raise ValueError("not yet")
    if day == date(2026, 1, 3) and called < 2:
        time.sleep(3)
    return pl.DataFrame({"day": [day], "n": [day.day]})
"""
HOPELESS = """\


class Never(Gold):
    n: Col[int] = col()


@asset(retries=Retries(times=1, delay_seconds=0))
def never() -> Table[Never]:
    with CALLS.open("a") as calls:
        calls.write("never\\n")
    raise ValueError("never")
"""
CLOSED = """\
@asset(tags=["closed"])
def raw(day: date) -> Table[Raw]:
    return pl.DataFrame({"day": [day], "n": [day.day]})


class Other(Gold):
    n: Col[int] = col()


@asset
def other() -> Table[Other]:
    return pl.DataFrame({"n": [1]})
"""
RUN_FLOW = """\
import json
import sys
from flowforge_assets import FlowForgeError, Project, build_flow

flow = build_flow(Project.load("."))
for _ in range(int(sys.argv[1])):
    try:
        result = flow()
        print(json.dumps({"made": result.made, "fresh": result.fresh, "status": result.status}))
    except FlowForgeError as error:
        print(json.dumps({"code": error.code}))
"""
RUN_AND_STOP = """\
import signal
from threading import Event, Lock

from flowforge_assets import Project

project, stop, interrupt = Project.load("."), Event(), Event()
once = Lock()  # several assets may begin that day at a time; a second interrupt would end at once


def stopping(event):
    if (event.event, event.partition) == ("step_started", "2026-01-02"):
        stop.set()


def interrupting(event):
    is_day = (event.event, event.partition) == ("step_started", "2026-01-03")
    if is_day and once.acquire(blocking=False):
        signal.raise_signal(signal.SIGINT)
        interrupt.wait(30)
    if event.event == "run_finished":
        print(event.status)


result = project.run(engine="prefect", on_event=stopping, stop=stop)
print(result.status, result.made)
try:
    project.run(engine="prefect", on_event=interrupting, stop=interrupt)
except KeyboardInterrupt:
    print("interrupted")
print(project.plan().steps[0].partitions.render())
"""
RUN_AND_COUNT = """\
from prefect.events.worker import EventsWorker
from prefect.settings import get_current_settings
from flowforge_assets import Project

workers = set()
instance = EventsWorker.instance


def counted(*arguments):
    worker = instance(*arguments)
    workers.add(worker)
    return worker


def looking(event):
    if event.event == "run_started":
        print(get_current_settings().client.server_version_check_enabled)


EventsWorker.instance = counted
print(Project.load(".").run(engine="prefect", on_event=looking).made, len(workers))
"""


@pytest.fixture
def server(prefect_server: Server) -> Server:
    return prefect_server


def project(folder: Path, name: str, assets: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "flowforge.toml").write_text(f'[project]\nname = "{name}"\nmodules = ["{name}"]\n')
    (folder / f"{name}.py").write_text(HEAD + assets)
    return folder


def flow_of(server: Server, folder: Path, *, times: int = 1) -> list[dict[str, Any]]:
    """What each of the runs of the project's flow gave."""
    ran = in_project(folder, RUN_FLOW, str(times), home=server.home, api_url=server.url)
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(said) == times, ran.stderr
    return said


def flowforge(server: Server, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("flowforge"), "-C", folder, *arguments],
        env=environment(server.home, api_url=server.url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_run_has_one_worker_for_events_and_asks_for_the_version_once(
    server: Server, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "one_worker", GOOD)
    ran = in_project(folder, RUN_AND_COUNT, home=server.home, api_url=server.url)
    assert ran.stdout.split() == ["False", "3", "1"], ran.stderr


def test_a_flow_makes_all_assets_and_then_nothing(server: Server, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", "all_good", GOOD)
    assert flow_of(server, folder, times=2) == [
        {"made": 3, "fresh": 0, "status": "succeeded"},
        {"made": 0, "fresh": 3, "status": "succeeded"},
    ]

    second, first = server.flow_runs("all_good")
    assert first["state"]["type"] == second["state"]["type"] == "COMPLETED"
    assert second["state"]["message"] == "Made 0, fresh 3."
    assert server.task_runs(second["id"], 0) == {}

    runs = server.task_runs(first["id"], 3)
    days = "2026-01-01..2026-01-04"
    assert set(runs) == {f"bronze.raw {days}", f"silver.clean {days}", "gold.total"}
    raw, clean, total = (runs[f"bronze.raw {days}"], runs[f"silver.clean {days}"],
                         runs["gold.total"])  # fmt: skip
    assert raw["tags"] == ["daily"]
    assert clean["task_inputs"]["wait_for"] == [{"input_type": "task_run", "id": raw["id"]}]
    assert total["task_inputs"]["wait_for"] == [{"input_type": "task_run", "id": clean["id"]}]

    made = server.asset_events(first["id"], "materialization.succeeded", 3)
    keys = ["bronze/raw", "gold/total", "silver/clean"]
    assert sorted(made) == [f"flowforge://dev/{key}" for key in keys]
    event = made["flowforge://dev/silver/clean"]
    assert event["payload"]["rows"] == 4
    assert event["payload"]["bytes"] > 0
    assert event["payload"]["partitions"] == days
    related = {each["prefect.resource.id"] for each in event["related"]}
    assert "flowforge://dev/bronze/raw" in related
    of_raw = made["flowforge://dev/bronze/raw"]["resource"]
    assert of_raw["prefect.asset.description"] == "As delivered."
    assert json.loads(of_raw["prefect.asset.owners"]) == ["ann"]


def test_a_failure_stops_only_what_reads_it_and_is_what_the_flow_reports(
    server: Server, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "one_bad_day", NO_SECOND_DAY)
    assert flow_of(server, folder) == [{"code": "FF-701"}]

    (flow_run,) = server.flow_runs("one_bad_day")
    assert flow_run["state"]["type"] == "FAILED"
    assert "`raw` failed: ValueError: no delivery" in flow_run["state"]["message"]
    runs = server.task_runs(flow_run["id"], 3)
    states = {name.split()[0]: run["state_name"] for name, run in runs.items()}
    assert states == {
        "bronze.raw": "Failed", "silver.clean": "Completed", "gold.total": "NotReady",
    }  # fmt: skip
    clean = runs["silver.clean 2026-01-01..2026-01-04"]["state"]["message"]
    assert clean.startswith("3 rows made. Skipped 2026-01-02")
    failed = server.asset_events(flow_run["id"], "materialization.failed", 1)
    assert list(failed) == ["flowforge://dev/bronze/raw"]
    made = server.asset_events(flow_run["id"], "materialization.succeeded", 1)
    assert list(made) == ["flowforge://dev/silver/clean"]


def test_prefect_retries_what_failed_and_our_own_retries_do_not_multiply_with_its(
    server: Server, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "flaky", FLAKY + HOPELESS)
    assert flow_of(server, folder) == [{"code": "FF-701"}]

    called = (folder / "calls").read_text().split()
    assert {each: called.count(each) for each in sorted(called)} == {
        "2026-01-01": 1, "2026-01-02": 3, "2026-01-03": 2, "2026-01-04": 1, "never": 2,
    }  # fmt: skip
    (flow_run,) = server.flow_runs("flaky")
    runs = server.task_runs(flow_run["id"], 4)
    raw, never = runs["bronze.raw 2026-01-01..2026-01-04"], runs["gold.never"]
    assert (raw["state_name"], raw["run_count"]) == ("Completed", 3)
    assert (never["state_name"], never["run_count"]) == ("Failed", 2)


def test_the_command_line_runs_through_the_server_and_tells_it_as_a_local_run(
    server: Server, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "by_command", NO_SECOND_DAY)
    ran = flowforge(server, folder, "run", "--engine", "prefect", "--json")
    assert ran.returncode == 1, ran.stderr
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    last = events[-1]
    counts = {name: last[name] for name in ("status", "made", "failed", "skipped", "fresh")}
    assert counts == {"status": "failed", "made": 0, "failed": 1, "skipped": 2, "fresh": 0}
    assert [error["code"] for error in last["errors"]] == ["FF-701"]
    ended = [(e["asset"], e["partition"], e["status"]) for e in events
             if e["event"] == "step_finished" and e["asset"] == "clean"]  # fmt: skip
    assert ("clean", "2026-01-02", "skipped") in ended
    assert len(ended) == 4
    assert ran.stderr == ""


def test_a_run_ends_at_the_next_partition_when_it_is_stopped_or_interrupted(
    server: Server, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "stopped", GOOD)
    ran = in_project(folder, RUN_AND_STOP, home=server.home, api_url=server.url)
    expected = ["cancelled 1", "cancelled", "interrupted", "2026-01-04"]
    assert ran.stdout.splitlines() == expected, ran.stderr
    interrupted, stopped = server.flow_runs("stopped")
    assert stopped["state"]["type"] == "CANCELLED"
    assert interrupted["state"]["type"] == "CANCELLED"


def test_a_step_that_prefect_refuses_to_run_has_failed_and_what_reads_it_is_skipped(
    server: Server, tmp_path: Path
) -> None:
    server.post("concurrency_limits/", {"tag": "closed", "concurrency_limit": 0})
    folder = project(tmp_path / "p", "refused", CLOSED)
    ran = flowforge(server, folder, "run", "--engine", "prefect", "--json")
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    ended = {(e["asset"], e["status"]) for e in events if e["event"] == "step_finished"}
    assert ended == {
        ("raw", "failed"), ("clean", "skipped"), ("total", "skipped"), ("other", "made"),
    }, ran.stderr  # fmt: skip
    assert [error["code"] for error in events[-1]["errors"]] == ["FF-854"]
