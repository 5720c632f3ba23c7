"""Merges that know the newest row of a key, and rows that are to be removed; on every store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl
import pytest

from flowforge_assets import (
    All,
    BadRows,
    Bronze,
    Col,
    Daily,
    Frame,
    Silver,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.errors.base import FlowForgeError
from pipelines import Pipeline, pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
Delivered = tuple[str, str | None, int | None, bool | None]
FEED: dict[int, list[Delivered]] = {}
"""What is delivered on each day of January: user, city, when it was written, whether it is gone."""


class Raw(Bronze, partition=DAY.on("day")):
    user: Col[str] = col()
    city: Col[str | None] = col()
    at: Col[int | None] = col()
    gone: Col[bool | None] = col()
    day: Col[date] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    schema = {"user": pl.String, "city": pl.String, "at": pl.Int64, "gone": pl.Boolean}
    rows = pl.LazyFrame(FEED.get(day.day, []), schema=schema, orient="row")
    return rows.with_columns(day=pl.lit(day))


class Users(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col(regex="[A-Z].*")
    at: Col[int | None] = col()


class Left(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()


class Both(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()
    at: Col[int | None] = col()


@asset(write="merge", latest="at", per=DAY)
def users(raw: Frame[Raw]) -> Frame[Users]:
    return raw.select("user", "city", "at")


@asset(write="merge", deletes="gone", per=DAY)
def left(raw: Frame[Raw]) -> Frame[Left]:
    return raw.select("gone", "user", "city")


@asset(write="merge", latest="at", deletes="gone", per=DAY)
def both(raw: Frame[Raw]) -> Frame[Both]:
    return raw.drop("day")


@pytest.fixture(autouse=True)
def feed() -> None:
    FEED.clear()
    FEED[1] = [("ann", "Bern", 5, False), ("bob", "Genf", 1, False)]
    FEED[2] = [("ann", "Chur", 3, False), ("bob", None, 2, True), ("cem", "Thun", 1, False)]


def redelivered(p: Pipeline, day: int) -> None:
    p.run(["bronze.raw"], partitions=f"2026-01-{day:02}", force=True)


@STORES
@pytest.mark.parametrize("workers", [1, 4])
def test_late_data_does_not_take_the_place_of_newer(
    store: str, tmp_path: Path, workers: int
) -> None:
    p = pipeline(tmp_path, raw, users, store=store, workers=workers)
    assert p.run().status == "succeeded"
    assert p.rows(Users) == [("ann", "Bern", 5), ("bob", None, 2), ("cem", "Thun", 1)]
    assert not p.plan().steps


@STORES
def test_steps_in_any_order_leave_the_same_rows(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users, store=store)
    p.run(["bronze.raw"])
    for day in ("2026-01-03", "2026-01-02", "2026-01-01"):
        p.run(["silver.users"], partitions=day)
    assert p.rows(Users) == [("ann", "Bern", 5), ("bob", None, 2), ("cem", "Thun", 1)]
    assert not p.plan().steps


def test_an_earlier_step_that_is_merged_again_is_merged_alone(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users, left, both)
    p.run()
    FEED[1] = [("ann", "Basel", 6, False)]
    redelivered(p, 1)
    assert reasons(p.plan(["silver.users"])) == {"users": ("input newer", "2026-01-01")}
    assert [s.partitions.render() for s in p.plan(["silver.both"]).steps] == [
        "2026-01-01",
        "2026-01-02..2026-01-03",
    ]
    p.run(["silver.users"])
    assert p.rows(Users)[0] == ("ann", "Basel", 6)
    assert not p.plan(["silver.users"]).steps


def test_steps_that_do_not_mind_their_order_need_not_wait_for_one_another(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users, left, both)
    ordered = {step.asset: step.is_ordered for step in p.plan().steps}
    assert ordered == {"raw": False, "users": False, "left": True, "both": True}
    rebuilt = p.planned(p.history(), p.asked(None, None, force=False, rebuild=True))
    assert {step.asset for step in rebuilt.steps if step.is_ordered} == {"users", "left", "both"}


@STORES
def test_a_marked_row_removes_the_one_of_its_key(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, left, both, store=store)
    assert p.run().status == "succeeded"
    assert p.rows(Left) == [("ann", "Chur"), ("cem", "Thun")]
    assert p.table(Left).columns() == pl.Schema({"user": pl.String, "city": pl.String})
    assert p.rows(Both) == [("ann", "Bern", 5), ("cem", "Thun", 1)]
    assert not p.plan().steps


@STORES
def test_a_step_alone_may_only_remove(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, left, both, store=store)
    p.run(partitions="2026-01-01")
    FEED[2] = [("bob", None, 0, True), ("ann", None, 5, True), ("zoe", None, 9, True)]
    p.run()
    assert p.rows(Left) == []
    assert p.rows(Both) == [("bob", "Genf", 1)]
    again = p.run(["silver.left", "silver.both"], partitions="2026-01-02", force=True)
    assert again.status == "succeeded"
    assert p.rows(Both) == [("bob", "Genf", 1)]


@STORES
@pytest.mark.parametrize("together", [True, False])
def test_several_steps_in_one_commit_are_as_one_after_the_other(
    store: str, tmp_path: Path, *, together: bool
) -> None:
    FEED[2].append(("dan", "Genf", 1, False))
    FEED[3] = [("dan", None, 2, True), ("bob", "Sion", 4, False), ("cem", None, 0, True)]
    p = pipeline(tmp_path, raw, left, both, store=store)
    if together:
        p.run()
    else:
        for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
            p.run(partitions=day)
    assert p.rows(Left) == [("ann", "Chur"), ("bob", "Sion")]
    assert p.rows(Both) == [("ann", "Bern", 5), ("bob", "Sion", 4), ("cem", "Thun", 1)]


def test_a_rebuild_leaves_what_the_steps_come_to(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, users, left, both, workers=4)
    p.run()
    before = [p.rows(each) for each in (Users, Left, Both)]
    assert p.run(rebuild=True).status == "succeeded"
    assert [p.rows(each) for each in (Users, Left, Both)] == before


def test_rows_to_be_removed_are_held_to_no_rule(tmp_path: Path) -> None:
    FEED[2] = [("bob", "no town", 2, True)]

    @asset(write="merge", deletes="gone", per=DAY)
    def ruled(raw: Frame[Raw]) -> Frame[Users]:
        return raw.drop("day")

    p = pipeline(tmp_path, raw, ruled)
    assert p.run().status == "succeeded"
    assert p.rows(Users, "user") == ["ann"]


def test_bad_rows_are_set_aside_and_the_rest_is_merged(tmp_path: Path) -> None:
    FEED[2] = [("ann", "chur", 6, False), ("bob", "Thun", 7, False), ("cem", None, None, True)]

    @asset(write="merge", latest="at", deletes="gone", per=DAY, bad_rows="quarantine")
    def ruled(raw: Frame[Raw]) -> Frame[Users]:
        return raw.drop("day")

    p = pipeline(tmp_path, raw, ruled)
    assert p.run().status == "succeeded"
    assert p.rows(Users) == [("ann", "Bern", 5), ("bob", "Thun", 7)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("ann", "Chur", 1, None)], "`gone` of `both` is null in 1 row"),
        ([(None, "Chur", 1, True)], "`both` removes 1 row of `silver.both` without a key"),
    ],
)
def test_a_mark_that_says_nothing_is_refused(
    tmp_path: Path, rows: list[Delivered], said: str
) -> None:
    @asset(write="merge", latest="at", deletes="gone", per=DAY, name="both")
    def nameless(raw: Frame[Raw]) -> Frame[Both]:
        return raw.drop("day").with_columns(pl.col("user").replace("none", None))

    FEED[2] = [(user or "none", *rest) for user, *rest in rows]  # type: ignore[misc]  # of four
    p = pipeline(tmp_path, raw, nameless)
    errors = p.run().errors
    assert [(error.code, error.message) for error in errors] == [("FF-744", said)]
    assert p.rows(Both, "user") == ["ann", "bob"]


@pytest.mark.parametrize("marks", [(True, True), (True, False)])
def test_a_key_that_is_removed_is_there_once(tmp_path: Path, marks: tuple[bool, bool]) -> None:
    FEED[2] = [("ann", "Chur", 7, marks[0]), ("ann", "Thun", 8, marks[1])]
    p = pipeline(tmp_path, raw, both)
    (error,) = p.run().errors
    assert error.code == "FF-742"
    assert "`user=ann`" in error.message
    assert error.hint is not None
    assert '.sort("at")' in error.hint


def seen(tmp_path: Path, *makers: Callable[..., object]) -> tuple[FlowForgeError, ...]:
    p = pipeline(tmp_path, raw, *makers)
    p.run(partitions="2026-01-01")
    return p.run().errors


def test_a_check_of_the_whole_sees_the_table_as_it_would_be(tmp_path: Path) -> None:
    found: list[list[tuple[object, ...]]] = []

    @check
    def whole(rows: Annotated[Frame[Both], All()]) -> BadRows[Both]:
        found.append(sorted(rows.collect().rows()))
        return rows.filter(pl.lit(value=False))

    FEED[2] = [("ann", "Chur", 3, False), ("bob", None, 2, True), ("cem", "Thun", 1, False)]
    assert seen(tmp_path, both, whole) == ()
    assert found[-1] == [("ann", "Bern", 5), ("cem", "Thun", 1)]
