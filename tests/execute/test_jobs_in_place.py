from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    BadRows,
    Bronze,
    Col,
    Daily,
    Frame,
    Gold,
    Out,
    Static,
    Written,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.errors.job import InPlaceError, InPlaceStoreError, WrittenElsewhereError
from flowforge_assets.sdk.fake import FakeJobs
from pipelines import Pipeline, pipeline, reasons

DAY = Daily(start="2026-01-01", end="2026-01-03")


class Wide(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    n: Col[int] = col(ge=0)


class Days(Gold):
    n: Col[int] = col()


@asset(in_place=True)
def wide(day: date, out: Out[Wide], jobs: FakeJobs) -> Written[Wide]:
    jobs.run("wide", out=out.url, day=str(day))
    return out.written()


@asset
def days(rows: Frame[Wide]) -> Frame[Days]:
    return rows.select(n=pl.len().cast(pl.Int64))


@check
def none_is_seven(rows: Frame[Wide]) -> BadRows[Wide]:
    return rows.filter(Wide.n == 7)


class Writes:
    """A job that replaces its day in the table by one row, as its `n` says."""

    def __init__(self) -> None:
        self.n: object = 1

    def __call__(self, out: str, day: str) -> None:
        rows = pl.DataFrame({"day": [date.fromisoformat(day)], "n": [self.n]})
        if (Path(out.removeprefix("file://")) / "_delta_log").exists():
            options = {"predicate": f"day = '{day}'"}
            rows.write_delta(out, mode="overwrite", delta_write_options=options)
        else:
            rows.write_delta(out)


@pytest.fixture
def write() -> Writes:
    return Writes()


@pytest.fixture
def lake(tmp_path: Path, write: Writes) -> Pipeline:
    made = pipeline(tmp_path, wide, days, none_is_seven, store="delta")
    made.given = (FakeJobs(wide=write),)
    return made


def test_a_job_writes_the_table_itself_and_each_partition_is_recorded(lake: Pipeline) -> None:
    assert lake.run().status == "succeeded"
    assert lake.rows(Wide, "n") == [1, 1, 1]
    assert lake.rows(Days, "n") == [3]
    made = lake.table(Wide).made()
    assert [(each.partitions.render(), each.rows) for each in made] == [
        ("2026-01-01", 1),
        ("2026-01-02", 1),
        ("2026-01-03", 1),
    ]
    assert lake.plan().steps == ()
    assert not (lake.environment.folder / "lake" / "_staging").exists()


def test_readers_of_a_table_that_is_written_again_are_stale(lake: Pipeline, write: Writes) -> None:
    lake.run()
    write.n = 2
    lake.codes["bronze.wide"] = "2"
    lake.run(["bronze.wide"], partitions="2026-01-02")
    assert lake.rows(Wide, "n") == [1, 1, 2]
    lake.codes["bronze.wide"] = "1"
    assert reasons(lake.plan(["gold.days"]))["days"][0] == "input newer"


@pytest.mark.parametrize(
    ("n", "code"), [(-1, "FF-710"), (7, "FF-712"), ("one", "FF-303")], ids=["rule", "check", "type"]
)
def test_what_breaks_its_promises_in_place_stays_stale(
    lake: Pipeline, write: Writes, n: object, code: str
) -> None:
    write.n = n
    result = lake.run(["bronze.wide"], partitions="2026-01-01")
    assert result.status == "failed"
    (error,) = result.errors
    assert isinstance(error, InPlaceError)
    assert error.message.startswith("`wide` has written `bronze.wide` in place, and ")
    assert code in (error.hint or "")
    assert lake.table(Wide).made() == []
    assert reasons(lake.plan(["bronze.wide"], partitions="2026-01-01")) == {
        "wide": ("never made", "2026-01-01")
    }


def test_a_table_that_was_put_right_is_recorded(lake: Pipeline, write: Writes) -> None:
    write.n = -1
    lake.run(["bronze.wide"], partitions="2026-01-01")
    write.n = 1
    assert lake.run(["bronze.wide"], partitions="2026-01-01").status == "succeeded"
    assert lake.rows(Wide, "n") == [1]


def test_a_job_that_wrote_nothing_in_place_fails(lake: Pipeline) -> None:
    lake.given = (FakeJobs(wide=lambda **_: None),)
    (error,) = lake.run(["bronze.wide"], partitions="2026-01-01").errors
    assert isinstance(error, InPlaceError)
    assert "no table of `bronze.wide` is at" in error.message


@pytest.mark.parametrize("store", ["memory", "parquet"])
def test_only_a_delta_table_in_a_folder_is_written_in_place(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, wide, store=store)
    lake.given = (jobs := FakeJobs(wide=lambda **_: None),)
    (error,) = lake.run(partitions="2026-01-01").errors
    assert isinstance(error, InPlaceStoreError)
    assert jobs.submitted == []


class Late(Bronze, partition=DAY.on("day")):
    id: Col[int] = key()
    day: Col[date] = col()


@asset(in_place=True, write="merge", per=Static("eu", "us").on("region"))
def late(region: str, out: Out[Late]) -> Written[Late]:
    pl.DataFrame({"id": [1], "day": [date(2026, 1, 2)]}).write_delta(out.url)
    return out.written(region=region)


def test_rows_that_a_job_merges_in_place_may_lie_anywhere(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, late, store="delta")
    assert lake.run(partitions="eu").status == "succeeded"
    (made,) = lake.table(Late).made()
    assert made.touched is not None
    assert made.touched.render() == "2026-01-01..2026-01-03"


class Moved(Gold):
    n: Col[int] = col()


@asset(in_place=True)
def moved(out: Out[Moved]) -> Written[Moved]:
    return Written(out.url.replace("moved", "days"))


def test_a_place_that_is_not_the_table_is_refused(tmp_path: Path) -> None:
    (error,) = pipeline(tmp_path, moved, store="delta").run().errors
    assert isinstance(error, WrittenElsewhereError)
