"""Outputs of one call are held against one another before any of them is committed."""

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
    Rows,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.errors.run import CheckFailedError, RulesBrokenError
from pipelines import pipeline

DAY = Daily(start="2026-01-01", end="2026-01-02")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
LINES: dict[str, list[int]] = {}


class Orders(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = key()
    day: Col[date] = col()


class Lines(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = col(ref=Orders)
    day: Col[date] = col()


@asset
def pull(day: date) -> tuple[Frame[Lines], Frame[Orders]]:
    lines = pl.LazyFrame(
        {"order_id": LINES.get(str(day), [day.day])}, schema={"order_id": pl.Int64}
    )
    orders = pl.LazyFrame({"order_id": [day.day]})
    return lines.with_columns(day=pl.lit(day)), orders.with_columns(day=pl.lit(day))


@asset(name="pull_rows", bad_rows="quarantine")
def pull_rows(day: date) -> Rows[Lines | Orders]:
    yield Orders(order_id=day.day, day=day)
    for order_id in LINES.get(str(day), [day.day]):
        yield Lines(order_id=order_id, day=day)


@check
def every_order_has_a_line(orders: Frame[Orders], lines: Frame[Lines]) -> BadRows[Orders]:
    return orders.join(lines, on="order_id", how="anti")


@check
def no_order_without_line_ever(
    orders: Frame[Orders], lines: Annotated[Frame[Lines], All()]
) -> BadRows[Orders]:
    return orders.join(lines, on="order_id", how="anti")


@pytest.fixture(autouse=True)
def lines() -> None:
    LINES.clear()


@STORES
def test_a_reference_finds_the_rows_of_the_same_call(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull, store=store)
    assert p.run().status == "succeeded"
    assert p.rows(Lines, "order_id") == [1, 2]


@STORES
def test_a_reference_finds_what_was_there_before(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull, store=store)
    p.run(partitions="2026-01-01")
    LINES["2026-01-02"] = [1, 2]
    assert p.run().status == "succeeded"
    assert p.rows(Lines, "order_id") == [1, 1, 2]


@STORES
def test_a_reference_to_nothing_stops_both(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull, store=store)
    LINES["2026-01-01"] = [9]
    result = p.run(partitions="2026-01-01")
    assert [type(error) for error in result.errors] == [RulesBrokenError]
    assert p.table(Orders).version() is None


def test_rows_that_refer_to_nothing_are_set_aside(tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull_rows)
    LINES["2026-01-01"] = [1, 9]
    assert p.run().status == "succeeded"
    assert p.rows(Lines, "order_id") == [1, 2]


@pytest.mark.parametrize("guard", [every_order_has_a_line, no_order_without_line_ever])
def test_a_check_sees_the_rows_of_the_same_call(tmp_path: Path, guard: object) -> None:
    p = pipeline(tmp_path, pull, guard)  # type: ignore[arg-type]  # one of the two checks
    assert p.run(partitions="2026-01-01").status == "succeeded"
    LINES["2026-01-02"] = []
    result = p.run()
    assert [type(error) for error in result.errors] == [CheckFailedError]
    assert p.rows(Orders, "order_id") == [1]
