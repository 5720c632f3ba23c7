"""A worker that is killed together with the run it has started, as when its machine is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from flowforge_assets import Project, compile_project
from flowforge_assets.record.ledger import Ledger
from server_of_prefect import Server
from worker_of_prefect import ENDED, deploy_here, ended_run, make_pool, wait_for, worker

WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]
pytestmark = [pytest.mark.prefect, pytest.mark.slow]

NAME = "killed_worker"
# The fourth day of what is sold is not done until its process is killed; the second time it is.
FILES = {
    "flowforge.toml": f"""\
[project]
name = "{NAME}"
modules = ["{NAME}"]
[pool.killed]
type = "process"
name = "killed"
[job.days]
pool = "killed"
""",
    f"{NAME}.py": """\
import os
import threading
from datetime import date
from pathlib import Path

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Silver, Table, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-06")
HOME = Path(os.environ.get("FLOWFORGE_HOME", "."))


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    n: Col[int] = key()


class Sold(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    n: Col[int] = key()


class Total(Gold):
    n: Col[int] = col()


def call(name: str) -> None:
    with (HOME / "calls").open("a") as calls:
        calls.write(f"{name} ")


@asset(write="append")
def raw(day: date) -> Table[Raw]:
    call(f"raw{day.day}")
    return pl.DataFrame({"day": [day, day], "n": [2 * day.day, 2 * day.day + 1]})


@asset(write="append")
def sold(day: date, raw: Frame[Raw]) -> Table[Sold]:
    call(f"sold{day.day}")
    if day.day == 4 and not (HOME / "met").exists():
        (HOME / "meeting").write_text(str(os.getpid()))
        (HOME / "meeting").rename(HOME / "met")
        threading.Event().wait()
    return raw.collect()


@asset
def total(sold: Frame[Sold]) -> Frame[Total]:
    return sold.select(pl.col("n").sum())
""",
}


def test_the_next_run_makes_what_a_killed_worker_left_and_nothing_twice(
    prefect_server: Server, write_project: WriteProject
) -> None:
    server, folder = prefect_server, write_project(FILES)
    make_pool(server, "killed")
    compile_project(Project.load(folder), folder / "build", plan=False)
    deploy_here(server, Project.load(folder), folder / "build")
    started_run(server)
    with worker(server, "killed") as tether:
        kill(line_between(met(server, folder), tether.pid))
    raw, sold = ([f"{name}{day}" for day in range(1, 7)] for name in ("raw", "sold"))
    assert calls(folder) == [*raw, *sold[:4]]
    # Days of milliseconds may wait for one another before they are committed.
    committed = sold_days(Project.load(folder))
    assert committed <= {1, 2, 3}

    second = started_run(server)
    with worker(server, "killed"):
        ended = ended_run(server, NAME, lambda run: run["id"] == second)
    assert ended["state_type"] == "COMPLETED", ended["state"]["message"]
    rest = [f"sold{day}" for day in range(1, 7) if day not in committed]
    assert calls(folder) == [*raw, *sold[:4], *rest]
    project = Project.load(folder)
    assert sold_days(project) == {*range(1, 7)}
    with Ledger.open(project.environment.ledger) as ledger:
        assert ledger.leases.live(is_gone=lambda _: False) == set()
    assert project.plan().steps == ()
    for name in ("raw", "sold"):
        days = project.read(name)["day"].dt.day().sort().to_list()
        assert days == sorted([*range(1, 7)] * 2)
    assert project.read("total")["n"].to_list() == [sum(range(2, 14))]


def sold_days(project: Project) -> set[int]:
    """The days of what is sold that the table says were committed."""
    table = project.table(project.dataset("sold"))
    commits = [] if table.version() is None else table.made()
    keys = chain.from_iterable(commit.partitions.keys() for commit in commits)
    return {date.fromisoformat(key).day for key in keys}


def met(server: Server, folder: Path) -> int:
    """The process of the first run, when it has come to the fourth day."""

    def look() -> int | None:
        [run] = server.flow_runs(NAME)
        assert run["state_type"] not in ENDED, run["state"]["message"]
        file = folder / "met"
        return int(file.read_text()) if file.exists() else None

    return wait_for(look, "the fourth day has not begun")


def started_run(server: Server) -> str:
    """The id of a run of the job that a worker is to start."""
    [deployment] = server.post("deployments/filter", {"flows": {"name": {"any_": [NAME]}}})
    run: dict[str, Any] = server.post(f"deployments/{deployment['id']}/create_flow_run", {})
    return str(run["id"])


def line_between(pid: int, above: int) -> list[int]:
    """A process and those that have started it, up to the one `above`, which is left out."""
    line = [pid]
    while (parent := parent_of(line[-1])) != above:
        assert parent > 1, line
        line.append(parent)
    return line


def parent_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])


def kill(pids: list[int]) -> None:
    """The worker first, so that it sees nothing of its run's end."""
    assert len(pids) > 1, "the run and its worker are processes of their own"
    for pid in reversed(pids):
        os.kill(pid, signal.SIGKILL)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().split()
