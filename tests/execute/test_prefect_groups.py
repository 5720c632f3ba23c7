"""Runs of many steps through a real server, which is cancelled or lost on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flowforge_assets import Project
from flowforge_assets.record.ledger import Ledger
from server_of_prefect import Server, environment, free_port, in_project

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

# Twelve assets of a line each, three lines; one that fails, and what reads it.
MANY = """\
from pathlib import Path

import polars as pl

from flowforge_assets import Col, Frame, Gold, Rows, Silver, asset, col

CALLS = Path(__file__).parent / "calls"

""" + "\n".join(
    f"""
class A{n}(Silver):
    n: Col[int] = col()

@asset
def a{n}({f"up: Frame[A{n - 1}]" if n % 4 else ""}) -> {f"Frame[A{n}]" if n % 4 else f"Rows[A{n}]"}:
    return {"up" if n % 4 else f"[A{n}(n={n})]"}
"""
    for n in range(12)
)
BAD = """
class Bad(Gold):
    n: Col[int] = col()

class Worse(Gold):
    n: Col[int] = col()

@asset
def bad(up: Frame[A3]) -> Rows[Bad]:
    raise ValueError("no luck")

@asset
def worse(up: Frame[Bad]) -> Frame[Worse]:
    return up
"""
SLOW = """\
import time
from datetime import date

import polars as pl

from flowforge_assets import Col, Daily, Silver, Table, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-31")


class Slow(Silver, partition=DAY.on("day")):
    day: Col[date] = key()


@asset(per=DAY, batch=1)
def slow(day: date) -> Table[Slow]:
    time.sleep(0.5)
    return pl.DataFrame({"day": [day]})
"""
RUN = """\
import json
from flowforge_assets import Project

notes = []


def hear(event):
    if event.event == "note":
        notes.append(event.message)


result = Project.load(".").run(engine="prefect", on_event=hear)
codes = [error.code for error in result.errors]
print(json.dumps({"status": result.status, "made": result.made, "codes": codes, "notes": notes}))
"""
# The server is reached through a gate of ours, which is shut when the third step has ended.
SHUT_GATE = """\
import os
import selectors
import socket
from threading import Event, Thread
from urllib.parse import urlsplit

import flowforge_assets.execute.prefect_watch as prefect_watch

prefect_watch.LOST_SECONDS = 1.0
server = urlsplit(os.environ["PREFECT_API_URL"])
listener = socket.create_server(("127.0.0.1", 0))
os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
is_shut, sockets = Event(), []


def carry(one, other):
    try:
        while said := one.recv(65536):
            other.sendall(said)
    except OSError:
        pass
    finally:
        other.close()


def serve():
    while not is_shut.is_set():
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        called = socket.create_connection((server.hostname, server.port))
        sockets.extend((caller, called))
        Thread(target=carry, args=(caller, called), daemon=True).start()
        Thread(target=carry, args=(called, caller), daemon=True).start()


def shut():
    if is_shut.is_set():
        return
    is_shut.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for each in sockets:
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


Thread(target=serve, daemon=True).start()
"""
ANY_GATE = 'create_server(("127.0.0.1", 0))'
RUN_THROUGH_GATE = SHUT_GATE + RUN.replace(
    '    if event.event == "note":',
    '    if event.event == "step_finished" and event.asset in ("a2", "slow"):\n        shut()\n'
    '    if event.event == "note":',
)
# It is killed when all that comes before it in its line has ended.
KILLED = "import os\nimport signal\n" + RUN.replace(
    '    if event.event == "note":',
    '    if event.event == "step_finished" and event.asset == "a6":\n'
    "        os.kill(os.getpid(), signal.SIGKILL)\n"
    '    if event.event == "note":',
)
STOPPED = """\
except FlowForgeError as error:
    (step,) = Project.load(".").plan().steps
    print(json.dumps([error.code, step.partitions.count()]))
    raise SystemExit
codes = ["""


def project(folder: Path, name: str, assets: str, *, settings: str = "") -> Path:
    folder.mkdir()
    text = f'[project]\nname = "{name}"\nmodules = ["{name}"]\n{settings}'
    (folder / "flowforge.toml").write_text(text)
    (folder / f"{name}.py").write_text(assets)
    return folder


def run_of(server: Server, folder: Path, code: str = RUN) -> dict[str, Any]:
    ran = in_project(folder, code, home=server.home, api_url=server.url)
    assert ran.stdout, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def artifacts(server: Server, flow_run: str) -> dict[str, Any]:
    found = server.post("artifacts/filter", {"flow_runs": {"id": {"any_": [flow_run]}}})
    return {artifact["key"]: artifact["data"] for artifact in found}


def test_many_steps_are_few_tasks_and_each_asset_is_told_of(
    prefect_server: Server, tmp_path: Path
) -> None:
    settings = "[prefect]\nmax_tasks = 4\n"
    folder = project(tmp_path / "p", "in_groups", MANY + BAD, settings=settings)
    said = run_of(prefect_server, folder)
    assert (said["status"], said["made"], said["codes"]) == ("failed", 12, ["FF-701"])
    assert said["notes"] == []

    (flow_run,) = prefect_server.flow_runs("in_groups")
    assert flow_run["state"]["type"] == "FAILED"
    assert "`bad` failed: ValueError: no luck" in flow_run["state"]["message"]
    runs = prefect_server.task_runs(flow_run["id"], 2)
    assert 1 < len(runs) <= 4
    assert sorted(run["state_type"] for run in runs.values()).count("FAILED") == 1
    made = prefect_server.asset_events(flow_run["id"], "materialization.succeeded", 12)
    assert sorted(made) == sorted(f"flowforge://dev/silver/a{n}" for n in range(12))
    event = made["flowforge://dev/silver/a3"]
    assert event["payload"]["rows"] == 1
    assert event["payload"]["bytes"] > 0
    related = {each["prefect.resource.id"] for each in event["related"]}
    assert {"flowforge://dev/silver/a2", "flowforge"} <= related
    failed = prefect_server.asset_events(flow_run["id"], "materialization.failed", 1)
    assert list(failed) == ["flowforge://dev/gold/bad"]
    found = artifacts(prefect_server, flow_run["id"])
    rows = {row["step"]: row["status"] for row in json.loads(found["flowforge-steps"])}
    assert len(rows) == 14
    assert (rows["gold.bad"], rows["gold.worse"], rows["silver.a0"]) == (
        "failed",
        "skipped",
        "made",
    )
    assert found["flowforge-progress"] == 100


def test_a_flow_run_that_somebody_cancels_ends_at_the_next_partition(
    prefect_server: Server, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "cancelled_there", SLOW)
    ran = subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env=environment(prefect_server.home, api_url=prefect_server.url),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (found := [run for run in prefect_server.flow_runs("cancelled_there")
                             if run["state_type"] == "RUNNING"]):  # fmt: skip
            assert time.monotonic() < deadline
            time.sleep(0.3)
        state = {"state": {"type": "CANCELLING"}, "force": True}
        prefect_server.post(f"flow_runs/{found[0]['id']}/set_state", state)
        said = json.loads(ran.communicate(timeout=90)[0])
    finally:
        ran.kill()
    assert said["status"] == "cancelled"
    (flow_run,) = prefect_server.flow_runs("cancelled_there")
    assert flow_run["state_type"] == "CANCELLED"


def test_a_run_goes_on_without_its_server_and_a_later_one_tells_it(
    prefect_server: Server, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", "lost_server", MANY)
    gate = f'create_server(("127.0.0.1", {free_port()}))'  # a server is known by its address
    code = RUN_THROUGH_GATE.replace(ANY_GATE, gate)
    said = run_of(prefect_server, folder, code)
    assert (said["status"], said["made"]) == ("succeeded", 12)
    assert said["notes"][-1] == "the Prefect server will be told of this run by a later one"
    (flow_run,) = prefect_server.flow_runs("lost_server")
    assert flow_run["state_type"] == "RUNNING"

    later = run_of(prefect_server, folder, SHUT_GATE.replace(ANY_GATE, gate) + RUN)
    assert (later["status"], later["made"]) == ("succeeded", 0)
    told = f"the Prefect server was told later of run {run_ids(folder)[0]}: "
    (note,) = (note for note in later["notes"] if note.startswith(told))
    assert note.endswith(" events and how it ended")
    lost = prefect_server.flow_runs("lost_server")[-1]
    assert lost["id"] == flow_run["id"]
    assert lost["state_type"] == "COMPLETED"
    made = prefect_server.asset_events(flow_run["id"], "materialization.succeeded", 12)
    assert len(made) == 12


def test_a_run_stops_with_its_server_where_the_project_says_so(
    prefect_server: Server, tmp_path: Path
) -> None:
    settings = '[prefect]\non_lost_server = "stop"\n'
    folder = project(tmp_path / "p", "stops_alone", SLOW, settings=settings)
    code = RUN_THROUGH_GATE.replace(
        "result = ", "from flowforge_assets import FlowForgeError\ntry:\n    result = "
    ).replace("codes = [", STOPPED)
    ran = in_project(folder, code, home=prefect_server.home, api_url=prefect_server.url)
    assert ran.stdout, ran.stderr
    error, left = json.loads(ran.stdout)
    assert error == "FF-857", ran.stderr
    assert 0 < left < 31


def test_of_what_a_killed_run_has_made_the_next_one_tells(
    prefect_server: Server, tmp_path: Path
) -> None:
    settings = "[prefect]\nmax_tasks = 2\n"
    folder = project(tmp_path / "p", "killed_untold", MANY, settings=settings)
    ran = in_project(folder, KILLED, home=prefect_server.home, api_url=prefect_server.url)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    (killed,) = prefect_server.flow_runs("killed_untold")

    said = run_of(prefect_server, folder)
    before = 12 - said["made"]
    assert (said["status"], before >= 3) == ("succeeded", True)
    told = f"was told later of run {run_ids(folder)[0]}: {before} events"
    assert [note for note in said["notes"] if told in note], said["notes"]
    states = {run["id"]: run["state_type"] for run in prefect_server.flow_runs("killed_untold")}
    assert states.pop(killed["id"]) == "CRASHED"
    assert list(states.values()) == ["COMPLETED"]
    made = prefect_server.asset_events(killed["id"], "materialization.succeeded", before)
    again = prefect_server.asset_events(
        prefect_server.flow_runs("killed_untold")[0]["id"],
        "materialization.succeeded",
        said["made"],
    )
    assert len(made) + len(again) == len(made | again) == 12
    payload = made["flowforge://dev/silver/a6"]["payload"]
    assert (payload["rows"], payload["run_id"]) == (1, run_ids(folder)[0])
    assert run_of(prefect_server, folder)["notes"] == []


def run_ids(folder: Path) -> list[str]:
    """The ids of the project's runs, the oldest first."""
    with Ledger.open(Project.load(folder).environment.ledger) as ledger:
        return [run.run_id for run in reversed(ledger.runs())]
