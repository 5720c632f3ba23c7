"""An output that did not change stops the wave."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import polars as pl
import pytest

from flowforge_assets import (
    All,
    Bronze,
    Col,
    Daily,
    Frame,
    Gold,
    Lag,
    Silver,
    asset,
    col,
)
from pipelines import pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")
STORES = pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
SAID: dict[str, list[int]] = {}


class Raw(Bronze, partition=DAY.on("day")):
    n: Col[int] = col()
    day: Col[date] = col()


class Clean(Silver, partition=DAY.on("day")):
    n: Col[int] = col()
    day: Col[date] = col()


class Running(Silver, partition=DAY.on("day")):
    total: Col[int] = col()
    day: Col[date] = col()


class Total(Gold):
    n: Col[int] = col()


class Share(Gold, partition=DAY.on("day")):
    share: Col[float] = col()
    day: Col[date] = col()


class Shown(Gold, partition=DAY.on("day")):
    n: Col[int] = col()
    day: Col[date] = col()


@asset
def raw(day: date) -> Frame[Raw]:
    return pl.LazyFrame({"n": SAID.get(str(day), [1])}, schema={"n": pl.Int64}).with_columns(
        day=pl.lit(day)
    )


@asset
def clean(raw: Frame[Raw]) -> Frame[Clean]:
    return raw.filter(Raw.n > 0).unique(maintain_order=False)


@asset
def running(
    day: date, now: Frame[Clean], before: Annotated[Frame[Running], Lag(1)] | None
) -> Frame[Running]:
    sums = now.select(total=Clean.n.sum())
    if before is not None:
        sums = pl.concat([sums, before.select("total")]).sum()
    return sums.with_columns(day=pl.lit(day))


@asset
def total(clean: Frame[Clean]) -> Frame[Total]:
    return clean.select(n=Clean.n.sum())


@asset
def share(now: Frame[Clean], all_days: Annotated[Frame[Clean], All()]) -> Frame[Share]:
    whole = all_days.select(whole=Clean.n.sum())
    mine = now.group_by("day").agg(Clean.n.sum())
    return mine.join(whole, how="cross").select(share=pl.col("n") / pl.col("whole"), day="day")


@asset(write="view")
def shown(clean: Frame[Clean]) -> Frame[Shown]:
    return clean.with_columns(n=Clean.n * 10)


@asset(name="of_view")
def of_view(shown: Frame[Shown]) -> Frame[Total]:
    return shown.select(n=Shown.n.sum())


@pytest.fixture(autouse=True)
def said() -> None:
    SAID.clear()
    SAID.update({"2026-01-01": [1, 2], "2026-01-02": [3], "2026-01-03": [4]})


@STORES
def test_rows_that_are_as_they_were_make_no_reader_stale(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, clean, total, store=store)
    p.run()
    SAID["2026-01-01"] = [2, -5, 1]
    p.run(["bronze.raw"], partitions="2026-01-01", force=True)
    assert reasons(p.plan()) == {
        "clean": ("input newer", "2026-01-01"),
        "total": ("input newer", ""),
    }
    p.run()
    assert p.ended() == {("clean", "2026-01-01"): "made", ("total", None): "fresh"}
    assert not p.plan().steps


@STORES
def test_rows_that_changed_go_on(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, clean, total, store=store)
    p.run()
    SAID["2026-01-01"] = [7]
    p.run(["bronze.raw"], partitions="2026-01-01", force=True)
    p.run()
    assert p.rows(Total, "n") == [14]
    assert not p.plan().steps


def test_a_row_that_comes_twice_is_a_change(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, total_of_raw)
    SAID["2026-01-01"] = [1, 1]
    p.run()
    SAID["2026-01-01"] = [1]
    p.run(["bronze.raw"], partitions="2026-01-01", force=True)
    p.run()
    assert p.rows(Total, "n") == [8]


@asset(name="total_of_raw")
def total_of_raw(raw: Frame[Raw]) -> Frame[Total]:
    return raw.select(n=Raw.n.sum())


def test_changed_code_with_the_same_rows_stops_there(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, clean, total)
    p.run()
    p.codes["silver.clean"] = "2"
    result = p.run()
    assert (result.made, result.fresh) == (1, 2)
    assert not p.plan().steps


@STORES
def test_what_changed_before_an_unchanged_commit_still_counts(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, clean, total, store=store)
    p.run()
    SAID["2026-01-02"] = [9]
    p.run(["bronze.raw", "silver.clean"], partitions="2026-01-02", force=True)
    p.run(["silver.clean"], partitions="2026-01-02", force=True)
    assert reasons(p.plan()) == {"total": ("input newer", "")}
    p.run()
    assert p.rows(Total, "n") == [16]


@STORES
def test_own_past_is_read_in_order_and_remade_from_where_it_changed(
    store: str, tmp_path: Path
) -> None:
    p = pipeline(tmp_path, raw, clean, running, store=store)
    p.run()
    assert p.rows(Running, "total") == [3, 6, 10]
    SAID["2026-01-02"] = [5]
    p.run(["bronze.raw"], partitions="2026-01-02", force=True)
    p.run()
    assert p.rows(Running, "total") == [3, 8, 12]
    assert ("running", "2026-01-01") not in p.ended()
    assert not p.plan().steps


def test_own_past_that_turns_out_the_same_ends_the_wave(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, clean, running)
    p.run()
    SAID["2026-01-01"] = [2, 1, -5]
    p.run(["bronze.raw"], partitions="2026-01-01", force=True)
    p.run()
    assert {part: how for (name, part), how in p.ended().items() if name == "running"} == {
        "2026-01-01": "fresh",
        "2026-01-02": "fresh",
        "2026-01-03": "fresh",
    }


def test_a_dataset_is_read_twice_with_two_mappings(tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, clean, share)
    p.run()
    assert p.rows(Share, "share") == [0.3, 0.3, 0.4]
    SAID["2026-01-03"] = [14]
    p.run(["bronze.raw"], partitions="2026-01-03", force=True)
    p.run()
    assert p.rows(Share, "share") == [0.15, 0.15, 0.7]


@STORES
def test_a_view_stores_nothing_and_is_read_as_its_inputs_are(store: str, tmp_path: Path) -> None:
    p = pipeline(tmp_path, raw, clean, shown, of_view, store=store)
    p.run()
    assert p.rows(Total, "n") == [100]
    assert p.rows(Shown) == []
    SAID["2026-01-01"] = [5]
    p.run(["bronze.raw"], partitions="2026-01-01", force=True)
    p.run()
    assert p.rows(Total, "n") == [120]
    assert not p.plan().steps
