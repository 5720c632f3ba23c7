"""Steps of a merge in any order and any number of runs leave what a plain dictionary would hold."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowforge_assets import Bronze, Col, Daily, Frame, Silver, asset, col, key
from pipelines import Pipeline, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-04")
DAYS = [date(2026, 1, day) for day in range(1, 5)]
Delivery = dict[str, tuple[int | None, bool]]
"""When the row of a user was written, and whether that removes it."""
DELIVERED: dict[date, Delivery] = {}


class Raw(Bronze, partition=DAY.on("day")):
    user: Col[str] = col()
    at: Col[int | None] = col()
    gone: Col[bool] = col()
    day: Col[date] = col()


class Newest(Silver):
    user: Col[str] = key()
    at: Col[int | None] = col()


class Left(Silver):
    user: Col[str] = key()
    at: Col[int | None] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    rows = [(user, at, gone) for user, (at, gone) in DELIVERED[day].items()]
    schema = {"user": pl.String, "at": pl.Int64, "gone": pl.Boolean}
    return pl.LazyFrame(rows, schema=schema, orient="row").with_columns(day=pl.lit(day))


@asset(write="merge", latest="at", per=DAY)
def newest(raw: Frame[Raw]) -> Frame[Newest]:
    return raw.select("user", "at")


@asset(write="merge", latest="at", deletes="gone", per=DAY)
def left(raw: Frame[Raw]) -> Frame[Left]:
    return raw.drop("day")


def age(at: int | None) -> int:
    return -1 if at is None else at


def newest_of_all() -> set[tuple[str, int | None]]:
    """What any order of steps leaves."""
    found: dict[str, int | None] = {}
    for delivery in DELIVERED.values():
        for user, (at, _) in delivery.items():
            if user not in found or age(at) >= age(found[user]):
                found[user] = at
    return set(found.items())


def left_in_order() -> set[tuple[str, int | None]]:
    """What the steps leave when they are taken in order of time, of which no memory is kept."""
    found: dict[str, int | None] = {}
    for day in DAYS:
        for user, (at, gone) in DELIVERED[day].items():
            if user in found and age(at) < age(found[user]):
                continue
            if gone:
                found.pop(user, None)
            else:
                found[user] = at
    return set(found.items())


def held(p: Pipeline, dataset: type) -> set[object]:
    return set(p.table(dataset).scan().collect().rows())


USERS = st.sampled_from(["ann", "bob", "cem"])
DELIVERY = st.dictionaries(USERS, st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.booleans()))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    deliveries=st.lists(DELIVERY, min_size=len(DAYS), max_size=len(DAYS)),
    order=st.permutations(DAYS),
    alone=st.integers(0, len(DAYS)),
    store=st.sampled_from(["memory", "delta", "parquet"]),
)
def test_the_order_of_steps_does_not_matter_where_rows_tell_how_new_they_are(
    deliveries: list[Delivery], order: list[date], alone: int, store: str
) -> None:
    DELIVERED.clear()
    DELIVERED.update(zip(DAYS, deliveries, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        p = pipeline(Path(folder), raw, newest, store=store)
        p.run(["bronze.raw"])
        for day in order[:alone]:
            assert p.run(["silver.newest"], partitions=str(day)).errors == ()
        assert p.run().errors == ()
        assert held(p, Newest) == newest_of_all()
        assert not p.plan().steps
        assert p.run(["silver.newest"], partitions=str(order[0]), force=True).errors == ()
        assert held(p, Newest) == newest_of_all()
        assert not p.plan().steps


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    deliveries=st.lists(DELIVERY, min_size=len(DAYS), max_size=len(DAYS)),
    again=st.sampled_from(DAYS),
    redelivered=DELIVERY,
    store=st.sampled_from(["memory", "delta", "parquet"]),
)
def test_where_rows_are_removed_steps_one_by_one_leave_what_the_model_holds(
    deliveries: list[Delivery], again: date, redelivered: Delivery, store: str
) -> None:
    DELIVERED.clear()
    DELIVERED.update(zip(DAYS, deliveries, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        p = pipeline(Path(folder), raw, left, store=store)
        for day in DAYS:
            assert p.run(partitions=str(day)).errors == ()
        assert held(p, Left) == left_in_order()
        before = held(p, Left)
        assert p.run(["silver.left"], partitions=str(DAYS[-1]), force=True).errors == ()
        assert held(p, Left) == before
        DELIVERED[again] = redelivered
        p.run(["bronze.raw"], partitions=str(again), force=True)
        assert p.run().errors == ()
        assert not p.plan().steps
        removed = {user for each in (*deliveries, redelivered) for user in each if each[user][1]}
        kept = set(p.rows(Left, "user"))
        assert kept >= {user for user, _ in newest_of_all()} - removed
