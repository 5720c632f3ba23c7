"""Readers of what changed in partitions: each has its own account of what it has seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Changes, Col, Daily, Frame, Silver, asset, col
from flowforge_assets.storage.upkeep import Upkeep
from pipelines import pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
EVENTS: list[tuple[int, int]] = []
"""What has happened so far: days of January, and numbers."""


class Events(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = col()


class Kept(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    number: Col[int] = col()


@asset
def events(day: date) -> Frame[Events]:
    numbers = [number for on, number in EVENTS if on == day.day]
    return pl.LazyFrame({"number": numbers}, schema={"number": pl.Int64}).select(
        day=pl.lit(day), number="number"
    )


@asset(write="append")
def kept(events: Changes[Events]) -> Frame[Kept]:
    return events


@pytest.fixture(autouse=True)
def _a_new_world() -> None:
    EVENTS.clear()


@STORES
def test_only_partitions_with_changes_have_steps(tmp_path: Path, store: str) -> None:
    EVENTS.extend([(1, 10), (2, 20)])
    lake = pipeline(tmp_path, events, kept, store=store)
    lake.run()
    EVENTS.append((2, 21))
    lake.run(["bronze.events"], partitions="2026-01-02", force=True)
    assert reasons(lake.plan()) == {"kept": ("input newer", "2026-01-02")}
    lake.run()
    assert lake.rows(Kept, "number") == [10, 20, 21]
    assert lake.ended() == {("kept", "2026-01-02"): "made"}


@STORES
def test_a_partition_keeps_its_changes_until_it_is_made(tmp_path: Path, store: str) -> None:
    EVENTS.extend([(1, 10), (2, 20)])
    lake = pipeline(tmp_path, events, kept, store=store)
    lake.run()
    EVENTS.extend([(1, 11), (2, 21)])
    lake.run(["bronze.events"], force=True)
    lake.run(["silver.kept"], partitions="2026-01-02")
    EVENTS.append((1, 12))
    lake.run(["bronze.events"], force=True)
    lake.run()
    assert lake.rows(Kept, "number") == [10, 11, 12, 20, 21]


@STORES
def test_a_rebuilt_reader_takes_all_rows_once(tmp_path: Path, store: str) -> None:
    EVENTS.extend([(1, 10), (2, 20), (3, 30)])
    lake = pipeline(tmp_path, events, kept, store=store)
    lake.run()
    EVENTS.append((3, 31))
    lake.run(["bronze.events"], force=True)
    lake.run(["silver.kept"], rebuild=True)
    lake.run()
    assert lake.rows(Kept, "number") == [10, 20, 30, 31]


@STORES
def test_late_rows_of_a_partition_that_was_quiet_for_long_are_told(
    tmp_path: Path, store: str
) -> None:
    EVENTS.extend([(1, 10), (2, 20)])
    lake = pipeline(tmp_path, events, kept, store=store)
    lake.run()
    for number in range(12):
        EVENTS.append((2, 21 + number))
        lake.run(["bronze.events"], partitions="2026-01-02", force=True)
        lake.run()
    later = datetime.now(UTC) + timedelta(days=1)
    lake.table(Events).maintain(Upkeep(keep_since=later, log_since=later, swept_before=later))
    EVENTS.append((1, 11))
    lake.run(["bronze.events"], partitions="2026-01-01", force=True)
    assert lake.run().errors == ()
    assert lake.rows(Kept, "number") == [10, 11, *range(20, 33)]
