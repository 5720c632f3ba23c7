from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets.record.ledger import Ledger

# Each call of the asset says so in `calls`, and the third one waits until the file `go` is there.
PROJECT = """
from datetime import date
from pathlib import Path
from threading import Event

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Table, asset, col

HERE = Path(__file__).parent


class Raw(Bronze, partition=Daily("2026-01-01", "2026-03-01").on("day")):
    day: Col[date] = col()


@asset
def raw(day: date) -> Table[Raw]:
    with (HERE / "calls").open("a") as calls:
        calls.write(f"{day}\\n")
    if day == date(2026, 1, 3):
        print("third day", flush=True)
        while not (HERE / "go").exists():
            Event().wait(0.01)
    return pl.DataFrame({"day": [day]})
"""
RUN = """
import sys
from flowforge_assets import Project
from flowforge_assets.core.event import Event

def show(event: Event) -> None:
    if event.event in ("waiting", "run_finished"):
        print(event.event, event.status, flush=True)

try:
    Project.load(sys.argv[1]).run(on_event=show)
except KeyboardInterrupt:
    sys.exit(130)
"""
DAYS = 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "flowforge.toml").write_text('[project]\nmodules = ["slow_feed"]\n')
    (tmp_path / "slow_feed.py").write_text(PROJECT)
    return tmp_path


def start(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    """The next line that the run says."""
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    assert said, process.stderr.read() if process.stderr else ""
    return said


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what is left to read."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out + err


def made_days(root: Path) -> list[object]:
    """The days in the table, doubled ones twice."""
    folder = root / ".flowforge/dev/lake/bronze/raw"
    return pl.scan_delta(str(folder)).collect()["day"].sort().to_list()


def statuses(root: Path) -> list[str]:
    with Ledger.open(root / ".flowforge/dev/ledger.db") as ledger:
        return [run.status for run in reversed(ledger.runs())]


def test_ctrl_c_ends_after_the_step_going_on_and_a_rerun_makes_the_rest(root: Path) -> None:
    process = start(root)
    assert line(process) == "third day"
    process.send_signal(signal.SIGINT)
    (root / "go").touch()
    code, said = ended(process)
    assert code == 130, said
    assert "run_finished cancelled" in said
    assert "Traceback" not in said
    assert statuses(root) == ["cancelled"]
    done = made_days(root)
    assert len(done) == len(set(done)) >= 3
    assert len(done) < DAYS
    assert ended(start(root)) == (0, "run_finished succeeded\n")
    assert len(made_days(root)) == DAYS
    assert len((root / "calls").read_text().splitlines()) == DAYS


def test_a_second_run_waits_for_the_first_and_makes_nothing_twice(root: Path) -> None:
    first = start(root)
    assert line(first) == "third day"
    second = start(root)
    assert line(second) == "waiting None"
    (root / "go").touch()
    assert ended(first) == (0, "run_finished succeeded\n")
    assert ended(second) == (0, "run_finished succeeded\n")
    assert len(made_days(root)) == DAYS
    assert len((root / "calls").read_text().splitlines()) == DAYS


def test_a_killed_run_is_closed_by_the_next_one(root: Path) -> None:
    process = start(root)
    assert line(process) == "third day"
    process.kill()
    process.communicate()
    (root / "go").touch()
    code, said = ended(start(root))
    assert (code, said.splitlines()[-1]) == (0, "run_finished succeeded")
    assert sorted(statuses(root)) == ["killed", "succeeded"]
    assert len(made_days(root)) == DAYS
