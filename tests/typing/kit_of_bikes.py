"""What type checkers know of tests of assets, as a user writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import assert_type

import polars as pl

from bike_lake import (
    BusyDays,
    Docked,
    Forecast,
    RawRiders,
    Rides,
    Shop,
    docked,
    riders,
    routes,
    shop_day,
    train,
)
from flowforge_assets import Out, Project, Ref
from flowforge_assets.testing import Ran, materialize, rows

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FakeShop(Shop):
    url = "shop"


def test_an_asset_is_called_as_the_function_that_it_is() -> None:
    given = rows(Rides, [{"bike": "red"}, {"bike": "red"}])
    assert_type(given, pl.LazyFrame)
    found = docked(NOON, given, None)
    assert found.collect().height == 1


def test_several_outputs_come_as_a_tuple() -> None:
    tickets, payments = shop_day(date(2026, 1, 1), FakeShop())
    assert_type(tickets, pl.LazyFrame)
    assert_type(payments, pl.DataFrame)


def test_files_are_written_where_the_test_says(tmp_path: Path) -> None:
    model, _ = train(rows(BusyDays, [{}]).collect(), tmp_path)
    assert_type(model, Path)
    assert model.exists()


def test_a_job_says_that_it_has_written() -> None:
    made = routes(date(2026, 1, 1), Ref("lake/tickets", 3), Out("lake/staged"), FakeShop())
    assert made.url == "lake/staged"


def test_partitions_are_made_one_after_the_other() -> None:
    ran = materialize(Docked, given={Rides: rows(Rides)}, partition="2026-01-01T00..2026-01-01T02")
    assert_type(ran, Ran)
    assert_type(ran[Docked], pl.DataFrame)


def test_states_of_rows_follow_one_another() -> None:
    day = {"rider": "ada", "day": date(2026, 1, 1)}
    ran = materialize("silver.riders", given={RawRiders: [day]}, now=NOON)
    ran = ran.again(given={RawRiders: [{**day, "mail": "ada@example.com"}]})
    assert ran["silver.riders"].height == 2
    materialize(riders, given={"bronze.raw_riders": [day]}, resources=[FakeShop()])


def test_what_was_made_is_read_back() -> None:
    project = Project.load("bikes")
    assert_type(project.read(Forecast), Path)
    assert_type(project.read(Rides, "2026-01-01T00", version=3), pl.DataFrame)
    assert_type(project.read("silver.rides"), pl.DataFrame)


Project.load("bikes").read(7)  # error: neither a class nor a key
materialize(Docked, given=[Rides])  # error: rows of which dataset
materialize(Docked, resources=["shop"])  # error: no resource
materialize(3)  # error: nothing that can be made
rows("silver.rides")  # error: a class, not a key
rows(Rides, ["red"])  # error: a row has names
