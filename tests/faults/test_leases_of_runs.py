"""Runs of several processes over the same and over other partitions, one of them frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets.record.ledger import Ledger

# The third day waits until the file `go` is there. Each call of an asset says so in `calls`.
PROJECT = """
from datetime import date
from pathlib import Path
from threading import Event

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Table, asset, col

HERE = Path(__file__).parent


class Raw(Bronze, partition=Daily("2026-01-01", "2026-01-31").on("day")):
    day: Col[date] = col()


class Other(Bronze):
    day: Col[date] = col()


def called(what: object) -> None:
    with (HERE / "calls").open("a") as calls:
        calls.write(f"{what}\\n")


@asset
def raw(day: date) -> Table[Raw]:
    called(day)
    if day == date(2026, 1, 3):
        print("third day", flush=True)
        while not (HERE / "go").exists():
            Event().wait(0.01)
    return pl.DataFrame({"day": [day]})


@asset
def other() -> Table[Other]:
    called("other")
    return pl.DataFrame({"day": [date(2026, 1, 1)]})
"""
RUN = """
import sys
from datetime import timedelta
from functools import partial

from flowforge_assets import Project
from flowforge_assets.core.event import Event
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.execute import session

root, select, partitions, seconds = sys.argv[1:]
session.Turn = partial(session.Turn, expiry=timedelta(seconds=float(seconds)))

def show(event: Event) -> None:
    if event.event in ("waiting", "run_finished"):
        print(event.event, event.status, dict(event.counts or {}).get("made"), flush=True)

try:
    Project.load(root).run(select, partitions=partitions or None, on_event=show)
except FlowForgeError as error:
    sys.exit(error.code)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "flowforge.toml").write_text('[project]\nmodules = ["leased_feed"]\n')
    (tmp_path / "leased_feed.py").write_text(PROJECT)
    return tmp_path


def start(
    root: Path, select: str, partitions: str = "", *, seconds: float = 60
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(root), select, partitions, str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    assert said, process.stderr.read() if process.stderr else ""
    return said


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=60)
    return (out + err).strip()


def calls(root: Path) -> list[str]:
    return sorted((root / "calls").read_text().splitlines())


def made_days(root: Path) -> list[int]:
    folder = root / ".flowforge/dev/lake/bronze/raw"
    return [each.day for each in pl.scan_delta(str(folder)).collect()["day"].sort()]


def statuses(root: Path) -> list[str]:
    with closing(Ledger.open(root / ".flowforge/dev/ledger.db")) as ledger:
        return sorted(run.status for run in ledger.runs())


def test_runs_of_other_partitions_and_assets_go_on_side_by_side(root: Path) -> None:
    first = start(root, "raw", "2026-01-02..2026-01-04")
    try:
        assert line(first) == "third day"
        beside = start(root, "raw or other", "2026-01-20..2026-01-22")
        assert ended(beside) == "run_finished succeeded 2"  # while the first one waits
        assert first.poll() is None
        waits = start(root, "raw", "2026-01-04..2026-01-06")
        assert line(waits) == "waiting None None"
    finally:
        (root / "go").touch()
    assert ended(first) == "run_finished succeeded 1"
    assert ended(waits) == "run_finished succeeded 1"
    assert made_days(root) == [2, 3, 4, 5, 6, 20, 21, 22]
    assert len(calls(root)) == len(set(calls(root))) == 9
    assert statuses(root) == ["succeeded"] * 3
    assert not list((root / ".flowforge/dev/leases").iterdir())


def test_a_frozen_run_that_comes_back_commits_nothing(root: Path) -> None:
    frozen = start(root, "raw", "2026-01-02..2026-01-04", seconds=0.5)
    assert line(frozen) == "third day"
    os.kill(frozen.pid, signal.SIGSTOP)
    (root / "go").touch()
    try:
        second = start(root, "raw", "2026-01-02..2026-01-04")
        said = ended(second).splitlines()
        assert said[-1] == "run_finished succeeded 1"
    finally:
        os.kill(frozen.pid, signal.SIGCONT)
    assert ended(frozen).endswith("FF-509")
    assert made_days(root) == [2, 3, 4]
    log = root / ".flowforge/dev/lake/bronze/raw/_delta_log"
    assert len(list(log.glob("*.json"))) == 1
    assert statuses(root) == ["killed", "succeeded"]
    assert ended(start(root, "raw", "2026-01-02..2026-01-04")) == "run_finished succeeded 0"


def test_a_run_that_is_killed_frees_what_it_held_at_once(root: Path) -> None:
    killed = start(root, "raw", "2026-01-02..2026-01-04")
    assert line(killed) == "third day"
    waits = start(root, "raw", "2026-01-03..2026-01-05")
    assert line(waits) == "waiting None None"
    os.kill(killed.pid, signal.SIGSTOP)  # so that it makes nothing once the day may go on
    (root / "go").touch()
    killed.kill()
    killed.communicate()
    assert ended(waits) == "third day\nrun_finished succeeded 1"
    assert made_days(root) == [3, 4, 5]
    assert statuses(root) == ["killed", "succeeded"]
