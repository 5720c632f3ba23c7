"""Assets that make several datasets: each has its own commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Rows, asset, col, key
from flowforge_assets.declare.describe import key_of
from flowforge_assets.errors.check import ReturnValueError
from flowforge_assets.execute.resume import plan_of_rest
from flowforge_assets.plan.plan import Plan
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from pipelines import Pipeline, pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
CALLS: list[date] = []
LEAST: dict[str, int] = {}


class Orders(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = key()
    day: Col[date] = col()


class Lines(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = col(ge=0)
    sku: Col[str] = col()
    day: Col[date] = col()


class Refunds(Bronze, partition=DAY.on("day")):
    order_id: Col[int] = col()
    day: Col[date] = col()


class Skus(Gold):
    sku: Col[str] = key()


@asset
def pull(day: date) -> tuple[Frame[Orders], Frame[Lines]]:
    CALLS.append(day)
    first = LEAST.get("order_id", day.day)
    orders = pl.LazyFrame({"order_id": [first]}).with_columns(day=pl.lit(day))
    return orders, orders.select("order_id", pl.lit("x").alias("sku"), "day")


@asset(name="pull_rows")
def pull_rows(day: date) -> Rows[Orders | Lines]:
    yield Orders(order_id=day.day, day=day)
    yield Lines(order_id=day.day, sku="a", day=day)
    yield Lines(order_id=day.day, sku="b", day=day)


@asset(name="pull_wrong")
def pull_wrong(day: date) -> Rows[Orders | Lines]:
    yield Orders(order_id=day.day, day=day)
    yield Refunds(order_id=1, day=day)  # type: ignore[misc]


@asset
def skus(lines: Frame[Lines]) -> Frame[Skus]:
    return lines.select("sku").unique()


@pytest.fixture(autouse=True)
def calls() -> None:
    CALLS.clear()
    LEAST.clear()


@STORES
def test_one_call_makes_both_datasets_in_their_partitions(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull, skus, store=store)
    assert p.run().status == "succeeded"
    assert p.rows(Orders, "order_id") == [1, 2, 3]
    assert p.rows(Lines, "sku") == ["x", "x", "x"]
    assert p.rows(Skus, "sku") == ["x"]
    assert len(CALLS) == 3
    assert not p.plan().steps


@STORES
def test_rows_go_where_their_class_says(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull_rows, store=store)
    p.run()
    assert p.rows(Orders, "order_id") == [1, 2, 3]
    assert p.rows(Lines, "sku") == ["a", "a", "a", "b", "b", "b"]


def test_a_row_of_a_class_that_is_not_made_stops_the_step(tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull_wrong)
    result = p.run(partitions="2026-01-01")
    assert [type(error) for error in result.errors] == [ReturnValueError]
    assert "`Refunds`" in result.errors[0].message
    assert p.table(Orders).version() is None


@STORES
def test_what_lacks_is_committed_and_nothing_else(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull, store=store)
    p.run()
    forget_lines(p, "2026-01-02")  # as if the run had been killed between two commits
    before = p.table(Orders).version()
    assert [(s.commits, s.partitions.render(), s.reason) for s in p.plan().steps] == [
        (("bronze.lines",), "2026-01-02", "never made")
    ]
    p.run()
    assert p.table(Orders).version() == before
    assert p.rows(Lines, "order_id") == [1, 2, 3]
    assert not p.plan().steps


def test_what_lacks_and_is_stale_is_committed_whole(tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull)
    p.run()
    forget_lines(p, "2026-01-02")
    p.codes["bronze.orders"] = "2"
    assert all(not step.commits for step in p.plan().steps)


def forget_lines(p: Pipeline, day: str) -> None:
    """Lets the ledger forget that the lines of a day were made."""
    dataset = p.graph.datasets[key_of(Lines)]
    gone = dataset.partitioning.parse(day, p.now)
    made = [replace(each, partitions=each.partitions - gone) for each in p.table(Lines).made()]
    with Ledger.open(p.environment.ledger_path) as ledger:
        ledger.replace_all(dataset.key, made)


@STORES
def test_a_resumed_run_commits_only_what_lacks(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, pull, store=store)
    first = p.run(partitions="2026-01-01..2026-01-02")
    forget_lines(p, "2026-01-02")
    before = p.table(Orders).version()

    def rest(history: History) -> Plan:
        with Ledger.open(p.environment.ledger_path) as ledger:
            run, steps = ledger.find_run(first.run_id), ledger.steps_of(first.run_id)
        prints = p.fingerprints()
        return plan_of_rest(p.graph, history, first.run_id, run, steps, fingerprints=prints)

    assert p.run_plan(rest).status == "succeeded"
    assert p.ended() == {("pull", "2026-01-02"): "made"}
    assert p.table(Orders).version() == before
    assert reasons(p.plan()) == {"pull": ("never made", "2026-01-03")}
