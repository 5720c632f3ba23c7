"""What type checkers know of the whole language, in the pipelines of a city's rental bikes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, assert_type

import polars as pl

from flowforge_assets import (
    All,
    Artifact,
    Before,
    Bronze,
    Col,
    Daily,
    File,
    Frame,
    Gold,
    Has,
    Hourly,
    Lag,
    Latest,
    Out,
    Ref,
    Resource,
    Rows,
    Shape,
    Silver,
    Table,
    Written,
    asset,
    check,
    col,
    dataset,
    external,
    key,
    schemas,
)

HOUR = Hourly(start="2026-01-01T00")
DAY = Daily(start="2026-01-01")


# Steps apart from partitions: rides arrive late, so a step of one hour may change others.
class RawRides(Bronze, partition=HOUR.on("arrived"), extra="keep"):
    arrived: Col[datetime] = col()
    ride: Col[str] = col()
    bike: Col[str] = col()
    began: Col[datetime] = col()


class Rides(Silver, partition=HOUR.on("hour")):
    ride: Col[str] = key()
    bike: Col[str] = col()
    began: Col[datetime] = col()
    hour: Col[datetime] = col()


class Docked(Silver, partition=HOUR.on("hour")):
    bike: Col[str] = key()
    hour: Col[datetime] = key()
    rides_so_far: Col[int] = col(ge=0)


class BusyDays(Gold, partition=DAY.on("day")):
    day: Col[date] = key()
    bikes: Col[int] = col(ge=0)


@asset(per=HOUR, write="merge")
def rides(raw: Frame[RawRides], before: Before[Rides]) -> Frame[Rides]:
    assert_type(before, pl.LazyFrame)
    hour = RawRides.began.dt.truncate("1h")
    return raw.select("ride", "bike", "began", hour=hour).join(before, on="ride", how="anti")


@asset
def docked(
    hour: datetime, now: Frame[Rides], before: Annotated[Frame[Docked], Lag(1)] | None
) -> Frame[Docked]:
    count = now.group_by("bike").agg(rides_so_far=pl.len())
    if before is not None:
        count = pl.concat([count, before]).group_by("bike").agg(pl.sum("rides_so_far"))
    return count.with_columns(hour=pl.lit(hour))


@asset
def busy_days(
    rides: Annotated[Frame[Rides], Has(missing="skip")],
    every: Annotated[Table[Rides], All()],
) -> Frame[BusyDays]:
    assert_type(every, pl.DataFrame)
    return rides.group_by(day=Rides.began.dt.date()).agg(bikes=Rides.bike.n_unique())


# A table that keeps each state of a row, of a shape that another dataset shares.
class Rider(Shape):
    rider: Col[str] = key()
    mail: Col[str | None] = col(tags=["pii"])


class RawRiders(Rider, Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Riders(Rider, Silver):
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)
    is_rider: Col[bool] = col(current=True)


@asset(write="scd2")
def riders(raw: Frame[RawRiders]) -> Frame[Riders]:
    return raw.drop("day")


# One call that makes several datasets, as a tuple or row by row.
class Tickets(Bronze, partition=DAY.on("day")):
    ticket: Col[int] = key()
    day: Col[date] = col()


class Refunds(Bronze, partition=DAY.on("day")):
    ticket: Col[int] = key()
    day: Col[date] = col()


class Payments(Bronze, partition=DAY.on("day")):
    ticket: Col[int] = key()
    day: Col[date] = col()


class Fines(Bronze, partition=DAY.on("day")):
    ticket: Col[int] = key()
    day: Col[date] = col()


class Shop(Resource):
    url: str

    def sold(self, day: date) -> Iterator[int]:
        yield len(f"{self.url}/{day}")

    def submit(self, job: str, *, to: str) -> str:
        return f"{job} writes {to}"


def etag(shop: Shop) -> str:
    return shop.url


@asset(retries=3, schedule=timedelta(hours=1), version=etag)
def shop_day(day: date, shop: Shop) -> tuple[Frame[Tickets], Table[Payments]]:
    sold = pl.DataFrame({"ticket": list(shop.sold(day))}).with_columns(day=pl.lit(day))
    return sold.lazy(), sold


@asset
def desk(day: date, shop: Shop) -> Rows[Refunds | Fines]:
    for ticket in shop.sold(day):
        yield Refunds(ticket=ticket, day=day)
        yield Fines(ticket=ticket, day=day)


# Datasets made by calls, from a file of schemas and from one shape.
def copy_table(name: str, shop: Shop) -> pl.LazyFrame:
    return pl.LazyFrame({"id": [len(name + shop.url)]})


for name, columns in schemas("shop.json").items():
    table = dataset(f"shop.{name}", Bronze, columns=columns, extra="keep")
    asset(makes=table, name=f"copy_{name}")(partial(copy_table, name))


class Fare(Shape):
    fare: Col[int] = key()
    euros: Col[float] = col(ge=0)


def in_euros(raw: pl.LazyFrame, rate: float) -> pl.LazyFrame:
    return raw.with_columns(euros=Fare.euros * rate)


for city, rate in {"bern": 1.04, "graz": 1.0}.items():
    local = dataset(f"fares.{city}", Bronze, like=Fare)
    fares = dataset(f"fares.{city}", Silver, like=Fare, partition=DAY.on("day"))
    assert_type(fares, type[Silver])
    asset(makes=fares, reads={"raw": local}, name=f"{city}_in_euros")(partial(in_euros, rate=rate))


@check
def fares_are_low(fares: Frame[Fare]) -> Frame[Fare]:
    return fares.filter(Fare.euros > 1_000)


# Files.
class Forecast(Artifact, suffix=".json"): ...


class ForecastPage(Artifact, suffix=".html", layer=Silver, partition=DAY.on("day")): ...


class Expected(Gold):
    bike: Col[str] = key()
    rides: Col[float] = col(ge=0)


@asset
def train(days: Table[BusyDays], out: Path) -> tuple[File[Forecast], Table[Expected]]:
    model = out / "forecast.json"
    model.write_text(json.dumps({"mean": days.height}), encoding="utf-8")
    return model, days


@asset
def forecast_page(
    day: date, model: File[Forecast], last: Annotated[Frame[BusyDays], Latest()]
) -> File[ForecastPage]:
    assert_type(model, Path)
    return model.with_suffix(".html")


# Jobs that run elsewhere, and what someone else makes.
class Routes(Silver, partition=DAY.on("day")):
    route: Col[int] = key()
    day: Col[date] = col()


class Weather(Bronze, partition=DAY.on("day")):
    day: Col[date] = key()
    rain_mm: Col[float] = col(ge=0)


assert_type(external(Weather, at="weather", version=etag), type[Weather])


@asset(timeout=timedelta(hours=2))
def routes(day: date, rides: Ref[Tickets], out: Out[Routes], shop: Shop) -> Written[Routes]:
    assert_type(rides.url, str)
    assert_type(rides.version, int)
    return out.written(job=shop.submit(f"routes {day} of {rides.url}", to=out.url))


def artifact_as_frame(model: Frame[Forecast]) -> None: ...  # error: an artifact is a file
def table_as_file(rides: File[Rides]) -> None: ...  # error: a table is no file
def shape_as_file(fare: File[Fare]) -> None: ...  # error: a shape has no place
def file_before(model: Before[Forecast]) -> None: ...  # error: an artifact is a file
def place_of_a_file(model: Ref[Forecast]) -> None: ...  # error: an artifact is a file
def place_for_a_file(out: Out[Forecast]) -> None: ...  # error: an artifact is a file


@asset
def other_job(out: Out[Routes]) -> Written[Tickets]:
    return out.written()  # error: of another dataset


@asset
def other_rows(day: date) -> Rows[Refunds | Fines]:
    yield Payments(ticket=1, day=day)  # error: rows of a third dataset


@asset
def too_few(day: date) -> tuple[Frame[Tickets], Frame[Payments]]:
    return (pl.LazyFrame(),)  # error: one frame for two


@asset
def name_for_a_file(out: Path) -> File[Forecast]:
    return "forecast.json"  # error: a name is no path


asset(per="hour")  # error: no way to cut
asset(makes=Fare)  # error: a shape has no place
asset(makes="bronze.fares")  # error: a class, not a key
asset(reads={"raw": "bronze.fares"})  # error: a class, not a key
asset(in_place="yes")  # error: yes or no
asset(schedule=60)  # error: a cron text or a timedelta
asset(version="v1")  # error: a function that tells the version
dataset("fares.rome", "bronze")  # error: a class, not its name
dataset("fares.rome", Artifact)  # error: a file is no table
dataset("fares.rome", Bronze, like=Forecast)  # error: a file has no columns
dataset("fares.rome", Bronze, columns=["fare"])  # error: columns without types
dataset("fares.rome", Bronze, extra="warn")  # error: no such policy
external("bronze.weather")  # error: a class, not a key
