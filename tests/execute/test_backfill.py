from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event as StopSignal
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.backfill import UnknownBackfillError
from flowforge_assets.execute.backfill import (
    ChunkResult,
    begin_backfill,
    found_backfill,
    make_backfill,
)
from flowforge_assets.record.backfills import BackfillLog, Progress

WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]
TOML = '[project]\nname = "days"\nmodules = ["days_to_fill"]\n'
CODE = """
import os
import time
from datetime import date
from pathlib import Path

import polars as pl

from flowforge_assets import (
    Bronze, Col, Daily, Frame, Gold, Partitions, Silver, Table, asset, col,
)

DAY = Daily("2026-01-01", "2026-02-19")


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Clean(Silver, partition=DAY.on("day")):
    day: Col[date] = col()


class Total(Gold):
    days: Col[int] = col()


@asset(batch=10)
def raw(days: Partitions[date]) -> Table[Raw]:
    with Path(__file__).with_name("calls").open("a") as file:
        file.write(f"{len(days)}\\n")
    time.sleep(float(os.environ.get("SLOW_SECONDS", "0")))
    if os.environ.get("BAD_DAY") and date.fromisoformat(os.environ["BAD_DAY"]) in days:
        raise ValueError("no such file")
    return pl.DataFrame({"day": list(days)})


@asset
def clean(raw: Frame[Raw]) -> Frame[Clean]:
    return raw


@asset
def total(rows: Frame[Clean]) -> Frame[Total]:
    return rows.select(days=pl.len().cast(pl.Int64))
"""


@pytest.fixture
def project(write_project: WriteProject) -> Project:
    return Project.load(write_project({"flowforge.toml": TOML, "days_to_fill.py": CODE}))


def made(
    project: Project, backfill_id: str, stop: StopSignal | None = None
) -> tuple[Progress, list[ChunkResult]]:
    results: list[ChunkResult] = []
    progress = make_backfill(
        project, backfill_id, on_event=lambda _: None, on_chunk=results.append, stop=stop
    )
    return progress, results


def calls(project: Project) -> list[int]:
    """Of how many days each call was, since they were last asked for."""
    file = project.root / "calls"
    found = [int(line) for line in file.read_text().splitlines()] if file.exists() else []
    file.unlink(missing_ok=True)
    return found


def test_an_asset_that_takes_sets_is_called_once_a_chunk(project: Project) -> None:
    backfill_id, _ = begin_backfill(project, None, "2026-01-01..2026-02-19")
    progress, results = made(project, backfill_id)
    assert (progress.backfill.status, progress.chunks, progress.chunks_done) == ("succeeded", 6, 6)
    assert calls(project) == [10] * 5
    assert [each.status for each in results] == ["succeeded"] * 6
    assert project.read("total").rows() == [(50,)]
    assert project.plan().steps == ()


def test_what_is_fresh_is_in_no_chunk(project: Project) -> None:
    project.run(partitions="2026-01-01..2026-01-31")
    _, chunks = begin_backfill(project, "raw or clean", None)
    assert [each.render() for each in chunks.sets] == [
        "2026-02-01..2026-02-10",
        "2026-02-11..2026-02-19",
    ]
    assert begin_backfill(project, "raw", "2026-01-05..2026-01-06")[0] == ""


def test_forced_it_makes_all_that_is_asked_for(project: Project) -> None:
    project.run("raw")
    calls(project)
    backfill_id, _ = begin_backfill(project, "raw", "2026-01-01..2026-01-15", most=5, force=True)
    made(project, backfill_id)
    assert calls(project) == [5, 5, 5]


def test_a_chunk_that_fails_does_not_stop_those_behind_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAD_DAY", "2026-01-15")
    backfill_id, _ = begin_backfill(project, "raw or clean", None)
    progress, results = made(project, backfill_id)
    assert [each.status for each in results].count("failed") == 1
    assert "no such file" in results[1].said
    assert (progress.backfill.status, progress.chunks_failed) == ("failed", 1)
    monkeypatch.delenv("BAD_DAY")
    calls(project)
    progress, results = made(project, backfill_id)
    assert (progress.backfill.status, calls(project)) == ("succeeded", [10])
    with pytest.raises(UnknownBackfillError, match="nothing left"):
        made(project, backfill_id)


def test_when_it_is_cancelled_it_ends_behind_the_step_that_is_going_on(project: Project) -> None:
    backfill_id, _ = begin_backfill(project, "raw", None)
    log = BackfillLog(project.environment.ledger)

    def cancel(_: ChunkResult) -> None:
        log.cancel(backfill_id, project.clock())

    progress = make_backfill(project, backfill_id, on_event=lambda _: None, on_chunk=cancel)
    assert (progress.backfill.status, progress.chunks_done) == ("cancelled", 1)
    progress, _ = made(project, backfill_id)
    assert (progress.backfill.status, calls(project)) == ("succeeded", [10] * 5)


def test_stopped_it_is_interrupted_and_can_be_resumed(project: Project) -> None:
    stop = StopSignal()
    stop.set()
    backfill_id, _ = begin_backfill(project, "raw", None)
    progress, _ = made(project, backfill_id, stop)
    assert (progress.backfill.status, progress.chunks_done) == ("interrupted", 0)


def test_a_backfill_that_is_not_known_is_refused(project: Project) -> None:
    with pytest.raises(UnknownBackfillError, match="no backfill is called `x`"):
        made(project, "x")
    project.run("raw", partitions="2026-01-01")
    with pytest.raises(UnknownBackfillError, match="no backfill is called `x`"):
        found_backfill(project, "x")


def test_killed_at_any_moment_it_goes_on_and_makes_nothing_twice(
    write_project: WriteProject,
) -> None:
    root = write_project({"flowforge.toml": TOML, "days_to_fill.py": CODE})
    project = Project.load(root)
    backfill_id, _ = begin_backfill(project, None, None)
    flowforge = str(Path(sys.executable).with_name("flowforge"))
    command = [flowforge, "backfill", "-C", str(root), "--resume", backfill_id]
    slow = {**os.environ, "SLOW_SECONDS": "0.3"}
    with subprocess.Popen(command, env=slow, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if line.startswith("succeeded") and " 2/6 " in line:
                break
        time.sleep(0.15)  # into the middle of the third chunk
        child.send_signal(signal.SIGKILL)
    killed = found_backfill(project, backfill_id)
    assert killed.backfill.is_killed
    assert 2 <= killed.chunks_done < 6
    calls(project)
    progress, _ = made(project, backfill_id)
    assert progress.backfill.status == "succeeded"
    assert sum(calls(project)) <= 50 - 10 * killed.chunks_done
    assert project.read("clean").height == project.read("clean").unique().height == 50
    assert project.read("total").rows() == [(50,)]
