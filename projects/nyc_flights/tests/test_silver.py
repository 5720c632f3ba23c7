from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from nyc_flights.bronze import airport_corrections
from nyc_flights.silver import clean_flights, clean_weather, correct_airports

FLIGHT: dict[str, Any] = {
    "day": date(2013, 1, 1),
    "dep_time": 517,
    "sched_dep_time": 515,
    "dep_delay": 2,
    "arr_time": 830,
    "sched_arr_time": 819,
    "arr_delay": 11,
    "carrier": "UA",
    "flight": 1545,
    "tailnum": "N14228",
    "origin": "EWR",
    "dest": "IAH",
    "air_time": 227,
    "distance": 1400,
}
NOT_FLOWN: dict[str, Any] = {
    "dep_time": None,
    "dep_delay": None,
    "arr_time": None,
    "arr_delay": None,
    "air_time": None,
}


def cleaned(**changes: object) -> dict[str, Any]:
    raw = pl.LazyFrame([FLIGHT | changes], schema_overrides=dict.fromkeys(NOT_FLOWN, pl.Int64))
    airports = pl.LazyFrame(
        {"airport": ["IAH", "SJU"], "time_zone": ["America/Chicago", "America/Puerto_Rico"]}
    )
    return clean_flights(raw, airports).collect().row(0, named=True)


def test_schedule_becomes_instants_of_the_airports_own_zones() -> None:
    flight = cleaned()
    assert flight["scheduled_departure"] == datetime(2013, 1, 1, 10, 15, tzinfo=UTC)
    assert flight["scheduled_arrival"] == datetime(2013, 1, 1, 14, 19, tzinfo=UTC)


def test_real_times_are_schedule_and_delay() -> None:
    flight = cleaned()
    assert flight["departure"] == datetime(2013, 1, 1, 10, 17, tzinfo=UTC)
    assert flight["arrival"] == datetime(2013, 1, 1, 14, 30, tzinfo=UTC)


def test_flight_after_midnight_keeps_its_scheduled_day() -> None:
    flight = cleaned(sched_dep_time=2359, dep_time=6, dep_delay=7, sched_arr_time=345)
    assert flight["day"] == date(2013, 1, 1)
    assert flight["departure"] == datetime(2013, 1, 2, 5, 6, tzinfo=UTC)
    assert flight["scheduled_arrival"] == datetime(2013, 1, 2, 9, 45, tzinfo=UTC)


def test_cancelled_flight_is_kept_and_marked() -> None:
    flight = cleaned(**NOT_FLOWN)
    assert flight["is_cancelled"]
    assert not flight["is_diverted"]
    assert flight["departure"] is None
    assert flight["scheduled_departure"] == datetime(2013, 1, 1, 10, 15, tzinfo=UTC)


def test_diverted_flight_is_marked_and_has_no_arrival() -> None:
    flight = cleaned(arr_delay=None, air_time=None)
    assert flight["is_diverted"]
    assert not flight["is_cancelled"]
    assert flight["arrival"] is None


def test_flight_has_a_readable_key() -> None:
    assert cleaned()["flight_id"] == "2013-01-01 UA1545 EWR"


def test_correction_replaces_or_adds_an_airport() -> None:
    raw = pl.LazyFrame(
        {
            "faa": ["EEN", "IAH"],
            "name": ["Dillant Hopkins Airport", "George Bush Intercontinental"],
            "lat": [72.270833, 29.984433],
            "lon": [42.898333, -95.341442],
            "alt": [149, 97],
            "tzone": [None, "America/Chicago"],
        }
    )
    airports = correct_airports(raw, airport_corrections().lazy()).collect()
    zones = dict(airports.select("airport", "time_zone").iter_rows())
    assert zones["IAH"] == "America/Chicago"
    assert zones["EEN"] == "America/New_York"
    assert zones["SJU"] == "America/Puerto_Rico"
    assert airports["airport"].is_unique().all()


def test_weather_hour_is_an_instant() -> None:
    names = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust"]
    names += ["precip", "pressure", "visib"]
    raw = pl.LazyFrame(
        {"origin": ["EWR"], "time_hour": ["2013-01-01T06:00:00Z"]} | {name: [1.0] for name in names}
    )
    assert clean_weather(raw).collect()["hour"].item() == datetime(2013, 1, 1, 6, tzinfo=UTC)
