"""What type checkers know of datasets, columns, rows and assets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import assert_type

import polars as pl

from flowforge_assets import (
    BadRows,
    Bronze,
    Col,
    Daily,
    Frame,
    Retries,
    Rows,
    Silver,
    asset,
    check,
    col,
    key,
)

DAY = Daily(start="2013-01-01")


class RawFlights(Bronze, partition=DAY.on("day"), extra="keep"):
    day: Col[date] = col()
    tail_number: Col[str | None] = col()


class Flights(Silver, partition=DAY.on("day")):
    flight_id: Col[str] = key()
    day: Col[date] = col()
    delay: Col[float | None] = col(ge=-120, unit="min")


@asset(retries=2, timeout=timedelta(minutes=5))
def clean_flights(raw: Frame[RawFlights]) -> Frame[Flights]:
    return raw.filter(RawFlights.tail_number.is_not_null())


@asset(retries=Retries(3), bad_rows="quarantine", max_bad=0.01)
def deliver(day: date) -> Rows[RawFlights]:
    yield RawFlights(day=day, tail_number=None)


@check
def no_flight_twice(flights: Frame[Flights]) -> BadRows[Flights]:
    return flights.filter(Flights.flight_id.is_duplicated())


# A column is an expression on the class and a value on a row.
assert_type(Flights.delay, pl.Expr)
row = Flights(flight_id="a", day=date(2013, 1, 1), delay=None)
assert_type(row.flight_id, str)
assert_type(row.delay, float | None)

# An asset is still the function it was.
assert_type(clean_flights(pl.LazyFrame()), pl.LazyFrame)

Flights.dealy  # error: no such column
row.dealy  # error: no such column
Flights(flight_id=1, day=date(2013, 1, 1), delay=None)  # error: a number for a string
Flights(flight_id="a", day=date(2013, 1, 1))  # error: a column without a value
Flights("a", date(2013, 1, 1), None)  # error: values by position
clean_flights(7)  # error: not a frame
clean_flights(cooked=pl.LazyFrame())  # error: no such parameter
asset(write="upsert")  # error: no such way to write
asset(write="merge", latest="updated_at", deletes="is_gone")
asset(write="merge", latest=7)  # error: a number for the name of a column
asset(retry=2)  # error: no such option
asset(bad_rows="drop")  # error: no such policy
col(regex=7)  # error: a number for a pattern
col("Order ID")  # error: options by position
key(scope="world")  # error: no such scope
Daily()  # error: no start


@asset
def wrong_form() -> Frame[Flights]:
    return pl.DataFrame()  # error: an eager frame for a lazy one


@asset
def wrong_rows() -> Rows[Flights]:
    yield RawFlights(day=date(2013, 1, 1), tail_number=None)  # error: rows of another dataset


def no_dataset(numbers: Frame[int]) -> None: ...  # error: not a dataset
