from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flowforge_assets.core.partition import Dimension, PartitionSet, Span
from flowforge_assets.record.backfills import Backfill, BackfillLog, Chunk
from flowforge_assets.record.database import LedgerPlace

DAY = (Dimension("day", "day"),)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def days(first: int, end: int) -> PartitionSet:
    return PartitionSet(DAY, ((Span.of(first, end),),))


def a_backfill(backfill_id: str) -> Backfill:
    return Backfill(backfill_id, NOON, "gold.*", "2026-01-01..2026-03-01", "gold.*", force=True)


CHUNKS = [Chunk(1, days(0, 100)), Chunk(2, days(100, 130)), Chunk(3, None)]


@pytest.fixture(params=["sqlite", "postgres"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> BackfillLog:
    is_file = request.param == "sqlite"
    place: LedgerPlace = (
        tmp_path / "ledger.db" if is_file else request.getfixturevalue("postgres_place")
    )
    found = BackfillLog(place)
    found.begin(a_backfill("one"), CHUNKS)
    return found


def test_a_backfill_and_its_chunks_are_read_as_written(log: BackfillLog) -> None:
    found = log.find("one")
    assert found is not None
    mine = replace(found.backfill, pid=0, host="")
    assert mine == a_backfill("one")
    assert (found.chunks, found.chunks_done, found.partitions) == (3, 0, 130)
    assert log.chunks("one") == CHUNKS
    assert log.find("another") is None


def test_progress_counts_chunks_and_partitions(log: BackfillLog) -> None:
    log.set_chunk("one", 1, "succeeded", "run1")
    log.set_chunk("one", 2, "failed", "run2")
    found = log.find("one")
    assert found is not None
    assert (found.chunks_done, found.chunks_failed, found.partitions_done) == (1, 1, 100)
    assert [chunk.run_id for chunk in log.chunks("one")] == ["run1", "run2", ""]


def test_the_newest_come_first(log: BackfillLog) -> None:
    log.begin(a_backfill("two"), CHUNKS[:1])
    assert [each.backfill.backfill_id for each in log.newest(5)] == ["two", "one"]
    assert len(log.newest(1)) == 1


def test_who_cancels_has_the_last_word(log: BackfillLog) -> None:
    assert log.cancel("one", LATER)
    log.end("one", "succeeded", LATER)
    assert log.status("one") == "cancelled"
    assert not log.cancel("one", LATER)


def test_a_cancelled_backfill_can_be_taken_up_again(log: BackfillLog) -> None:
    log.cancel("one", LATER)
    log.take("one")
    assert log.status("one") == "running"
    found = log.find("one")
    assert found is not None
    assert found.backfill.ended_at is None
    assert found.backfill.pid == os.getpid()


def test_one_whose_process_is_gone_was_killed(log: BackfillLog) -> None:
    found = log.find("one")
    assert found is not None
    assert not found.backfill.is_killed
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = replace(found.backfill, pid=ended.pid)
    assert gone.is_killed
    assert not replace(gone, host="elsewhere").is_killed
    assert not replace(gone, status="succeeded").is_killed


def test_a_million_partitions_are_a_row_of_a_few_bytes(tmp_path: Path) -> None:
    log = BackfillLog(tmp_path / "ledger.db")
    many = list(days(0, 1_000_000).chunks(1000))
    log.begin(a_backfill("one"), [Chunk(at, each) for at, each in enumerate(many, 1)])
    size_bytes = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size_bytes < 600_000  # 1,000 chunks and the empty tables
    assert log.chunks("one")[999].partitions == many[999]
