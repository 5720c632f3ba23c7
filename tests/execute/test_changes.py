"""Readers of what changed: each row once, whatever happens, on every store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import polars as pl
import pytest
from deltalake import write_deltalake

from flowforge_assets import (
    Before,
    Bronze,
    Changes,
    Col,
    Deletes,
    Frame,
    Gold,
    Silver,
    asset,
    col,
    key,
)
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.errors.incremental import ChangesLostError, ChangesTakenError
from flowforge_assets.project.stores import StoreConfig
from flowforge_assets.storage.past import KeepsPast
from flowforge_assets.storage.upkeep import Upkeep
from pipelines import Pipeline, pipeline, reasons

STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
ORDERS: dict[int, str] = {}
"""What the outside world says: orders and what has become of them."""
RATES: list[int] = []
FAILING: list[bool] = []
MEANWHILE: list[Callable[[], object]] = []
"""What happens while a step is made."""


class Orders(Bronze):
    order: Col[int] = key()
    state: Col[str] = col()


class Rates(Bronze):
    rate: Col[int] = col()


class Log(Silver):
    order: Col[int] = col()
    state: Col[str] = col()


class Newest(Silver):
    order: Col[int] = key()
    state: Col[str] = col()


class Spans(Silver):
    order: Col[int] = key()
    state: Col[str] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)


class Gone(Silver):
    order: Col[int] = col()
    state: Col[str] = col()
    gone: Col[bool] = col()


class Count(Gold):
    orders: Col[int] = col()


@asset
def orders() -> Frame[Orders]:
    rows = {"order": list(ORDERS), "state": list(ORDERS.values())}
    return pl.LazyFrame(rows, schema={"order": pl.Int64, "state": pl.String})


@asset
def rates() -> Frame[Rates]:
    return pl.LazyFrame({"rate": RATES}, schema={"rate": pl.Int64})


@asset(write="append")
def log(orders: Changes[Orders]) -> Frame[Log]:
    if FAILING:
        raise RuntimeError
    if MEANWHILE:
        MEANWHILE.pop()()
    return orders


@asset(write="append", name="log")
def log_with_rates(orders: Changes[Orders], rates: Frame[Rates]) -> Frame[Log]:
    return orders.join(rates, how="cross").select("order", "state")


@asset(write="merge")
def newest(orders: Changes[Orders]) -> Frame[Newest]:
    return orders


@asset(write="insert", name="newest")
def first_seen(orders: Changes[Orders]) -> Frame[Newest]:
    return orders


@asset(write="scd2")
def spans(orders: Changes[Orders]) -> Frame[Spans]:
    return orders


@asset(write="append")
def gone(orders: Annotated[Changes[Orders], Deletes("gone")]) -> Frame[Gone]:
    return orders


@asset
def count(before: Before[Count], new: Changes[Orders]) -> Frame[Count]:
    added = new.select(orders=pl.len().cast(pl.Int64))
    return pl.concat([before, added]).select(pl.col("orders").sum())


@pytest.fixture(autouse=True)
def _a_new_world() -> None:
    ORDERS.clear()
    RATES.clear()
    FAILING.clear()
    MEANWHILE.clear()


def says(lake: Pipeline, *makes: str, **states: str) -> None:
    """The source has these orders from now on, and is read again."""
    ORDERS.clear()
    ORDERS.update({int(name[1:]): state for name, state in states.items()})
    lake.codes["bronze.orders"] = str(states)
    result = lake.run(makes or None)
    assert result.errors == ()


@STORES
def test_a_reader_is_given_all_rows_once_and_then_those_that_came(
    tmp_path: Path, store: str
) -> None:
    lake = pipeline(tmp_path, orders, log, store=store)
    says(lake, _1="new", _2="new")
    says(lake, _1="new", _2="paid", _3="new")
    assert lake.rows(Log) == [(1, "new"), (2, "new"), (2, "paid"), (3, "new")]


@STORES
def test_a_table_that_is_as_it_was_makes_no_step(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, log, store=store)
    says(lake, _1="new")
    assert reasons(lake.plan()) == {}
    lake.codes["bronze.orders"] = "again"
    lake.run()
    assert lake.ended()["log", None] == "fresh"


@STORES
def test_rows_are_merged_as_they_change(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, newest, store=store)
    says(lake, _1="new", _2="new")
    says(lake, _2="paid", _3="new")
    assert lake.rows(Newest) == [(1, "new"), (2, "paid"), (3, "new")]


@STORES
def test_only_new_keys_are_inserted(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, first_seen, store=store)
    says(lake, _1="new")
    says(lake, _1="paid", _2="new")
    assert lake.rows(Newest) == [(1, "new"), (2, "new")]


@STORES
def test_each_state_of_a_row_is_kept(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, spans, store=store)
    says(lake, _1="new", _2="new")
    says(lake, _1="paid", _2="new")
    found = lake.table(Spans).scan().collect().sort("order", "since")
    assert found["state"].to_list() == ["new", "paid", "new"]
    assert found["until"].is_null().to_list() == [False, True, True]


@STORES
def test_removed_rows_are_told_where_they_are_asked_for(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, gone, store=store)
    says(lake, _1="new", _2="new")
    says(lake, _2="paid")
    first = [(1, "new", False), (2, "new", False)]
    assert lake.rows(Gone) == sorted([*first, (1, "new", True), (2, "paid", False)])


@STORES
def test_what_was_before_is_brought_up_to_date(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, count, store=store)
    says(lake, _1="new", _2="new")
    says(lake, _1="new", _2="new", _3="new")
    assert lake.rows(Count, "orders") == [3]
    lake.codes["gold.count"] = "other code"
    assert [kept.reason for kept in lake.plan().kept] == ["code"]
    lake.run(["gold.count"], rebuild=True)
    assert lake.rows(Count, "orders") == [3]


@STORES
def test_a_step_that_failed_sees_the_same_changes_again(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, log, store=store)
    says(lake, _1="new")
    FAILING.append(True)
    ORDERS[2] = "new"
    lake.codes["bronze.orders"] = "2"
    assert lake.run().failed == 1
    says(lake, "bronze.orders", _1="new", _2="new", _3="new")
    FAILING.clear()
    lake.run()
    assert lake.rows(Log, "order") == [1, 2, 3]


@STORES
def test_a_lookup_that_changed_is_no_change(tmp_path: Path, store: str) -> None:
    RATES.append(1)
    lake = pipeline(tmp_path, orders, rates, log_with_rates, store=store)
    says(lake, _1="new")
    RATES[:] = [2]
    lake.codes["bronze.rates"] = "2"
    lake.run()
    assert reasons(lake.plan()) == {}
    assert lake.rows(Log) == [(1, "new")]


def made_anew(lake: Pipeline, tmp_path: Path, reader: str, **states: str) -> None:
    """The table of orders is removed, and made by another run."""
    says(lake, "bronze.orders", reader, _1="new", _2="new")
    table = lake.table(Orders)
    folder = Path(table.uri.removeprefix("file://"))
    folder.rename(tmp_path / "away")
    lake.store = lake.environment.open_store()
    ORDERS.clear()
    ORDERS.update({int(name[1:]): state for name, state in states.items()})


@pytest.mark.parametrize("store", ["delta", "parquet"])
def test_what_was_made_anew_is_merged_as_a_whole(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, newest, store=store)
    made_anew(lake, tmp_path, "silver.newest", _2="paid")
    assert lake.run().errors == ()
    assert lake.rows(Newest) == [(1, "new"), (2, "paid")]


@pytest.mark.parametrize("store", ["delta", "parquet"])
def test_what_was_made_anew_is_not_appended_twice(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, log, store=store)
    made_anew(lake, tmp_path, "silver.log", _2="paid")
    (error,) = lake.run().errors
    assert isinstance(error, ChangesLostError)
    assert "made anew" in error.message
    assert error.hint is not None
    assert "--rebuild -s silver.log" in error.hint
    assert lake.rows(Log) == [(1, "new"), (2, "new")]
    lake.run(["silver.log"], rebuild=True)
    assert lake.rows(Log) == [(2, "paid")]


@pytest.mark.parametrize("store", ["memory", "parquet"])
def test_a_version_that_is_no_longer_kept_is_said_to_be_lost(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, log, store=store)
    says(lake, _1="new")
    for number in range(12):
        says(lake, "bronze.orders", _1="new", _2=str(number))
    (error,) = lake.run().errors
    assert isinstance(error, ChangesLostError)
    assert "no version 0" in error.message


@pytest.mark.parametrize("reader", [log, newest])
def test_rows_of_another_program_are_not_missed_when_their_version_is_gone(
    tmp_path: Path, reader: Callable[..., object]
) -> None:
    lake = pipeline(tmp_path, orders, reader, store="delta")
    says(lake, _1="new")
    table = lake.table(Orders)
    theirs = table.scan().with_columns(order=pl.lit(9, pl.Int64)).collect()
    write_deltalake(table.uri, theirs, mode="append")
    assert isinstance(table, KeepsPast)
    later = datetime.now(UTC) + timedelta(days=1)
    table.maintain(Upkeep(keep_since=later, log_since=later, swept_before=later))
    result = lake.run([f"silver.{reader.__name__}"], force=True)
    if reader is newest:
        assert result.errors == ()
        assert lake.rows(Newest, "order") == [1, 9]
    else:
        (error,) = result.errors
        assert isinstance(error, ChangesLostError)


def beside(lake: Pipeline, folder: Path) -> Pipeline:
    """The same pipeline on another machine: the same lake, and a ledger of its own."""
    other = pipeline(folder, orders, log, store="delta")
    config = replace(other.environment.config, store=StoreConfig(lake.store.uri))
    other.environment = replace(other.environment, config=config)
    other.store = other.environment.open_store()
    other.codes = lake.codes
    return other


def test_two_runs_do_not_take_the_same_changes(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, orders, log, store="delta")
    says(lake, _1="new")
    says(lake, "bronze.orders", _1="new", _2="new")
    other = beside(lake, tmp_path / "other")
    MEANWHILE.append(lake.run)
    (error,) = other.run(["silver.log"]).errors
    assert isinstance(error, ChangesTakenError)
    assert lake.rows(Log, "order") == [1, 2]
    assert other.run().errors == ()
    assert lake.rows(Log, "order") == [1, 2]


def test_a_ledger_that_lags_behind_the_lake_takes_no_change_again(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, orders, log, store="delta")
    says(lake, _1="new")
    other = beside(lake, tmp_path / "other")
    other.run()
    says(lake, _1="new", _2="new")
    other.run(["silver.log"], force=True)
    assert lake.rows(Log, "order") == [1, 2]
    assert other.run(["silver.log"], force=True).errors == ()
    assert lake.rows(Log, "order") == [1, 2]


@STORES
def test_a_reader_that_was_restored_takes_up_from_there(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, orders, log, store=store)
    says(lake, _1="new")
    says(lake, _1="new", _2="new")
    table = lake.table(Log)
    newest = table.made()[-1]
    none = PartitionSet.none(newest.partitions.dimensions)
    by_hand = replace(newest, partitions=none, step_id="by hand")
    table.restore(newest.table.version - 1, by_hand)
    assert lake.rows(Log) == [(1, "new")]
    lake.environment.ledger_path.unlink()
    lake.run()
    assert lake.rows(Log) == [(1, "new"), (2, "new")]
