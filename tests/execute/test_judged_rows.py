from __future__ import annotations

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
    Partitions,
    Silver,
    Table,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.check import (
    ColumnTypeError,
    MissingColumnError,
    ReturnValueError,
    UndeclaredColumnError,
)
from flowforge_assets.errors.run import (
    CheckBrokeDownError,
    CheckFailedError,
    RulesBrokenError,
    StepFailedError,
    TooManyBadRowsError,
)
from flowforge_assets.errors.storage import StrayRowsError
from flowforge_assets.execute.bad_rows import bad_spec
from pipelines import Pipeline, pipeline

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = ["memory", "delta", "parquet"]


class Orders(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    order: Col[int] = key()
    price: Col[int] = col(ge=0)


class Unique(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    order: Col[int] = key(scope="table")


class Carriers(Bronze):
    code: Col[str] = key()


class Flights(Silver):
    number: Col[int] = key()
    carrier: Col[str] = col(ref=Carriers)


PRICES = {1: [1, 2], 2: [3, 4], 3: [5, 6]}


@pytest.fixture(autouse=True)
def _prices() -> None:
    PRICES.update({1: [1, 2], 2: [3, 4], 3: [5, 6]})


def _order_rows(days: Partitions[date]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"day": day, "order": 10 * day.day + place, "price": price}
            for day in days
            for place, price in enumerate(PRICES[day.day])
        ],
        schema={"day": pl.Date, "order": pl.Int64, "price": pl.Int64},
    )


@asset
def orders(day: date) -> Table[Orders]:
    return _order_rows(Partitions([day]))


@asset(bad_rows="quarantine", max_bad=0.5, name="lenient_orders")
def lenient_orders(day: date) -> Table[Orders]:
    return _order_rows(Partitions([day]))


@asset
def carriers() -> Table[Carriers]:
    return pl.DataFrame({"code": ["AA", "UA"]})


@pytest.mark.parametrize(
    ("returned", "errors"),
    [
        (pl.DataFrame({"cod": ["AA"]}), [MissingColumnError, UndeclaredColumnError]),
        (pl.DataFrame({"code": [1]}), [ColumnTypeError]),
        (pl.DataFrame({"code": ["AA"], "more": [1]}), [UndeclaredColumnError]),
        (pl.DataFrame(), [MissingColumnError]),
        (pl.LazyFrame({"code": [1]}), [ColumnTypeError]),
    ],
)
def test_a_frame_that_is_not_as_promised_is_refused(
    tmp_path: Path, returned: pl.DataFrame, errors: list[type[Exception]]
) -> None:
    @asset
    def wrong() -> Table[Carriers]:
        return returned

    assert [type(error) for error in pipeline(tmp_path, wrong).run().errors] == errors


@pytest.mark.parametrize("store", STORES)
def test_a_broken_rule_leaves_the_partition_as_it_was(tmp_path: Path, store: str) -> None:
    found = pipeline(tmp_path, orders, store=store)
    found.run()
    version = found.table(Orders).version()
    PRICES[2] = [3, -4]
    result = found.run(partitions="2026-01-02", force=True)
    (error,) = result.errors
    assert result.status == "failed"
    assert isinstance(error, RulesBrokenError)
    assert "-4" not in error.render()
    assert found.rows(Orders, "price") == [1, 2, 3, 4, 5, 6]
    assert found.table(Orders).version() == version


def test_only_the_partition_with_bad_rows_fails(tmp_path: Path) -> None:
    found = pipeline(tmp_path, orders)
    PRICES[2] = [3, -4]
    result = found.run()
    assert result.failed == 1
    assert found.rows(Orders, "price") == [1, 2, 5, 6]
    assert found.ended() == {
        ("orders", "2026-01-01"): "made",
        ("orders", "2026-01-02"): "failed",
        ("orders", "2026-01-03"): "made",
    }


def _bad_orders(found: Pipeline) -> list[tuple[int, list[str]]]:
    dataset = found.graph.datasets[DatasetKey("silver.orders")]
    bad = found.store.table(bad_spec(dataset)).scan().collect()
    return sorted(bad.select("order", "_broken_rules").rows())


@pytest.mark.parametrize("store", STORES)
def test_bad_rows_are_set_aside_and_gone_when_they_are_good_again(
    tmp_path: Path, store: str
) -> None:
    found = pipeline(tmp_path, lenient_orders, store=store)
    PRICES[2] = [3, -4]
    assert found.run().errors == ()
    assert found.rows(Orders, "price") == [1, 2, 3, 5, 6]
    assert _bad_orders(found) == [(21, ["price >= 0"])]
    PRICES[2] = [3, 4]
    PRICES[3] = [-5, 6]
    assert found.run(partitions="2026-01-02..2026-01-03", force=True).errors == ()
    assert found.rows(Orders, "price") == [1, 2, 3, 4, 6]
    assert _bad_orders(found) == [(30, ["price >= 0"])]


def test_too_many_bad_rows_stop_the_partition(tmp_path: Path) -> None:
    found = pipeline(tmp_path, lenient_orders)
    PRICES[2] = [-3, -4]
    (error,) = found.run().errors
    assert isinstance(error, TooManyBadRowsError)
    assert found.rows(Orders, "price") == [1, 2, 5, 6]


def test_rows_of_another_partition_are_refused_even_one_of_the_same_batch(
    tmp_path: Path,
) -> None:
    @asset
    def astray(day: date) -> Table[Orders]:
        rows = _order_rows(Partitions([day]))
        return rows if day.day != 2 else rows.with_columns(day=date(2026, 1, 3))

    found = pipeline(tmp_path, astray)
    (error,) = found.run().errors
    assert isinstance(error, StrayRowsError)
    assert found.rows(Orders, "price") == [1, 2, 5, 6]


@pytest.mark.parametrize("is_blocking", [True, False])
def test_a_check_stops_the_write_only_when_it_blocks(tmp_path: Path, is_blocking: bool) -> None:  # noqa: FBT001 - the value under test
    @check(blocking=is_blocking)
    def no_six(found: Frame[Orders]) -> BadRows[Orders]:
        return found.filter(Orders.price == 6)

    found = pipeline(tmp_path, orders, no_six)
    result = found.run()
    if is_blocking:
        assert isinstance(result.errors[0], CheckFailedError)
        assert found.rows(Orders, "price") == [1, 2, 3, 4]
    else:
        assert result.status == "succeeded"
        assert [e.message for e in found.events if e.message] == ["1 row found by `no_six`"]


def test_a_quarantine_takes_the_rows_that_a_check_found(tmp_path: Path) -> None:
    @check
    def no_six(found: Frame[Orders]) -> BadRows[Orders]:
        return found.filter(Orders.price == 6)

    found = pipeline(tmp_path, lenient_orders, no_six)
    assert found.run().errors == ()
    assert _bad_orders(found) == [(31, ["no_six"])]


def test_a_check_may_read_other_datasets(tmp_path: Path) -> None:
    @asset
    def flights() -> Table[Flights]:
        return pl.DataFrame({"number": [1], "carrier": ["AA"]})

    @check
    def carrier_flies(flown: Frame[Flights], known: Table[Carriers]) -> BadRows[Flights]:
        return flown.filter(~Flights.carrier.is_in(known["code"].to_list()))

    found = pipeline(tmp_path, flights, carrier_flies, carriers)
    assert found.run().errors == ()


def test_a_check_of_the_whole_table_sees_it_as_it_would_be(tmp_path: Path) -> None:
    seen: list[list[int]] = []

    @check
    def watch(found: Annotated[Frame[Orders], All()]) -> BadRows[Orders]:
        seen.append(sorted(found.collect()["price"].to_list()))
        return found.filter(pl.lit(value=False))

    found = pipeline(tmp_path, orders, watch)
    found.run()
    assert seen == [[1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 5, 6]]
    PRICES[2] = [9]
    found.run(partitions="2026-01-02", force=True)
    assert seen[-1] == [1, 2, 5, 6, 9]


def test_a_check_that_fails_is_told_as_such(tmp_path: Path) -> None:
    @check
    def broken(found: Frame[Orders]) -> BadRows[Orders]:
        msg = "no"
        raise ValueError(msg)

    errors = pipeline(tmp_path, orders, broken).run().errors
    assert {type(error) for error in errors} == {StepFailedError}
    assert "broken" in errors[0].message


def test_a_check_whose_query_fails_is_told_as_such(tmp_path: Path) -> None:
    @check
    def broken(found: Frame[Orders]) -> BadRows[Orders]:
        return found.filter(pl.col("order").cast(pl.String).str.to_date() > date(2026, 1, 1))

    errors = pipeline(tmp_path, orders, broken).run().errors
    assert {type(error) for error in errors} == {CheckBrokeDownError}


def test_a_check_that_returns_no_frame_is_told_as_such(tmp_path: Path) -> None:
    @check
    def broken(found: Frame[Orders]) -> BadRows[Orders]:
        return None  # type: ignore[return-value]  # the mistake

    errors = pipeline(tmp_path, orders, broken).run().errors
    assert {type(error) for error in errors} == {ReturnValueError}


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("workers", [1, 3])
def test_a_key_of_the_whole_table_is_not_repeated_in_another_partition(
    tmp_path: Path, store: str, workers: int
) -> None:
    @asset
    def unique(day: date) -> Table[Unique]:
        return pl.DataFrame({"day": [day], "order": [day.day % 2]})

    found = pipeline(tmp_path, unique, store=store, workers=workers)
    (error,) = found.run().errors
    assert isinstance(error, RulesBrokenError)
    assert "in the table" in error.message
    assert found.rows(Unique, "order") == [0, 1]


def test_a_foreign_key_is_looked_up_in_the_other_table(tmp_path: Path) -> None:
    @asset
    def flights() -> Table[Flights]:
        return pl.DataFrame({"number": [1, 2], "carrier": ["AA", "XX"]})

    (error,) = pipeline(tmp_path, carriers, flights).run().errors
    assert isinstance(error, RulesBrokenError)
    assert "bronze.carriers.code" in error.message


def test_what_refers_to_a_table_that_failed_is_skipped(tmp_path: Path) -> None:
    @asset(name="broken_carriers")
    def broken() -> Table[Carriers]:
        msg = "no"
        raise ValueError(msg)

    @asset
    def flights() -> Table[Flights]:
        return pl.DataFrame({"number": [1], "carrier": ["AA"]})

    found = pipeline(tmp_path, broken, flights)
    result = found.run()
    assert (result.failed, result.skipped) == (1, 1)
