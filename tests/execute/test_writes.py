"""Every way of writing, on every store."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    BadRows,
    Before,
    Bronze,
    Col,
    Daily,
    Frame,
    Gold,
    Silver,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.declare.describe import key_of
from flowforge_assets.errors.run import (
    CheckFailedError,
    DuplicateKeysError,
    EarlierStateError,
    RulesBrokenError,
)
from flowforge_assets.execute.states import next_states, stamped
from pipelines import pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
FEED: dict[str, list[tuple[str, str | None]]] = {}
"""What the outside world says on each day: users and their cities."""


class RawUsers(Bronze, partition=DAY.on("day")):
    user: Col[str] = col()
    city: Col[str | None] = col()
    day: Col[date] = col()


@asset
def raw_users(day: date) -> Frame[RawUsers]:
    rows = FEED.get(str(day), [])
    return pl.LazyFrame(
        {"user": [u for u, _ in rows], "city": [c for _, c in rows]},
        schema={"user": pl.String, "city": pl.String},
    ).with_columns(day=pl.lit(day))


class Users(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()


class Dated(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)
    now: Col[bool] = col(current=True)


class Taken(Silver):
    user: Col[str] = col()
    city: Col[str | None] = col()
    taken: Col[datetime] = col(valid_from=True)


class Log(Silver):
    user: Col[str] = col()
    city: Col[str | None] = col()


class Count(Gold):
    users: Col[int] = col()


@asset(write="merge", per=DAY)
def users(raw: Frame[RawUsers]) -> Frame[Users]:
    return raw.drop("day")


@asset(write="insert", per=DAY, name="first_seen")
def first_seen(raw: Frame[RawUsers]) -> Frame[Users]:
    return raw.drop("day")


@asset(write="append", per=DAY)
def log(raw: Frame[RawUsers]) -> Frame[Log]:
    return raw.drop("day")


@asset(write="scd2", per=DAY)
def dated(raw: Frame[RawUsers]) -> Frame[Dated]:
    return raw.drop("day")


@asset(write="snapshot", per=DAY)
def taken(raw: Frame[RawUsers]) -> Frame[Taken]:
    return raw.drop("day")


@asset
def count(users: Frame[Users]) -> Frame[Count]:
    return users.select(users=pl.len().cast(pl.Int64))


@pytest.fixture(autouse=True)
def feed() -> None:
    """Three days: a user moves on the second, another comes on the third."""
    FEED.clear()
    FEED["2026-01-01"] = [("ann", "Bern"), ("bob", None)]
    FEED["2026-01-02"] = [("ann", "Basel"), ("bob", None)]
    FEED["2026-01-03"] = [("ann", "Basel"), ("bob", None), ("cem", "Chur")]


def at(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


@STORES
def test_a_merge_replaces_by_key_and_adds(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, users, count, store=store)
    assert p.run().status == "succeeded"
    assert p.rows(Users) == [("ann", "Basel"), ("bob", None), ("cem", "Chur")]
    assert p.rows(Count, "users") == [3]
    assert not p.plan().steps


@STORES
def test_an_insert_keeps_what_is_there(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, first_seen, store=store)
    assert p.run().status == "succeeded"
    assert p.rows(Users) == [("ann", "Bern"), ("bob", None), ("cem", "Chur")]


@STORES
def test_an_append_adds_each_step_once(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, log, store=store)
    p.run(partitions="2026-01-01..2026-01-02")
    assert len(p.rows(Log)) == 4
    p.run()
    assert len(p.rows(Log)) == 7
    FEED["2026-01-01"] = [("dan", None)]
    p.run(["bronze.raw_users"], partitions="2026-01-01", force=True)
    plan = p.plan()
    assert not plan.steps
    assert [(k.asset, k.reason, k.partitions.render()) for k in plan.kept] == [
        ("silver.log", "input newer", "2026-01-01")
    ]


@STORES
def test_scd2_keeps_each_state_with_its_time(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated, store=store)
    assert p.run().status == "succeeded"
    assert p.table(Dated).scan().sort("user", "since").collect().rows() == [
        ("ann", "Bern", at(1), at(2), False),
        ("ann", "Basel", at(2), None, True),
        ("bob", None, at(1), None, True),
        ("cem", "Chur", at(3), None, True),
    ]


@STORES
def test_scd2_run_twice_changes_no_row_and_is_up_to_date(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated, store=store)
    p.run()
    before = p.rows(Dated)
    p.run(["bronze.raw_users"], partitions="2026-01-03", force=True)
    p.run(["silver.dated"], partitions="2026-01-03", force=True)
    assert p.rows(Dated) == before
    assert not p.plan().steps


@STORES
def test_scd2_takes_the_last_step_again(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated, store=store)
    p.run()
    FEED["2026-01-03"] = [("ann", "Thun"), ("cem", "Chur")]
    p.run(["bronze.raw_users"], partitions="2026-01-03", force=True)
    assert reasons(p.plan()) == {"dated": ("input newer", "2026-01-03")}
    p.run()
    ann = p.table(Dated).scan().filter(user="ann").sort("since").collect().rows()
    assert ann == [
        ("ann", "Bern", at(1), at(2), False),
        ("ann", "Basel", at(2), at(3), False),
        ("ann", "Thun", at(3), None, True),
    ]
    assert not p.plan().steps


def test_scd2_keeps_a_past_step_as_it_was(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated)
    p.run()
    FEED["2026-01-01"] = [("ann", "Genf")]
    p.run(["bronze.raw_users"], partitions="2026-01-01", force=True)
    plan = p.plan()
    assert not plan.steps
    assert [(k.reason, k.partitions.render()) for k in plan.kept] == [("input newer", "2026-01-01")]


def test_scd2_refuses_a_step_before_others(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated)
    p.run(["bronze.raw_users"])
    p.run(["silver.dated"], partitions="2026-01-02")
    plan = p.plan()
    assert reasons(plan) == {"dated": ("never made", "2026-01-03")}
    assert [(k.reason, k.partitions.render()) for k in plan.kept] == [("never made", "2026-01-01")]


@STORES
def test_a_rebuild_empties_and_makes_all_states_anew(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated, store=store)
    p.run(["bronze.raw_users"])
    p.run(["silver.dated"], partitions="2026-01-02")
    p.run(["silver.dated"], rebuild=True)
    assert len(p.rows(Dated)) == 4
    plan = p.plan()
    assert not plan.steps
    assert not plan.kept


@STORES
def test_a_snapshot_keeps_each_state_of_the_whole(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, taken, store=store)
    p.run()
    assert sorted(at.day for at in p.rows(Taken, "taken")) == [1, 1, 2, 2, 3, 3, 3]
    FEED["2026-01-02"] = [("ann", "Thun")]
    p.run(["bronze.raw_users"], partitions="2026-01-02", force=True)
    p.run()
    assert p.table(Taken).scan().filter(taken=at(2)).collect().rows() == [("ann", "Thun", at(2))]


def test_changed_code_keeps_history(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, users, count)
    p.run()
    p.codes["silver.users"] = "2"
    plan = p.plan()
    assert not plan.steps
    assert [(k.asset, k.reason) for k in plan.kept] == [("silver.users", "code")]
    p.run(rebuild=True)
    assert not p.plan().kept


def test_a_merge_that_changes_nothing_makes_no_reader_stale(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, users, count)
    p.run()
    p.run(["silver.users"], force=True)
    assert not p.plan().steps


def test_a_key_that_comes_twice_stops_a_merge(tmp_path: Path) -> None:
    FEED["2026-01-01"] = [("ann", "Bern"), ("ann", "Basel")]
    p = pipeline(tmp_path, raw_users, users)
    result = p.run(partitions="2026-01-01")
    assert [type(error) for error in result.errors] == [DuplicateKeysError]
    assert p.table(Users).version() is None


@check
def nobody_in_thun(users: Frame[Users]) -> BadRows[Users]:
    return users.filter(Users.city == "Thun")


def test_a_check_sees_the_rows_of_the_step_before_a_merge(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, users, nobody_in_thun)
    p.run()
    FEED["2026-01-03"] = [("ann", "Thun")]
    result = p.run(partitions="2026-01-03", force=True)
    assert [type(error) for error in result.errors] == [CheckFailedError]
    assert p.rows(Users) == [("ann", "Basel"), ("bob", None), ("cem", "Chur")]


@asset(write="merge", name="counted")
def counted(raw: Frame[RawUsers], before: Before[Users]) -> Frame[Users]:
    latest = raw.filter(pl.col("day") == pl.col("day").max()).drop("day")
    known = before.select(user="user", known=pl.lit("seen"))
    return latest.join(known, on="user", how="left").select(
        "user", city=pl.coalesce("known", "city")
    )


def test_before_gives_what_the_step_replaces(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, counted)
    p.run()
    assert p.rows(Users) == [("ann", "Basel"), ("bob", None), ("cem", "Chur")]
    p.run(["silver.users"], force=True)
    assert p.rows(Users) == [("ann", "seen"), ("bob", "seen"), ("cem", "seen")]


def test_states_of_a_past_time_are_an_error_at_the_write(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, dated)
    p.run()
    dataset, asset = p.graph.datasets[key_of(Dated)], p.graph.assets[key_of(Dated)]
    early = stamped(
        pl.LazyFrame({"user": ["ann"], "city": ["Genf"]}), dataset, dataset.schema, at(1)
    )
    with pytest.raises(EarlierStateError):
        next_states(early.collect(), p.table(Dated).scan(), dataset, asset)


def test_what_is_merged_again_for_its_input_is_not_said_to_be_kept(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw_users, users)
    p.run()
    p.codes["silver.users"] = "2"
    FEED["2026-01-02"] = [("ann", "Thun")]
    p.run(["bronze.raw_users"], partitions="2026-01-02", force=True)
    plan = p.plan()
    assert [step.partitions.render() for step in plan.steps] == ["2026-01-02", "2026-01-03"]
    assert [k.partitions.render() for k in plan.kept] == ["2026-01-01"]


class Keyed(Silver):
    user: Col[str] = key()
    city: Col[str | None] = col()


@asset(write="append", per=DAY)
def keyed(raw: Frame[RawUsers]) -> Frame[Keyed]:
    return raw.drop("day")


@STORES
def test_an_append_refuses_a_key_that_is_there(store: str, tmp_path: Path) -> None:
    FEED["2026-01-02"] = [("dan", None)]
    FEED["2026-01-03"] = [("ann", None)]
    p = pipeline(tmp_path, raw_users, keyed, store=store)
    result = p.run()
    assert [type(error) for error in result.errors] == [RulesBrokenError]
    assert p.rows(Keyed, "user") == ["ann", "bob", "dan"]


@STORES
def test_a_rebuild_does_not_hold_rows_against_those_that_go(store: str, tmp_path: Path) -> None:
    FEED["2026-01-02"] = [("dan", None)]
    FEED["2026-01-03"] = []
    p = pipeline(tmp_path, raw_users, keyed, store=store)
    p.run()
    assert p.run(["silver.keyed"], rebuild=True).status == "succeeded"
    assert p.rows(Keyed, "user") == ["ann", "bob", "dan"]


@asset(name="count_known", write="overwrite")
def count_known(users: Frame[Users], seen: Frame[Dated]) -> Frame[Count]:
    return users.join(seen, on="user").select(users=pl.len().cast(pl.Int64))


def test_a_step_that_fails_skips_what_reads_its_rows_however_they_are_cut(tmp_path: Path) -> None:
    FEED["2026-01-02"] = [("ann", "Basel"), ("ann", "Thun")]
    p = pipeline(tmp_path, raw_users, users, dated, count_known)
    assert p.run().status == "failed"
    assert p.ended()["count_known", None] == "skipped"
