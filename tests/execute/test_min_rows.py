"""Datasets that promise how many rows a step has at least."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Project, Silver, asset, col, key
from flowforge_assets.errors.run import TooFewRowsError
from pipelines import pipeline

DAY = Daily(start="2026-01-01", end="2026-01-02")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
ROWS: dict[int, list[int]] = {}


class Raw(Bronze, partition=DAY.on("day")):
    id: Col[int] = col()
    day: Col[date] = col()


class Full(Silver, partition=DAY.on("day"), min_rows=2):
    id: Col[int] = col(ge=0)
    day: Col[date] = col()


class Whole(Silver, min_rows=1):
    id: Col[int] = key()


class Any(Silver, partition=DAY.on("day")):
    id: Col[int] = col()
    day: Col[date] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    return pl.LazyFrame({"id": ROWS[day.day]}, schema={"id": pl.Int64}).with_columns(
        day=pl.lit(day)
    )


@asset
def full(raw: Frame[Raw]) -> Frame[Full]:
    return raw


@asset
def whole(raw: Frame[Raw]) -> Frame[Whole]:
    return raw.select("id").filter(pl.col("id") > 1)


@asset(name="any_rows")
def any_rows(raw: Frame[Raw]) -> Frame[Any]:
    return raw


@pytest.fixture(autouse=True)
def rows() -> None:
    ROWS.clear()
    ROWS.update({1: [1, 2], 2: [3]})


@STORES
def test_a_step_with_fewer_rows_than_promised_is_not_written(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, full, store=store)
    (error,) = p.run().errors
    assert isinstance(error, TooFewRowsError)
    assert error.message == "`silver.full` in 2026-01-02 gets 1 row, and promises `min_rows=2`"
    assert p.rows(Full, "id") == [1, 2]
    assert p.ended()["full", "2026-01-01"] == "made"


@STORES
def test_what_was_there_stays_when_nothing_comes(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, whole, store=store)
    p.run()
    before = p.rows(Whole, "id")
    ROWS.update({1: [1], 2: []})
    (error,) = p.run(force=True).errors
    assert error.message == "`silver.whole` gets 0 rows, and promises `min_rows=1`"
    assert p.rows(Whole, "id") == before == [2, 3]


@STORES
def test_without_a_promise_no_rows_are_fine(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, any_rows, store=store)
    p.run()
    ROWS.update({1: [], 2: []})
    assert p.run(force=True).status == "succeeded"
    assert p.rows(Any) == []
    assert not p.plan().steps


def test_rows_that_are_set_aside_do_not_count(tmp_path: Path) -> None:
    @asset(bad_rows="quarantine")
    def full(raw: Frame[Raw]) -> Frame[Full]:
        return raw

    ROWS.update({1: [1, -2], 2: [3, 4, -1]})
    p = pipeline(tmp_path, raw, full)
    (error,) = p.run().errors
    assert "in 2026-01-01 gets 1 row" in error.message
    assert p.rows(Full, "id") == [3, 4]


def test_rows_to_be_removed_count(tmp_path: Path) -> None:
    @asset(write="merge", deletes="gone", per=DAY)
    def whole(raw: Frame[Raw]) -> Frame[Whole]:
        return raw.select("id", gone=pl.col("day").dt.day() == 2)

    ROWS.update({1: [3, 4], 2: [3]})
    p = pipeline(tmp_path, raw, whole)
    assert p.run().errors == ()
    assert p.rows(Whole, "id") == [4]


def test_large_results_are_counted_as_well(tmp_path: Path) -> None:
    class Large(Silver, min_rows=1_500_000):
        id: Col[int] = col()

    @asset
    def large(raw: Frame[Raw]) -> Frame[Large]:
        return raw.select(pl.int_range(1_000_000).alias("id"))

    p = pipeline(tmp_path, raw, large, store="delta", memory_mb=1)
    (error,) = p.run().errors
    assert "gets 1,000,000 rows" in error.message
    assert not list((tmp_path / ".flowforge").rglob("silver/large/**/*.parquet"))


def test_of_a_sample_one_row_is_enough(write_project: Callable[[Mapping[str, str]], Path]) -> None:
    source = """
from flowforge_assets import Bronze, Col, Silver, Table, Frame, asset, key
import polars as pl

class Raw(Bronze):
    id: Col[int] = key()

class Most(Silver, min_rows=900):
    id: Col[int] = key()

@asset
def raw() -> Table[Raw]:
    return pl.DataFrame({"id": range(1000)})

@asset
def most(raw: Frame[Raw]) -> Frame[Most]:
    return raw
"""
    config = '[project]\nmodules = ["few"]\n[env.dev]\nsample = 0.1\n[env.prod]\n'
    root = write_project({"flowforge.toml": config, "few.py": source})
    for env in ("dev", "prod"):
        assert Project.load(root, env=env).run().errors == ()
    assert Project.load(root, env="dev").read("silver.most").height < 900
