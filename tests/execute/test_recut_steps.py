"""Tables that keep their history, whose steps are cut in another way one day."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Monthly, Silver, Static, asset, col, key
from pipelines import Function, Pipeline, pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-04")
MONTH = Monthly(start="2026-01", end="2026-01")
SHOP = Static("bern", "chur")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
BROKEN: set[tuple[str, int]] = set()


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    n: Col[int] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    return pl.LazyFrame({"day": [day], "n": [day.day]})


class Log(Silver):
    n: Col[int] = col()


class Taken(Silver):
    n: Col[int] = col()
    since: Col[datetime] = col(valid_from=True)


class Users(Silver):
    n: Col[int] = key()


@asset(write="append", per=DAY)
def log(raw: Frame[Raw]) -> Frame[Log]:
    return raw.select("n")


@asset(write="append", per=MONTH, name="log")
def log_by_month(raw: Frame[Raw]) -> Frame[Log]:
    return raw.select("n")


@asset(write="append", name="log")
def log_at_once(raw: Frame[Raw]) -> Frame[Log]:
    return raw.select("n")


@asset(write="snapshot", per=DAY)
def taken(raw: Frame[Raw]) -> Frame[Taken]:
    return raw.select("n")


@asset(write="snapshot", per=MONTH, name="taken")
def taken_by_month(raw: Frame[Raw]) -> Frame[Taken]:
    return raw.select("n")


@asset(write="merge", per=DAY)
def users(raw: Frame[Raw]) -> Frame[Users]:
    return raw.select("n")


@asset(write="merge", per=MONTH, name="users")
def users_by_month(raw: Frame[Raw]) -> Frame[Users]:
    return raw.select("n")


def later(p: Pipeline, *functions: Function) -> Pipeline:
    """The pipeline with other functions, on the same tables and ledger."""
    found = pipeline(p.folder, *functions)
    found.store, found.environment, found.now = p.store, p.environment, p.now
    return found


@STORES
@pytest.mark.parametrize(
    ("first", "second", "made"),
    [(log, log_by_month, Log), (log, log_at_once, Log), (taken, taken_by_month, Taken)],
)
def test_rows_of_steps_that_were_cut_in_another_way_are_kept(
    store: str, first: Function, second: Function, made: type, tmp_path: Path
) -> None:
    p = pipeline(tmp_path, raw, first, store=store)
    p.run()
    q = later(p, raw, second)
    plan = q.plan()
    assert not plan.steps
    assert [each.reason for each in plan.kept] == ["never made"]
    assert q.run().status == "succeeded"
    assert q.rows(made, "n") == [1, 2, 3, 4]


@STORES
def test_a_rebuild_makes_them_by_the_new_steps(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, log, store=store)
    p.run()
    q = later(p, raw, log_by_month)
    q.run(rebuild=True)
    assert q.rows(Log, "n") == [1, 2, 3, 4]
    assert not q.plan().steps
    assert not q.plan().kept


def test_what_is_written_by_key_is_written_by_the_new_steps(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users)
    p.run()
    q = later(p, raw, users_by_month)
    assert reasons(q.plan()) == {"users": ("never made", "2026-01")}
    q.run()
    assert q.rows(Users, "n") == [1, 2, 3, 4]


class Stock(Silver):
    shop: Col[str] = key()
    n: Col[int] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


@asset(write="scd2", per=SHOP.on("shop") * DAY.on("day"))
def stock(shop: str, day: date) -> Frame[Stock]:
    if (shop, day.day) in BROKEN:
        raise OSError("closed")
    return pl.LazyFrame({"shop": [shop], "n": [day.day]})


def test_a_shop_that_fails_holds_back_its_own_states_alone(tmp_path: Path) -> None:
    BROKEN.add(("bern", 2))
    p = pipeline(tmp_path, stock)
    p.run()
    BROKEN.clear()
    assert p.rows(Stock, "n") == [1, 1, 2, 3, 4]
    plan = p.plan()
    assert not plan.kept
    p.run()
    assert p.rows(Stock, "n") == [1, 1, 2, 2, 3, 3, 4, 4]
    assert not p.plan().steps
