from __future__ import annotations

import gc
import threading
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    Bronze,
    Col,
    Context,
    Daily,
    Frame,
    Gold,
    Retries,
    Silver,
    Table,
    asset,
    col,
)
from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.errors.record import LedgerDiskFull
from flowforge_assets.errors.run import StepFailedError, StepTimeoutError, UnknownRunError
from flowforge_assets.execute.resume import plan_of_rest
from flowforge_assets.plan.plan import Plan
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from pipelines import Pipeline, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-05")
AT_ONCE = Retries(3, delay_seconds=0)


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Clean(Silver, partition=DAY.on("day")):
    day: Col[date] = col()


class Side(Bronze):
    n: Col[int] = col()


class Total(Gold):
    n: Col[int] = col()


class Trouble(Exception):
    """What the assets here fail with."""


BAD_DAYS: set[int] = set()


@pytest.fixture(autouse=True)
def _no_bad_days() -> None:
    BAD_DAYS.clear()


@asset
def raw(day: date) -> Table[Raw]:
    if day.day in BAD_DAYS:
        msg = f"no file for {day}"
        raise Trouble(msg)
    return pl.DataFrame({"day": [day]})


@asset
def clean(rows: Frame[Raw]) -> Frame[Clean]:
    return rows


@asset
def total(rows: Frame[Clean]) -> Frame[Total]:
    return rows.select(n=pl.len().cast(pl.Int64))


@asset
def side() -> Table[Side]:
    return pl.DataFrame({"n": [1]})


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failed_partition_stops_only_what_reads_it(tmp_path: Path, workers: int) -> None:
    BAD_DAYS.add(3)
    found = pipeline(tmp_path, raw, clean, total, side, workers=workers)
    result = found.run()
    assert result.status == "failed"
    assert (result.made, result.failed, result.skipped) == (1, 1, 2)
    assert [type(error) for error in result.errors] == [StepFailedError]
    ended = found.ended()
    assert ended["raw", "2026-01-03"] == "failed"
    assert ended["clean", "2026-01-03"] == "skipped"
    assert ended["clean", "2026-01-04"] == "made"
    assert ended["total", None] == "skipped"
    assert ended["side", None] == "made"


def test_the_next_run_makes_what_is_left(tmp_path: Path) -> None:
    BAD_DAYS.add(3)
    found = pipeline(tmp_path, raw, clean, total, side)
    found.run()
    BAD_DAYS.clear()
    result = found.run()
    assert result.status == "succeeded"
    assert set(found.ended()) == {
        ("raw", "2026-01-03"),
        ("clean", "2026-01-03"),
        ("total", None),
    }
    assert found.rows(Total, "n") == [5]


def test_a_failure_shows_the_projects_own_lines_alone(tmp_path: Path) -> None:
    BAD_DAYS.add(3)
    (error,) = pipeline(tmp_path, raw).run().errors
    assert isinstance(error, StepFailedError)
    assert "Trouble: no file for 2026-01-03" in error.message
    assert "test_runs.py" in error.traceback_text
    assert "flowforge_assets" not in error.traceback_text


def test_a_run_without_work_succeeds(tmp_path: Path) -> None:
    found = pipeline(tmp_path, side)
    found.run()
    result = found.run()
    assert (result.status, result.made, result.fresh) == ("succeeded", 0, 1)


def test_events_tell_the_run_from_start_to_end(tmp_path: Path) -> None:
    found = pipeline(tmp_path, side)
    result = found.run()
    assert [event.event for event in found.events] == [
        "run_started",
        "step_started",
        "step_finished",
        "run_finished",
    ]
    assert found.events[-1].as_json() == {
        "event": "run_finished", "run_id": result.run_id, "asset": None, "partition": None,
        "status": "succeeded", "rows": None, "seconds": None,
        "made": 1, "failed": 0, "skipped": 0, "fresh": 0, "waiting": 0,
    }  # fmt: skip


def test_a_step_is_tried_again_as_often_as_it_says(tmp_path: Path) -> None:
    attempts: list[int] = []

    @asset(retries=AT_ONCE)
    def flaky(context: Context) -> Table[Side]:
        attempts.append(context.attempt)
        if context.attempt < 3:
            raise Trouble
        return pl.DataFrame({"n": [1]})

    assert pipeline(tmp_path, flaky).run().errors == ()
    assert attempts == [1, 2, 3]


def test_a_step_that_never_succeeds_fails_after_its_last_try(tmp_path: Path) -> None:
    attempts: list[int] = []

    @asset(retries=AT_ONCE)
    def flaky(context: Context) -> Table[Side]:
        attempts.append(context.attempt)
        raise Trouble

    result = pipeline(tmp_path, flaky).run()
    assert len(result.errors) == 1
    assert attempts == [1, 2, 3, 4]


def test_a_broken_promise_is_not_tried_again(tmp_path: Path) -> None:
    attempts: list[int] = []

    @asset(retries=AT_ONCE)
    def wrong(context: Context) -> Table[Side]:
        attempts.append(context.attempt)
        return pl.DataFrame({"m": [1]})

    assert pipeline(tmp_path, wrong).run().status == "failed"
    assert attempts == [1]


def test_a_wait_for_another_try_ends_with_the_run(tmp_path: Path) -> None:
    @asset(retries=Retries(1, delay_seconds=3600))
    def flaky() -> Table[Side]:
        found.stop.set()
        raise Trouble

    found = pipeline(tmp_path, flaky)
    assert found.run().status == "cancelled"


def test_a_step_that_takes_too_long_fails_and_writes_nothing(tmp_path: Path) -> None:
    gate = threading.Event()

    @asset(timeout=0.05)
    def slow() -> Table[Side]:
        gate.wait(10)
        return pl.DataFrame({"n": [1]})

    found = pipeline(tmp_path, slow)
    (error,) = found.run().errors
    gate.set()
    assert isinstance(error, StepTimeoutError)
    assert found.table(Side).version() is None


def test_the_time_limit_holds_for_lazy_work_as_well(tmp_path: Path) -> None:
    gate = threading.Event()

    def wait(rows: pl.DataFrame) -> pl.DataFrame:
        gate.wait(10)
        return rows

    @asset(timeout=0.05)
    def slow() -> Frame[Side]:
        return pl.LazyFrame({"n": [1]}).map_batches(wait, schema={"n": pl.Int64})

    (error,) = pipeline(tmp_path, slow).run().errors
    gate.set()
    assert isinstance(error, StepTimeoutError)


def test_a_stopped_run_is_cancelled_and_keeps_what_was_made(tmp_path: Path) -> None:
    @asset(name="stopping")
    def stopping(day: date) -> Table[Raw]:
        if day.day == 2:
            found.stop.set()
        return pl.DataFrame({"day": [day]})

    found = pipeline(tmp_path, stopping, clean)
    result = found.run()
    assert result.status == "cancelled"
    assert len(found.rows(Raw)) == 2
    with Ledger.open(found.environment.ledger_path) as ledger:
        (run,) = ledger.runs()
    assert run.status == "cancelled"


def _resumed(found: Pipeline, run_id: str) -> Plan:
    def plan(history: History) -> Plan:
        with Ledger.open(found.environment.ledger_path) as ledger:
            run, steps = ledger.find_run(run_id), ledger.steps_of(run_id)
        return plan_of_rest(
            found.graph, history, run_id, run, steps, fingerprints=found.fingerprints()
        )

    with Ledger.open(found.environment.ledger_path):
        pass
    result = plan(found.history())
    found.run_plan(plan)
    return result


def test_a_resumed_run_makes_exactly_what_was_left(tmp_path: Path) -> None:
    BAD_DAYS.update({2, 4})
    found = pipeline(tmp_path, raw, clean, total, side)
    result = found.run()
    BAD_DAYS.clear()
    found.codes["bronze.side"] = "changed since"
    plan = _resumed(found, result.run_id)
    assert {(step.asset, step.partitions.render()) for step in plan.steps} == {
        ("raw", "2026-01-02,2026-01-04"),
        ("clean", "2026-01-02,2026-01-04"),
        ("total", ""),
    }
    assert found.rows(Total, "n") == [5]
    assert ("side", None) not in found.ended()


def test_a_run_that_left_nothing_cannot_be_resumed(tmp_path: Path) -> None:
    found = pipeline(tmp_path, side)
    result = found.run()
    with pytest.raises(UnknownRunError, match="nothing left"):
        _resumed(found, result.run_id)


def test_what_a_later_run_made_is_not_left(tmp_path: Path) -> None:
    BAD_DAYS.add(2)
    found = pipeline(tmp_path, raw)
    result = found.run()
    BAD_DAYS.clear()
    found.run()
    with pytest.raises(UnknownRunError, match="nothing left"):
        _resumed(found, result.run_id)


def test_an_unknown_run_cannot_be_resumed(tmp_path: Path) -> None:
    found = pipeline(tmp_path, side)
    found.run()
    with pytest.raises(UnknownRunError, match="20200101"):
        _resumed(found, "20200101T000000-0000")


def test_many_partitions_are_committed_together(tmp_path: Path) -> None:
    class Many(Bronze, partition=Daily("2025-01-01", "2025-04-30").on("day")):
        day: Col[date] = col()

    @asset
    def many(day: date) -> Table[Many]:
        return pl.DataFrame({"day": [day]})

    found = pipeline(tmp_path, many, store="delta")
    assert found.run().errors == ()
    version = found.table(Many).version()
    assert version is not None
    assert version.version == 2
    assert len(found.rows(Many)) == 120


def test_garbage_is_looked_for_while_assets_are_made_and_not_while_they_are_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = pipeline(tmp_path, side)
    is_looked_for: list[bool] = []
    fingerprints = found.fingerprints

    def planning() -> dict[DatasetKey, Fingerprint]:
        is_looked_for.append(gc.isenabled())
        return fingerprints()

    monkeypatch.setattr(found, "fingerprints", planning)
    found.on_event = lambda _: is_looked_for.append(gc.isenabled())
    assert found.run().made == 1
    assert is_looked_for[0] is False
    assert set(is_looked_for[1:]) == {True}


def test_several_workers_make_the_same_as_one(tmp_path: Path) -> None:
    for workers in (1, 4):
        folder = tmp_path / str(workers)
        folder.mkdir()
        found = pipeline(folder, raw, clean, total, side, workers=workers, store="parquet")
        assert found.run().errors == ()
        assert found.rows(Total, "n") == [5]
        assert found.plan().steps == ()


def test_an_error_of_our_own_ends_the_run_as_failed(tmp_path: Path) -> None:
    def broken(event: Event) -> None:
        if event.event == "step_finished":
            msg = "a listener that fails"
            raise RuntimeError(msg)

    found = pipeline(tmp_path, side)
    found.on_event = broken
    with pytest.raises(RuntimeError, match="a listener"):
        found.run()
    with Ledger.open(found.environment.ledger_path) as ledger:
        (run,) = ledger.runs()
    assert run.status == "failed"


def test_a_commit_that_the_ledger_missed_is_found_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = pipeline(tmp_path, raw, side)

    def full(*_: object, **__: object) -> None:
        msg = "the disk is full"
        raise LedgerDiskFull(msg)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "record_ended", full)
        with pytest.raises(LedgerDiskFull):
            found.run(["bronze.raw"])
    assert len(found.rows(Raw)) == 5
    found.stop.clear()
    result = found.run()
    assert set(found.ended()) == {("side", None)}
    assert (result.made, result.fresh) == (1, 1)
