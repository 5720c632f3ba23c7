from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    Artifact,
    BadRows,
    Bronze,
    Col,
    Daily,
    File,
    Frame,
    Gold,
    Silver,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.execute.session import Session, looked_at
from flowforge_assets.execute.stored import StoredReport, examine_stored
from flowforge_assets.plan.plan import Plan
from pipelines import Pipeline, pipeline

DAY = Daily("2026-01-01", "2026-01-03")
PRICES: dict[str, float] = {}


class Prices(Bronze):
    name: Col[str] = key()
    price: Col[float] = col()


class States(Silver):
    name: Col[str] = key()
    price: Col[float] = col(ge=0)
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class Days(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    name: Col[str] = key()


class Seen(Gold):
    name: Col[str] = key()


class Page(Artifact, suffix=".txt"):
    """A report."""


@asset
def prices() -> Frame[Prices]:
    return pl.LazyFrame({"name": list(PRICES), "price": list(PRICES.values())})


@asset(write="scd2")
def states(prices: Frame[Prices]) -> Frame[States]:
    return prices


@asset
def days(day: date) -> Frame[Days]:
    return pl.LazyFrame({"day": [day], "name": ["a"]})


@asset(write="view")
def seen(prices: Frame[Prices]) -> Frame[Seen]:
    return prices.select("name")


@asset
def page(prices: Frame[Prices], out: Path) -> File[Page]:
    path = out / "page.txt"
    path.write_text("")
    return path


@check(blocking=False)
def none_is_dear(prices: Frame[Prices]) -> BadRows[Prices]:
    return prices.filter(Prices.price > 100)


@pytest.fixture
def made(tmp_path: Path) -> Pipeline:
    PRICES.clear()
    PRICES.update({"a": 1.0, "b": 200.0})
    pipe = pipeline(tmp_path, prices, states, days, seen, page, none_is_dear)
    assert not pipe.run().errors
    return pipe


def reports(pipe: Pipeline) -> dict[str, StoredReport]:
    session = Session(
        graph=pipe.graph,
        environment=pipe.environment,
        store=lambda: pipe.store,
        clock=pipe.clock,
        plan=lambda _: Plan("dev", (), (), (), {}),
    )
    history = pipe.history()
    with looked_at(session, history) as scope:
        found = list(examine_stored(scope, history, map(DatasetKey, pipe.graph.assets)))
    return {report.dataset: report for report in found}


def test_a_sound_lake_breaks_nothing(made: Pipeline) -> None:
    found = reports(made)
    assert all(report.passed for report in found.values())
    assert {key: report.rows for key, report in found.items()} == {
        "bronze.prices": 2,
        "silver.days": 3,
        "silver.states": 2,
        "gold.seen": 2,
    }


def test_a_check_that_does_not_block_is_told_and_passes(made: Pipeline) -> None:
    report = reports(made)["bronze.prices"]
    assert [(each.rule, each.bad_rows) for each in report.findings] == [("none_is_dear", 1)]
    assert report.passed
    assert (report.checks, report.error) == (1, None)


def test_several_states_of_a_row_are_not_one_key_twice(made: Pipeline) -> None:
    PRICES["a"] = 2.0
    made.now += timedelta(days=1)
    made.run(["bronze.prices", "silver.states"], force=True)
    report = reports(made)["silver.states"]
    assert (report.rows, report.passed) == (3, True)


def test_a_key_may_repeat_in_another_partition_only(made: Pipeline) -> None:
    assert reports(made)["silver.days"].passed
    twice = pl.DataFrame({"day": [date(2026, 1, 1)] * 2, "name": ["a", "a"]})
    table = made.table(Days)
    commit = table.made()[-1]
    replaced = made.graph.datasets[DatasetKey("silver.days")].partitioning.parse(
        "2026-01-01", datetime(2026, 2, 1, tzinfo=UTC)
    )
    table.commit(
        table.stage(twice), replace=replaced, made=replace(commit, step_id="by hand", touched=None)
    )
    report = reports(made)["silver.days"]
    assert not report.passed
    assert [(each.rule, each.bad_rows) for each in report.findings] == [("name is unique", 1)]


def test_what_was_never_made_has_no_rows(tmp_path: Path) -> None:
    report = reports(pipeline(tmp_path, prices))["bronze.prices"]
    assert (report.rows, report.passed) == (None, True)
