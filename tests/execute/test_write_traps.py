"""Ways of writing where rows could be lost, doubled, or dated wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Silver, Static, asset, col, key
from flowforge_assets.declare.describe import key_of
from flowforge_assets.errors.storage import StrayRowsError
from flowforge_assets.execute.bad_rows import bad_spec
from pipelines import Pipeline, pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")
BERLIN = Daily(start="2026-01-01", end="2026-01-03", tz="Europe/Berlin")
SHOP = Static("bern", "chur")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
FEED: dict[str, list[tuple[str, str]]] = {}
BROKEN: set[str] = set()
"""The days on which something is out of order."""


@pytest.fixture(autouse=True)
def feed() -> None:
    """Three days, on each of which one user moves."""
    BROKEN.clear()
    FEED.clear()
    FEED["2026-01-01"] = [("ann", "Bern"), ("bob", "Chur")]
    FEED["2026-01-02"] = [("ann", "Thun"), ("bob", "Chur")]
    FEED["2026-01-03"] = [("ann", "Genf"), ("bob", "Chur")]


def at(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


class RawUsers(Bronze, partition=DAY.on("day")):
    user: Col[str] = col()
    city: Col[str] = col()
    day: Col[date] = col()


@asset
def raw_users(day: date) -> Frame[RawUsers]:
    if f"raw {day}" in BROKEN:
        raise OSError("the source is away")
    schema = {"user": pl.String, "city": pl.String}
    return pl.LazyFrame(FEED.get(str(day), []), schema=schema, orient="row").with_columns(
        day=pl.lit(day)
    )


class Taken(Silver):
    user: Col[str] = col()
    city: Col[str] = col()
    taken: Col[datetime] = col(valid_from=True)


@asset(write="snapshot", per=DAY)
def taken(raw: Frame[RawUsers]) -> Frame[Taken]:
    return raw.drop("day")


@STORES
def test_a_snapshot_that_became_empty_replaces_its_own_state(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, taken, store=store)
    p.run()
    FEED["2026-01-02"] = []
    p.run(["bronze.raw_users"], partitions="2026-01-02", force=True)
    p.run()
    assert [time.day for time in sorted(p.rows(Taken, "taken"))] == [1, 1, 3, 3]
    assert not p.plan().steps


class Stock(Silver, partition=SHOP.on("shop")):
    shop: Col[str] = col()
    item: Col[str] = col()
    counted: Col[datetime] = col(valid_from=True)


@asset(write="snapshot")
def stock(shop: str) -> Frame[Stock]:
    other = "bern" if "stray" in BROKEN else shop
    return pl.LazyFrame({"shop": [other], "item": ["tea"]})


@STORES
def test_snapshots_of_one_time_leave_one_another_alone(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, stock, store=store)
    p.run()
    assert p.rows(Stock, "shop") == ["bern", "chur"]
    p.run(partitions="chur", force=True)
    assert p.rows(Stock, "shop") == ["bern", "chur", "chur"]


def test_a_snapshot_brings_no_rows_of_another_step(tmp_path: Path) -> None:
    p = pipeline(tmp_path, stock)
    BROKEN.add("stray")
    result = p.run()
    assert [type(error) for error in result.errors] == [StrayRowsError]
    assert p.rows(Stock, "shop") == ["bern"]


class Dated(Silver):
    user: Col[str] = key()
    city: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


@asset(write="scd2", per=DAY)
def dated(day: date, raw: Frame[RawUsers]) -> Frame[Dated]:
    if f"dated {day}" in BROKEN:
        raise ValueError("out of order")
    return raw.drop("day")


STATES = [
    ("ann", "Bern", at(1), at(2)),
    ("ann", "Genf", at(3), None),
    ("ann", "Thun", at(2), at(3)),
    ("bob", "Chur", at(1), None),
]


@pytest.mark.parametrize("broken", ["raw 2026-01-02", "dated 2026-01-02"])
@pytest.mark.parametrize("workers", [1, 3])
def test_states_after_one_that_failed_wait_for_it(
    workers: int, broken: str, tmp_path: Path
) -> None:
    p = pipeline(tmp_path, raw_users, dated, workers=workers)
    BROKEN.add(broken)
    assert p.run().status == "failed"
    assert p.ended()["dated", "2026-01-03"] == "skipped"
    BROKEN.clear()
    assert not p.plan().kept
    p.run()
    assert p.rows(Dated) == STATES
    assert not p.plan().steps


def test_states_after_one_whose_input_lacks_wait_with_it(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated)
    p.run(["bronze.raw_users"], partitions="2026-01-01")
    p.run(["bronze.raw_users"], partitions="2026-01-03")
    plan = p.plan(["silver.dated"])
    assert reasons(plan) == {"dated": ("never made", "2026-01-01")}
    assert [(w.partitions.render(), w.missing) for w in plan.waiting] == [
        ("2026-01-02", "bronze.raw_users"),
        ("2026-01-03", "silver.dated"),
    ]


class Local(Silver):
    user: Col[str] = key()
    city: Col[str] = col()
    since: Col[date] = col(valid_from=True)
    until: Col[date | None] = col(valid_to=True)


class RawLocal(Bronze, partition=BERLIN.on("day")):
    user: Col[str] = col()
    city: Col[str] = col()
    day: Col[date] = col()


@asset
def raw_local(day: date) -> Frame[RawLocal]:
    schema = {"user": pl.String, "city": pl.String}
    return pl.LazyFrame(FEED[str(day)], schema=schema, orient="row").with_columns(day=pl.lit(day))


@asset(write="scd2", per=BERLIN)
def local(raw: Frame[RawLocal]) -> Frame[Local]:
    return raw.drop("day")


def test_a_state_since_a_local_day_has_the_date_of_that_day(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_local, local)
    p.run()
    assert p.rows(Local, "since") == [date(2026, 1, n) for n in (1, 1, 2, 3)]


class Users(Silver, partition=DAY.on("day")):
    user: Col[str] = key()
    city: Col[str] = col()
    day: Col[date] = col()


class Count(Gold, partition=DAY.on("day")):
    day: Col[date] = col()
    users: Col[int] = col()


@asset(write="merge", per=DAY)
def users(raw: Frame[RawUsers]) -> Frame[Users]:
    """Users by the day on which they were first in their city; in Bern, the first day."""
    first = pl.when(pl.col("city") == "Bern").then(pl.lit(date(2026, 1, 1)))
    return raw.with_columns(day=first.otherwise("day"))


@asset
def count(day: date, users: Frame[Users]) -> Frame[Count]:
    return users.select(users=pl.len().cast(pl.Int64)).with_columns(day=pl.lit(day))


@pytest.mark.parametrize("is_at_once", [True, False])
@STORES
def test_a_partition_that_a_rebuild_leaves_empty_makes_its_readers_stale(
    store: str, tmp_path: Path, *, is_at_once: bool
) -> None:
    FEED["2026-01-01"], FEED["2026-01-02"] = [("ann", "Bern")], [("bob", "Chur")]
    FEED["2026-01-03"] = [("cem", "Chur")]
    p = pipeline(tmp_path, raw_users, users, count, store=store)
    p.run()
    FEED["2026-01-02"] = [("bob", "Bern")]
    p.run(["bronze.raw_users"], partitions="2026-01-02", force=True)
    p.run(None if is_at_once else ["silver.users"], rebuild=True)
    p.run()
    assert p.rows(Count, "users", "day") == [
        (0, date(2026, 1, 2)),
        (1, date(2026, 1, 3)),
        (2, date(2026, 1, 1)),
    ]
    assert not p.plan().steps


class Even(Silver):
    user: Col[str] = key()
    city: Col[str] = col(isin=["Bern", "Chur"])


@asset(write="merge", per=DAY, bad_rows="quarantine", max_bad=1.0)
def even(raw: Frame[RawUsers]) -> Frame[Even]:
    return raw.drop("day")


@STORES
def test_bad_rows_of_a_merge_are_set_aside_once_and_go_with_a_rebuild(
    store: str, tmp_path: Path
) -> None:
    p = pipeline(tmp_path, raw_users, even, store=store)
    p.run()
    assert p.rows(Even) == [("ann", "Bern"), ("bob", "Chur")]
    assert sorted(bad_rows(p)) == ["Genf", "Thun"]
    p.run(["silver.even"], force=True)
    assert sorted(bad_rows(p)) == ["Genf", "Thun"]
    FEED["2026-01-02"] = FEED["2026-01-03"] = [("ann", "Chur")]
    p.run(["bronze.raw_users"], force=True)
    p.run(rebuild=True)
    assert bad_rows(p) == []
    assert p.rows(Even) == [("ann", "Chur"), ("bob", "Chur")]


def bad_rows(p: Pipeline) -> list[str]:
    """The cities of the rows that were set aside."""
    table = p.store.table(bad_spec(p.graph.datasets[key_of(Even)]))
    return table.scan().collect().get_column("city").to_list()
