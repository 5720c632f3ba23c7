"""Runs and their steps, as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import Dimension, PartitionSet, Span, Values
from flowforge_assets.errors.record import RunExists
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunCounts, RunRecord, StepEnd, StepRecord

FLIGHTS = DatasetKey("silver.flights")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DIMENSIONS = (Dimension("country", "static"), Dimension("day", "day", "Europe/Berlin"))
SOME = PartitionSet(DIMENSIONS, ((Values.of(["ch", "de"]), Span.of(16_000, 16_009)),))


def begin_runs(ledger: Ledger, run: Callable[..., RunRecord], *run_ids: str) -> None:
    """Runs that begin an hour after one another and end at once."""
    for hour, run_id in enumerate(run_ids):
        ledger.begin_run(run(run_id, NOON + timedelta(hours=hour)))
        ledger.end_run(run_id, "succeeded", RunCounts())


def test_a_run_that_goes_on_is_unfinished(ledger: Ledger, run: Callable[..., RunRecord]) -> None:
    ledger.begin_run(run())
    assert ledger.unfinished_runs() == [run()]
    assert ledger.runs() == [run()]


def test_a_run_is_read_with_how_it_ended(ledger: Ledger, run: Callable[..., RunRecord]) -> None:
    counts = RunCounts(made=4, failed=3, skipped=2, fresh=1)
    ledger.begin_run(run("a"))
    ledger.end_run("a", "failed", counts, clock=lambda: NOON)
    expected = replace(run("a"), status="failed", ended_at=NOON, counts=counts)
    assert ledger.find_run("a") == expected
    assert ledger.unfinished_runs() == []


def test_a_run_may_be_written_when_it_has_ended(
    ledger: Ledger, run: Callable[..., RunRecord]
) -> None:
    ended = replace(run(), status="cancelled", ended_at=NOON)
    ledger.begin_run(ended)
    assert ledger.find_run(ended.run_id) == ended


def test_a_run_that_is_not_recorded_is_not_found(ledger: Ledger) -> None:
    assert ledger.find_run("20260101T120000-0000") is None


def test_a_run_id_is_recorded_once(
    ledger: Ledger, run: Callable[..., RunRecord], step: Callable[..., StepRecord]
) -> None:
    ledger.begin_run(run("a"))
    with pytest.raises(RunExists) as caught:
        ledger.begin_run(run("a"), [step(run_id="a")])
    assert caught.value.render() == (
        "error[FF-508]: the run `a` is recorded already\nhint: run again"
    )
    assert ledger.steps_of("a") == []


def test_runs_come_newest_first(ledger: Ledger, run: Callable[..., RunRecord]) -> None:
    begin_runs(ledger, run, "a", "b", "c")
    assert [each.run_id for each in ledger.runs(2)] == ["c", "b"]


def test_planned_steps_are_there_before_they_begin(
    ledger: Ledger, run: Callable[..., RunRecord], step: Callable[..., StepRecord]
) -> None:
    planned = [step("a"), step("b", partitions=SOME)]
    ledger.begin_run(run(), planned)
    assert ledger.steps_of(run().run_id) == planned


def test_a_step_is_read_with_its_outcome(
    ledger: Ledger,
    run: Callable[..., RunRecord],
    step: Callable[..., StepRecord],
    commit: Callable[..., Made],
) -> None:
    made = replace(step("a"), status="made", started_at=NOON, seconds=0.25, rows=10)
    failed = replace(
        step("b", partitions=SOME),
        status="failed",
        started_at=NOON,
        seconds=1.5,
        error_code="FF-701",
        error_message="`clean_flights` raised `ZeroDivisionError`",
    )
    skipped = replace(step("c"), status="skipped")
    ledger.begin_run(run(), [step("a"), step("b", partitions=SOME), step("c")])
    ledger.record_made(made, [commit()])
    ledger.record_ended([StepEnd(failed)])
    ledger.record_ended([StepEnd(skipped)])
    assert ledger.steps_of(run().run_id) == [skipped, made, failed]


def test_a_step_that_was_not_planned_is_added(
    ledger: Ledger, run: Callable[..., RunRecord], step: Callable[..., StepRecord]
) -> None:
    failed = replace(step("late"), status="failed", started_at=NOON)
    ledger.begin_run(run(), [])
    ledger.record_ended([StepEnd(failed)])
    assert ledger.steps_of(run().run_id) == [failed]
    assert ledger.history(FLIGHTS) == [failed]


def test_the_history_of_a_dataset_is_its_ended_steps_newest_first(
    ledger: Ledger, run: Callable[..., RunRecord], step: Callable[..., StepRecord]
) -> None:
    weather = DatasetKey("silver.weather")
    for run_id in ("a", "b", "c"):
        both = step("both", run_id, makes=(FLIGHTS, weather))
        other = step("other", run_id, makes=(weather,))
        ledger.begin_run(run(run_id), [both, other, step("never", run_id)])
        ledger.record_ended([StepEnd(replace(both, status="failed", started_at=NOON))])
        ledger.record_ended([StepEnd(replace(other, status="skipped"))])
    assert [(each.run_id, each.step_id) for each in ledger.history(FLIGHTS, 2)] == [
        ("c", "both"),
        ("b", "both"),
    ]


def test_prune_keeps_the_newest_runs_and_their_steps(
    ledger: Ledger, run: Callable[..., RunRecord], step: Callable[..., StepRecord]
) -> None:
    begin_runs(ledger, run, "a", "b", "c")
    for run_id in ("a", "b", "c"):
        ledger.record_ended([StepEnd(replace(step(run_id=run_id), status="skipped"))])
    assert ledger.prune(keep_runs=1) == 2
    assert [each.run_id for each in ledger.runs()] == ["c"]
    assert [each.run_id for each in ledger.history(FLIGHTS)] == ["c"]
    assert ledger.steps_of("a") == []


def test_prune_keeps_what_began_since(ledger: Ledger, run: Callable[..., RunRecord]) -> None:
    begin_runs(ledger, run, "a", "b", "c")
    assert ledger.prune(keep_runs=0, older_than=NOON + timedelta(hours=1)) == 1
    assert [each.run_id for each in ledger.runs()] == ["c", "b"]


def test_prune_keeps_unfinished_runs(ledger: Ledger, run: Callable[..., RunRecord]) -> None:
    ledger.begin_run(run("a"))
    assert ledger.prune(keep_runs=0) == 0
    assert ledger.unfinished_runs() == [run("a")]


def test_prune_keeps_what_is_current(
    ledger: Ledger,
    run: Callable[..., RunRecord],
    step: Callable[..., StepRecord],
    commit: Callable[..., Made],
) -> None:
    begin_runs(ledger, run, "a")
    ledger.record_made(step(run_id="a"), [commit()])
    ledger.prune(keep_runs=0)
    assert ledger.current(FLIGHTS, ()) == [commit()]


def test_a_step_keeps_how_many_bytes_it_has_written(
    ledger: Ledger,
    run: Callable[..., RunRecord],
    step: Callable[..., StepRecord],
    commit: Callable[..., Made],
) -> None:
    ledger.begin_run(run(), [step("a"), step("b")])
    huge = replace(step("a"), status="made", rows=1, bytes_written=5_000_000_000_000)
    made = replace(commit(), bytes_written=5_000_000_000_000)
    ledger.record_made(huge, [made])
    assert {each.step_id: each.bytes_written for each in ledger.steps_of(run().run_id)} == {
        "a": 5_000_000_000_000,
        "b": None,
    }
    assert ledger.current(FLIGHTS, ()) == [made]
