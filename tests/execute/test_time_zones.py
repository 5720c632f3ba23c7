"""Hours in UTC, added up into the days of a place whose clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Hourly, Lag, asset, col
from pipelines import Pipeline, pipeline, reasons

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = Hourly(start="2026-03-27T23", end="2026-03-30T21")
AUTUMN = Hourly(start="2026-10-23T22", end="2026-10-26T22")
SPRING_DAY = Daily(start="2026-03-28", end="2026-03-30", tz="Europe/Berlin")
AUTUMN_DAY = Daily(start="2026-10-24", end="2026-10-26", tz="Europe/Berlin")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
LATE: dict[datetime, int] = {}
"""Readings that are more than one an hour."""


class SpringReadings(Bronze, partition=SPRING.on("hour")):
    hour: Col[datetime] = col()


class AutumnReadings(Bronze, partition=AUTUMN.on("hour")):
    hour: Col[datetime] = col()


class SpringDays(Gold, partition=SPRING_DAY.on("day")):
    day: Col[date] = col()
    readings: Col[int] = col()
    first: Col[datetime] = col()
    last: Col[datetime] = col()


class AutumnDays(Gold, partition=AUTUMN_DAY.on("day")):
    day: Col[date] = col()
    readings: Col[int] = col()
    first: Col[datetime] = col()
    last: Col[datetime] = col()


class DayBefore(Gold, partition=AUTUMN_DAY.on("day")):
    day: Col[date] = col()
    readings: Col[int] = col()


def readings_of(hour: datetime) -> pl.LazyFrame:
    return pl.LazyFrame({"hour": [hour] * LATE.get(hour, 1)})


def added_up(day: date, readings: pl.LazyFrame) -> pl.LazyFrame:
    hour = pl.col("hour")
    return readings.select(
        day=pl.lit(day), readings=pl.len().cast(pl.Int64), first=hour.min(), last=hour.max()
    )


@asset
def spring_readings(hour: datetime) -> Frame[SpringReadings]:
    return readings_of(hour)


@asset
def autumn_readings(hour: datetime) -> Frame[AutumnReadings]:
    return readings_of(hour)


@asset
def spring_days(day: date, readings: Frame[SpringReadings]) -> Frame[SpringDays]:
    return added_up(day, readings)


@asset
def autumn_days(day: date, readings: Frame[AutumnReadings]) -> Frame[AutumnDays]:
    return added_up(day, readings)


@asset
def day_before(day: date, before: Annotated[Frame[AutumnDays], Lag(1)] | None) -> Frame[DayBefore]:
    if before is None:
        return pl.LazyFrame({"day": [day], "readings": [0]})
    return before.select(pl.lit(day).alias("day"), "readings")


@pytest.fixture(autouse=True)
def on_time() -> None:
    LATE.clear()


def later(p: Pipeline) -> Pipeline:
    p.now = datetime(2026, 12, 1, tzinfo=UTC)
    return p


def days(p: Pipeline, dataset: type) -> list[tuple[str, int, str, str]]:
    """Each day with its number of readings, and its first and last hour as a clock there has it."""
    return [
        (str(day), readings, *(f"{at.astimezone(BERLIN):%d %H%z}" for at in (first, last)))
        for day, readings, first, last in p.rows(dataset)
    ]


@STORES
def test_the_day_on_which_clocks_go_forward_has_23_hours(store: str, tmp_path: Path) -> None:
    p = later(pipeline(tmp_path, spring_readings, spring_days, store=store))
    assert p.run().status == "succeeded"
    assert days(p, SpringDays) == [
        ("2026-03-28", 24, "28 00+0100", "28 23+0100"),
        ("2026-03-29", 23, "29 00+0100", "29 23+0200"),
        ("2026-03-30", 24, "30 00+0200", "30 23+0200"),
    ]
    assert not p.plan().steps


@STORES
def test_the_day_on_which_clocks_go_back_has_25_hours(store: str, tmp_path: Path) -> None:
    p = later(pipeline(tmp_path, autumn_readings, autumn_days, store=store))
    assert p.run().status == "succeeded"
    assert days(p, AutumnDays) == [
        ("2026-10-24", 24, "24 00+0200", "24 23+0200"),
        ("2026-10-25", 25, "25 00+0200", "25 23+0100"),
        ("2026-10-26", 24, "26 00+0100", "26 23+0100"),
    ]
    assert not p.plan().steps


@pytest.mark.parametrize(
    ("hour", "day"),
    [
        ("2026-10-24T21", "2026-10-24"),
        ("2026-10-24T22", "2026-10-25"),
        ("2026-10-25T00", "2026-10-25"),  # 02 by the clock
        ("2026-10-25T01", "2026-10-25"),  # 02 by the clock, once more
        ("2026-10-25T22", "2026-10-25"),
        ("2026-10-25T23", "2026-10-26"),
    ],
)
def test_an_hour_that_changes_makes_its_day_there_stale(
    hour: str, day: str, tmp_path: Path
) -> None:
    p = later(pipeline(tmp_path, autumn_readings, autumn_days))
    p.run()
    LATE[datetime.fromisoformat(hour).replace(tzinfo=UTC)] = 2
    p.run(["bronze.autumn_readings"], partitions=hour, force=True)
    assert reasons(p.plan()) == {"autumn_days": ("input newer", day)}
    p.run()
    assert {str(at): n for at, n, *_ in p.rows(AutumnDays)}[day] == (26 if "25" in day else 25)


@pytest.mark.parametrize(
    ("hours", "planned"),
    [
        ("2026-03-28T23..2026-03-29T21", "2026-03-29"),
        ("2026-03-28T22..2026-03-29T22", "2026-03-28..2026-03-30"),
    ],
)
def test_days_are_planned_with_the_hours_that_they_hold(
    hours: str, planned: str, tmp_path: Path
) -> None:
    p = later(pipeline(tmp_path, spring_readings, spring_days))
    p.run()
    p.run(["bronze.spring_readings"], partitions=hours, force=True)
    assert not p.plan().steps  # the same rows again touch nothing
    for hour in p.rows(SpringReadings, "hour"):
        LATE[hour] = 2
    p.run(["bronze.spring_readings"], partitions=hours, force=True)
    assert reasons(p.plan()) == {"spring_days": ("input newer", planned)}


def test_a_day_waits_for_all_of_its_25_hours(tmp_path: Path) -> None:
    p = later(pipeline(tmp_path, autumn_readings, autumn_days))
    p.run(["bronze.autumn_readings"], partitions="2026-10-24T22..2026-10-25T21")
    assert not p.plan(["gold.autumn_days"]).steps
    p.run(["bronze.autumn_readings"], partitions="2026-10-25T22")
    assert reasons(p.plan(["gold.autumn_days"])) == {"autumn_days": ("never made", "2026-10-25")}


def test_the_day_before_is_a_day_there_however_long_it_is(tmp_path: Path) -> None:
    p = later(pipeline(tmp_path, autumn_readings, autumn_days, day_before))
    p.run()
    assert [readings for _, readings in p.rows(DayBefore)] == [0, 24, 25]
