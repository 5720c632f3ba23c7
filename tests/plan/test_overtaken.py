"""Merges whose order matters: an earlier step that is merged again has later ones after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Silver, asset, col, key
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.record.ledger import Ledger
from pipelines import pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-04")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
CITY: dict[str, str] = {}


class Raw(Bronze, partition=DAY.on("day")):
    user: Col[str] = key()
    city: Col[str] = col()
    day: Col[date] = col()


class Users(Silver):
    user: Col[str] = key()
    city: Col[str] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    city = CITY.get(str(day))
    users = [] if city is None else ["bob"]
    columns = {"user": users, "city": [city] * len(users)}
    schema = {"user": pl.String, "city": pl.String}
    return pl.LazyFrame(columns, schema=schema).with_columns(day=pl.lit(day))


@asset(write="merge", per=DAY)
def users(raw: Frame[Raw]) -> Frame[Users]:
    return raw.drop("day")


@pytest.fixture(autouse=True)
def cities() -> None:
    CITY.clear()
    CITY.update({"2026-01-01": "Bern", "2026-01-03": "Chur"})


@STORES
def test_an_earlier_step_that_is_merged_again_does_not_win(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users, store=store)
    p.run()
    assert p.rows(Users, "city") == ["Chur"]
    CITY["2026-01-01"] = "Basel"
    p.run(["bronze.raw"], partitions="2026-01-01", force=True)
    assert {(s.reason, s.partitions.render()) for s in p.plan().steps} == {
        ("input newer", "2026-01-01"),
        ("input newer", "2026-01-02..2026-01-04"),
    }
    p.run()
    assert p.rows(Users, "city") == ["Chur"]
    assert not p.plan().steps


@STORES
def test_an_earlier_step_asked_for_alone_leaves_the_later_ones_to_do(
    store: str, tmp_path: Path
) -> None:
    p = pipeline(tmp_path, raw, users, store=store)
    p.run()
    CITY["2026-01-01"] = "Basel"
    p.run(partitions="2026-01-01", force=True)
    assert reasons(p.plan()) == {"users": ("input newer", "2026-01-02..2026-01-04")}
    p.run()
    assert p.rows(Users, "city") == ["Chur"]
    assert not p.plan().steps


def test_steps_in_any_order_of_runs_end_as_in_order(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users)
    p.run(partitions="2026-01-03")
    p.run(partitions="2026-01-01,2026-01-04")
    p.run()
    assert p.rows(Users, "city") == ["Chur"]
    assert not p.plan().steps


def test_the_newest_step_alone_makes_no_other_stale(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users)
    p.run()
    CITY["2026-01-04"] = "Thun"
    p.run(["bronze.raw"], partitions="2026-01-04", force=True)
    assert reasons(p.plan()) == {"users": ("input newer", "2026-01-04")}


def test_what_cannot_all_be_made_anew_is_not_emptied(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users)
    p.run()
    dataset = p.graph.datasets[DatasetKey("bronze.raw")]
    with Ledger.open(p.environment.ledger_path) as ledger:
        gone = dataset.partitioning.parse("2026-01-01", p.now)
        made = [replace(m, partitions=m.partitions - gone) for m in p.table(Raw).made()]
        ledger.replace_all(dataset.key, made)
    p.run(["silver.users"], rebuild=True)
    assert p.rows(Users, "city") == ["Chur"]
    assert not p.ended()
