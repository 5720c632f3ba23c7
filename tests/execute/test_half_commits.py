"""Commits that fail between those of two outputs, or that may be there for all that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Silver, Table, asset, col, key
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.declare.describe import key_of
from flowforge_assets.errors.run import UnknownRunError
from flowforge_assets.execute.resume import plan_of_rest
from flowforge_assets.execute.run import RunResult
from flowforge_assets.plan.plan import Plan
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from half_commits import When, failing
from pipelines import Pipeline, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-04")
STORES = pytest.mark.parametrize("store", ["memory", "delta"])


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Merged(Silver):
    n: Col[int] = key()
    text: Col[str] = col()


class Merged2(Silver):
    n: Col[int] = key()
    text: Col[str] = col()


class Added(Silver):
    n: Col[int] = col()
    text: Col[str] = col()


class Added2(Silver):
    n: Col[int] = col()
    text: Col[str] = col()


class Dated(Silver):
    n: Col[int] = key()
    text: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class Dated2(Silver):
    n: Col[int] = key()
    text: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


@asset
def raw(day: date) -> Table[Raw]:
    return pl.DataFrame({"day": [day]})


def _said_on(day: date) -> pl.DataFrame:
    """One key that comes each day with another text, and one of the day."""
    return pl.DataFrame({"n": [0, day.day], "text": [f"on {day}", "once"]})


@asset(write="merge", per=DAY)
def merged(day: date, raw: Table[Raw]) -> tuple[Table[Merged], Table[Merged2]]:
    return _said_on(day), _said_on(day)


@asset(write="append", per=DAY)
def added(day: date, raw: Table[Raw]) -> tuple[Table[Added], Table[Added2]]:
    return _said_on(day), _said_on(day)


@asset(write="scd2", per=DAY)
def dated(day: date, raw: Table[Raw]) -> tuple[Table[Dated], Table[Dated2]]:
    return _said_on(day), _said_on(day)


Way = tuple[Callable[..., object], type, type, int]
WAYS = pytest.mark.parametrize(
    "way",
    [(merged, Merged, Merged2, 5), (added, Added, Added2, 8), (dated, Dated, Dated2, 8)],
    ids=["merge", "append", "scd2"],
)
WHERE = pytest.mark.parametrize(
    ("output", "when"), [(1, "before"), (1, "after"), (2, "before"), (2, "after")]
)


def run_that_fails(p: Pipeline, dataset: type, when: When, *, rebuild: bool = False) -> RunResult:
    """A run in which the commit to `dataset` that holds the third day fails."""
    doomed = key_of(dataset)
    failed: list[DatasetKey] = []

    def fails(key: DatasetKey, made: Made) -> When | None:
        is_third = "2026-01-03" in _days(made)
        if key != doomed or not is_third or failed:
            return None
        failed.append(key)
        return when

    real, p.store = p.store, failing(p.store, fails)
    result = p.run(rebuild=rebuild)
    p.store = real
    assert failed
    assert result.status == "failed"
    return result


def _days(made: Made) -> list[str]:
    return [made.partitions.dimensions[0].key(point[0]) for point in made.partitions.points()]


def resumed(p: Pipeline, run_id: str) -> RunResult:
    def rest(history: History) -> Plan:
        with Ledger.open(p.environment.ledger_path) as ledger:
            run, steps = ledger.find_run(run_id), ledger.steps_of(run_id)
        fingerprints = p.fingerprints()
        return plan_of_rest(p.graph, history, run_id, run, steps, fingerprints=fingerprints)

    return p.run_plan(rest)


@STORES
@WHERE
@WAYS
def test_the_next_run_loses_and_doubles_nothing(
    store: str, way: Way, output: int, when: When, tmp_path: Path
) -> None:
    function, first, second, rows = way
    p = pipeline(tmp_path, raw, function, store=store)
    run_that_fails(p, (first, second)[output - 1], when)
    p.run()
    assert len(p.rows(first)) == rows
    assert p.rows(first) == p.rows(second)
    assert not p.plan().steps


@pytest.mark.parametrize("is_resumed", [True, False])
@WHERE
@WAYS
def test_a_rebuild_that_failed_halfway_goes_on(
    way: Way, output: int, when: When, tmp_path: Path, *, is_resumed: bool
) -> None:
    function, first, second, _ = way
    p = pipeline(tmp_path, raw, function)
    p.run()
    before = p.rows(first)
    failed = run_that_fails(p, (first, second)[output - 1], when, rebuild=True)
    try:
        resumed(p, failed.run_id) if is_resumed else p.run()
    except UnknownRunError:  # all of it was there
        assert (output, when) == (2, "after")
    assert p.rows(first) == p.rows(second) == before
    assert not p.plan().steps


@WHERE
@WAYS
def test_a_resumed_run_loses_and_doubles_nothing(
    way: Way, output: int, when: When, tmp_path: Path
) -> None:
    function, first, second, rows = way
    p = pipeline(tmp_path, raw, function)
    failed = run_that_fails(p, (first, second)[output - 1], when)
    try:
        resumed(p, failed.run_id)
    except UnknownRunError:  # all of it was there
        assert (output, when) == (2, "after")
    assert len(p.rows(first)) == rows
    assert p.rows(first) == p.rows(second)
    assert not p.plan().steps
