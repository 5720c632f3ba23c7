from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
from nyc_flights.local_time import first_after, instant, wall_time

NEW_YORK = "America/New_York"
LOS_ANGELES = "America/Los_Angeles"
ZONES = [NEW_YORK, LOS_ANGELES]


def wall(text: str) -> datetime:
    """What a wall clock shows, without a zone: `2013-03-10 02:30`."""
    return datetime.fromisoformat(text)


def value(expr: pl.Expr) -> object:
    return pl.select(expr).item()


def in_zone(text: str, zone: str) -> object:
    return value(instant(pl.lit(wall(text)), pl.lit(zone), zones=ZONES))


def arrival(departure: datetime, text: str, zone: str) -> object:
    return value(first_after(pl.lit(departure), pl.lit(wall(text)), pl.lit(zone), zones=ZONES))


def test_a_number_is_hours_and_minutes() -> None:
    assert value(wall_time(pl.lit(date(2013, 1, 1)), pl.lit(517))) == wall("2013-01-01 05:17")


def test_2400_is_the_midnight_that_ends_the_day() -> None:
    assert value(wall_time(pl.lit(date(2013, 1, 31)), pl.lit(2400))) == wall("2013-02-01 00:00")


def test_new_york_is_five_hours_behind_in_winter_and_four_in_summer() -> None:
    assert in_zone("2013-01-01 05:00", NEW_YORK) == datetime(2013, 1, 1, 10, tzinfo=UTC)
    assert in_zone("2013-07-01 05:00", NEW_YORK) == datetime(2013, 7, 1, 9, tzinfo=UTC)


def test_each_row_has_its_own_zone() -> None:
    noon = wall("2013-01-01 12:00")
    frame = pl.DataFrame({"wall": [noon, noon, noon], "zone": [LOS_ANGELES, NEW_YORK, None]})
    instants = frame.select(instant(pl.col("wall"), pl.col("zone"), zones=ZONES)).to_series()
    assert instants.to_list() == [
        datetime(2013, 1, 1, 20, tzinfo=UTC),
        datetime(2013, 1, 1, 17, tzinfo=UTC),
        None,
    ]


def test_a_time_that_the_clock_jumps_over_is_null() -> None:
    assert in_zone("2013-03-10 02:30", NEW_YORK) is None


def test_a_time_that_is_there_twice_is_the_first_one() -> None:
    assert in_zone("2013-11-03 01:30", NEW_YORK) == datetime(2013, 11, 3, 5, 30, tzinfo=UTC)


def test_a_flight_lands_on_the_day_it_leaves() -> None:
    landed = arrival(datetime(2013, 1, 1, 17, tzinfo=UTC), "2013-01-01 15:10", LOS_ANGELES)
    assert landed == datetime(2013, 1, 1, 23, 10, tzinfo=UTC)


def test_a_flight_over_midnight_lands_on_the_next_day() -> None:
    landed = arrival(datetime(2013, 1, 2, 4, tzinfo=UTC), "2013-01-01 00:15", NEW_YORK)
    assert landed == datetime(2013, 1, 2, 5, 15, tzinfo=UTC)


def test_the_next_day_may_have_another_offset() -> None:
    departure = datetime(2013, 3, 10, 4, 30, tzinfo=UTC)
    landed = arrival(departure, "2013-03-09 06:00", NEW_YORK)
    assert landed == datetime(2013, 3, 10, 10, 0, tzinfo=UTC)
