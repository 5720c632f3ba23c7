from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
from nyc_flights.gold import carrier_delays, carrier_trend, weather_effect

DAY = date(2013, 1, 7)


def flights(delays: list[int | None]) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "day": [DAY] * len(delays),
            "carrier": ["UA"] * len(delays),
            "origin": ["EWR"] * len(delays),
            "scheduled_departure": [datetime(2013, 1, 7, 10, 15, tzinfo=UTC)] * len(delays),
            "departure_delay": delays,
            "is_cancelled": [delay is None for delay in delays],
            "is_diverted": [False] * len(delays),
        },
        schema_overrides={"departure_delay": pl.Int64},
    )


def weather(wind_speed: float | None, precipitation: float) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "origin": ["EWR"],
            "hour": [datetime(2013, 1, 7, 10, tzinfo=UTC)],
            "wind_speed": [wind_speed],
            "precipitation": [precipitation],
        },
        schema_overrides={"wind_speed": pl.Float64},
    )


def test_cancelled_flights_count_but_have_no_delay() -> None:
    row = carrier_delays(flights([0, 10, 20, None])).collect().row(0, named=True)
    assert (row["flights"], row["cancelled"]) == (4, 1)
    assert (row["mean_delay"], row["median_delay"]) == (10, 10)
    assert row["p90_delay"] == 18


def test_delay_is_null_where_no_flight_left() -> None:
    row = carrier_delays(flights([None, None])).collect().row(0, named=True)
    assert row["mean_delay"] is None


def test_trend_weighs_days_by_the_flights_that_left() -> None:
    week = pl.LazyFrame(
        {
            "day": [date(2013, 1, 6), DAY],
            "carrier": ["UA", "UA"],
            "flights": [3, 1],
            "cancelled": [1, 0],
            "mean_delay": [10.0, 40.0],
        }
    )
    row = carrier_trend(DAY, week).collect().row(0, named=True)
    assert row["day"] == DAY
    assert (row["flights"], row["cancelled_share"], row["mean_delay"]) == (4, 0.25, 20)


def test_trend_has_no_delay_when_all_was_cancelled() -> None:
    week = carrier_delays(flights([None]))
    assert carrier_trend(DAY, week).collect()["mean_delay"].item() is None


def test_flight_meets_the_weather_of_its_hour() -> None:
    row = weather_effect(flights([30, None]), weather(25.0, 0.1)).collect().row(0, named=True)
    assert (row["wind_from"], row["is_wet"]) == (20, True)
    assert (row["flights"], row["cancelled_share"], row["mean_delay"]) == (2, 0.5, 30)


def test_all_strong_winds_are_one_band() -> None:
    assert weather_effect(flights([0]), weather(42.5, 0)).collect()["wind_from"].item() == 30


def test_flight_without_a_report_is_left_out() -> None:
    assert weather_effect(flights([0]), weather(None, 0)).collect().is_empty()
