from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import polars as pl
import pytest

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Silver, Table, asset, col
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.execute.handover import Handover
from pipelines import pipeline

DAY = Daily(start="2026-01-01", end="2026-01-03")
KEY = DatasetKey("silver.orders")
AT = TableVersion("t", 1)


def frame(rows: int) -> pl.DataFrame:
    return pl.DataFrame({"n": range(rows)})


def test_a_frame_is_found_by_exactly_its_partitions() -> None:
    handover = Handover(1_000)
    handover.keep(KEY, WHOLE, frame(3), AT)
    found = handover.find(KEY, WHOLE)
    assert found is not None
    assert found[0].equals(frame(3))
    assert found[1] == AT
    assert handover.find(DatasetKey("silver.other"), WHOLE) is None


def test_a_frame_that_does_not_fit_is_not_kept() -> None:
    handover = Handover(100)
    handover.keep(KEY, WHOLE, frame(1_000), AT)
    assert handover.find(KEY, WHOLE) is None
    assert handover.free_bytes == 100


def test_without_a_budget_nothing_is_kept() -> None:
    handover = Handover(0)
    handover.keep(KEY, WHOLE, frame(1), AT)
    assert handover.find(KEY, WHOLE) is None


def test_a_dropped_frame_gives_its_room_back() -> None:
    handover = Handover(1_000)
    handover.keep(KEY, WHOLE, frame(100), AT)
    assert handover.free_bytes == 200
    handover.drop(KEY)
    assert handover.free_bytes == 1_000
    assert handover.find(KEY, WHOLE) is None


def test_a_frame_kept_again_takes_the_place_of_the_first() -> None:
    handover = Handover(1_000)
    handover.keep(KEY, WHOLE, frame(50), AT)
    handover.keep(KEY, WHOLE, frame(100), AT)
    assert handover.free_bytes == 200


class Source(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    at: Col[datetime] = col()
    money: Col[Decimal] = col(precision=20, scale=2)
    kind: Col[Literal["a", "b"]] = col()
    small: Col[int] = col()
    names: Col[list[str]] = col()
    note: Col[str | None] = col()


class Copy(Silver, partition=DAY.on("day")):
    day: Col[date] = col()
    at: Col[datetime] = col()
    money: Col[Decimal] = col(precision=20, scale=2)
    kind: Col[Literal["a", "b"]] = col()
    small: Col[int] = col()
    names: Col[list[str]] = col()
    note: Col[str | None] = col()
    types: Col[str] = col()


class Total(Gold):
    rows: Col[int] = col()
    money: Col[Decimal] = col(precision=38, scale=2)


@asset
def source(day: date) -> Table[Source]:
    """Columns in another order and in types that tables have not."""
    return pl.DataFrame(
        {
            "small": pl.Series([1, 2], dtype=pl.UInt32),
            "kind": pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
            "at": [datetime(2026, 1, 1, 12, tzinfo=UTC)] * 2,
            "names": [["x"], []],
            "money": pl.Series([Decimal("1.10"), Decimal("2.20")], dtype=pl.Decimal(20, 2)),
            "note": [None, None],
            "day": [day, day],
        }
    ).with_columns(pl.col("at").dt.convert_time_zone("Europe/Berlin").dt.cast_time_unit("ms"))


@asset
def copied(rows: Table[Source]) -> Table[Copy]:
    """Says which types it was given."""
    return rows.with_columns(types=pl.lit(str(list(rows.schema.items()))))


@asset
def total(rows: Frame[Copy]) -> Frame[Total]:
    return rows.select(
        rows=pl.len().cast(pl.Int64), money=pl.col("money").sum().cast(pl.Decimal(38, 2))
    )


@pytest.mark.parametrize("store", ["memory", "delta", "parquet"])
def test_what_is_handed_over_equals_what_is_read_again(tmp_path: Path, store: str) -> None:
    contents = []
    for memory_mb in (0, 100):
        folder = tmp_path / str(memory_mb)
        folder.mkdir()
        found = pipeline(folder, source, copied, total, store=store, memory_mb=memory_mb)
        assert found.run().errors == ()
        contents.append((found.rows(Source), found.rows(Copy), found.rows(Total)))
        assert found.plan().steps == ()
    assert contents[0] == contents[1]


def test_the_versions_that_were_handed_over_are_those_that_were_read(tmp_path: Path) -> None:
    found = pipeline(tmp_path, source, copied, store="delta")
    found.run()
    (made,) = found.table(Copy).made()
    version = found.table(Source).version()
    assert made.inputs == {DatasetKey("bronze.source"): version}


class Wide(Bronze):
    n: Col[int] = col(ge=0)


class Filtered(Silver):
    n: Col[int] = col(ge=0)


@pytest.mark.parametrize("store", ["delta", "parquet"])
@pytest.mark.parametrize("bad", [False, True])
def test_a_result_that_is_too_large_is_streamed_through_files(
    tmp_path: Path,
    store: str,
    bad: bool,  # noqa: FBT001 - the value under test
) -> None:
    rows = 1_200_000

    @asset
    def wide() -> Table[Wide]:
        return pl.DataFrame({"n": range(rows)})

    @asset(bad_rows="quarantine")
    def filtered(wide: Frame[Wide]) -> Frame[Filtered]:
        return wide.with_columns(n=pl.col("n") - (1 if bad else 0))

    found = pipeline(tmp_path, wide, filtered, store=store, memory_mb=0)
    assert found.run().errors == ()
    height = found.table(Filtered).scan().select(pl.len()).collect().item()
    assert height == rows - bad
    assert found.plan().steps == ()
    files = list((tmp_path / ".flowforge/dev/lake/silver/filtered").rglob("*.parquet"))
    assert len(files) == 1
