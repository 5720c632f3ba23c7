"""Steps apart from partitions: late rows land where they belong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Frame, Gold, Hourly, Silver, asset, col, key
from pipelines import Pipeline, pipeline

HOUR = Hourly(start="2026-01-01T00", end="2026-01-01T03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])


class Events(Silver, partition=HOUR.on("hour")):
    id: Col[str] = key()
    hour: Col[datetime] = col()


class RawEvents(Bronze, partition=HOUR.on("arrived")):
    id: Col[str] = col()
    at: Col[datetime] = col()
    arrived: Col[datetime] = col()


class PerHour(Gold, partition=HOUR.on("hour")):
    hour: Col[datetime] = col()
    events: Col[int] = col()


ARRIVED: dict[int, list[tuple[str, int]]] = {}
"""The events that arrive in each hour, with the hour that they are of."""


@asset
def raw_events(arrived: datetime) -> Frame[RawEvents]:
    found = ARRIVED.get(arrived.hour, [])
    return pl.LazyFrame(
        {
            "id": [id_ for id_, _ in found],
            "at": [datetime(2026, 1, 1, hour, 30, tzinfo=UTC) for _, hour in found],
        },
        schema={"id": pl.String, "at": pl.Datetime("us", "UTC")},
    ).with_columns(arrived=pl.lit(arrived))


@asset(per=HOUR, write="merge")
def events(raw: Frame[RawEvents]) -> Frame[Events]:
    return raw.select("id", hour=RawEvents.at.dt.truncate("1h"))


@asset
def per_hour(hour: datetime, events: Frame[Events]) -> Frame[PerHour]:
    count = events.select(events=pl.len().cast(pl.Int64))
    return count.select(pl.lit(hour).alias("hour"), "events")


def counts(p: Pipeline) -> list[int]:
    return p.table(PerHour).scan().sort("hour").collect().get_column("events").to_list()


@STORES
def test_late_rows_make_only_their_readers_stale(store: str, tmp_path: Path) -> None:
    ARRIVED.clear()
    ARRIVED.update({0: [("a", 0)], 1: [("b", 1)], 2: [("c", 2)]})
    p = pipeline(tmp_path, raw_events, events, per_hour, store=store)
    p.run(partitions="2026-01-01T00..2026-01-01T02")
    assert counts(p) == [1, 1, 1]
    ARRIVED[3] = [("late", 0), ("d", 3)]
    p.run()
    assert counts(p) == [2, 1, 1, 1]
    ended = {part: how for (name, part), how in p.ended().items() if name == "per_hour"}
    assert ended == {
        "2026-01-01T00": "made",
        "2026-01-01T01": "fresh",
        "2026-01-01T02": "fresh",
        "2026-01-01T03": "made",
    }
    assert not p.plan().steps
