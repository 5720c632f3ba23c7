from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    BadRows,
    Bronze,
    Col,
    Frame,
    Gold,
    Out,
    Silver,
    Static,
    Table,
    Written,
    asset,
    check,
    col,
    key,
)
from flowforge_assets.errors.check import ColumnTypeError, ReturnValueError
from flowforge_assets.errors.job import WrittenElsewhereError, WrittenMissingError
from flowforge_assets.errors.run import (
    CheckBrokeDownError,
    CheckFailedError,
    RulesBrokenError,
    StepFailedError,
)
from flowforge_assets.errors.storage import StrayRowsError
from flowforge_assets.sdk.fake import FakeJobs
from pipelines import Function, Pipeline, pipeline

LAND = Static("de", "fr").on("land")


class Wide(Silver, partition=LAND):
    land: Col[str] = col()
    n: Col[int] = col(ge=0)


class Merged(Gold):
    id: Col[int] = key()
    n: Col[int] = col()


class Asided(Gold):
    n: Col[int] = col(ge=0)


class Left(Bronze):
    n: Col[int] = col()


class Right(Bronze):
    n: Col[int] = col()


@asset
def wide(land: str, out: Out[Wide], jobs: FakeJobs) -> Written[Wide]:
    jobs.run("write", out=out.url, land=land)
    return out.written()


@asset(write="merge")
def merged(out: Out[Merged], jobs: FakeJobs) -> Written[Merged]:
    jobs.run("write", out=out.url)
    return out.written()


@asset(bad_rows="quarantine")
def asided(out: Out[Asided], jobs: FakeJobs) -> Written[Asided]:
    jobs.run("write", out=out.url)
    return out.written()


def run_writing(tmp_path: Path, write: Function, *functions: Function) -> Pipeline:
    lake = pipeline(tmp_path, *(functions or (wide,)), store="delta", memory_mb=0)
    lake.given = (FakeJobs(write=write),)
    return lake


def folder_of(url: str) -> Path:
    return Path(url.removeprefix("file://"))


def left_over(lake: Pipeline) -> list[Path]:
    return [p for p in (lake.environment.folder / "lake" / "_staging").glob("*/*/*") if p.is_dir()]


def test_parquet_files_in_folders_named_for_columns_are_read(tmp_path: Path) -> None:
    def write(out: str, land: str) -> None:
        target = folder_of(out) / f"land={land}"
        target.mkdir()
        pl.DataFrame({"n": [1, 2]}).write_parquet(target / "part-0.parquet")
        (folder_of(out) / "_SUCCESS").touch()
        (folder_of(out) / "_temporary").mkdir()
        (folder_of(out) / "_temporary" / "x.parquet").write_text("half")

    lake = run_writing(tmp_path, write)
    assert lake.run().status == "succeeded"
    assert lake.rows(Wide) == [("de", 1), ("de", 2), ("fr", 1), ("fr", 2)]


def test_many_rows_are_streamed_into_the_table(tmp_path: Path) -> None:
    def write(out: str, land: str) -> None:
        rows = pl.DataFrame({"land": [land], "n": [1]})
        pl.concat([rows] * 8).select(pl.all().repeat_by(200_000).explode()).write_delta(out)

    lake = run_writing(tmp_path, write)
    assert lake.run(partitions="de").status == "succeeded"
    assert lake.table(Wide).scan().select(pl.len()).collect().item() == 1_600_000
    assert left_over(lake) == []


def test_rows_are_merged_by_key_like_any_others(tmp_path: Path) -> None:
    found = [{"id": [1, 2], "n": [10, 20]}, {"id": [2, 3], "n": [21, 30]}]

    def write(out: str) -> None:
        pl.DataFrame(found.pop(0)).write_delta(out)

    lake = run_writing(tmp_path, write, merged)
    lake.run()
    lake.run(force=True)
    assert lake.rows(Merged) == [(1, 10), (2, 21), (3, 30)]


def test_bad_rows_are_set_aside_like_any_others(tmp_path: Path) -> None:
    def write(out: str) -> None:
        pl.DataFrame({"n": [-1, 1]}).write_delta(out)

    lake = run_writing(tmp_path, write, asided)
    assert lake.run().status == "succeeded"
    assert lake.rows(Asided, "n") == [1]


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    (error,) = run_writing(tmp_path, lambda **_: None).run(partitions="de").errors
    assert isinstance(error, WrittenMissingError)
    assert "nothing written of `silver.wide`" in error.message


def test_a_file_that_is_no_parquet_is_an_error(tmp_path: Path) -> None:
    def write(out: str, **_: str) -> None:
        (folder_of(out) / "part.parquet").write_text("land,n")

    (error,) = run_writing(tmp_path, write).run(partitions="de").errors
    assert isinstance(error, WrittenMissingError)
    assert "cannot be read" in error.message


def test_a_log_that_is_no_delta_log_is_an_error(tmp_path: Path) -> None:
    def write(out: str, **_: str) -> None:
        log = folder_of(out) / "_delta_log"
        log.mkdir()
        (log / f"{0:020}.json").write_text("{}")

    (error,) = run_writing(tmp_path, write).run(partitions="de").errors
    assert isinstance(error, WrittenMissingError)


def test_a_file_that_is_damaged_inside_is_an_error_of_the_job(tmp_path: Path) -> None:
    def write(out: str, land: str) -> None:
        path = folder_of(out) / "part.parquet"
        pl.DataFrame({"land": [land] * 10_000, "n": range(10_000)}).write_parquet(path)
        whole = bytearray(path.read_bytes())
        whole[4:2000] = b"\x00" * 1996
        path.write_bytes(bytes(whole))

    lake = run_writing(tmp_path, write)
    (error,) = lake.run(partitions="de").errors
    assert isinstance(error, WrittenMissingError)
    assert lake.table(Wide).version() is None


def test_a_data_file_that_is_gone_is_an_error_of_the_job(tmp_path: Path) -> None:
    def write(out: str, land: str) -> None:
        pl.DataFrame({"land": [land], "n": [1]}).write_delta(out)
        next(folder_of(out).glob("*.parquet")).unlink()

    (error,) = run_writing(tmp_path, write).run(partitions="de").errors
    assert isinstance(error, WrittenMissingError)


def test_other_columns_than_promised_are_refused(tmp_path: Path) -> None:
    def write(out: str, land: str) -> None:
        pl.DataFrame({"land": [land], "n": ["one"]}).write_delta(out)

    lake = run_writing(tmp_path, write)
    (error,) = lake.run(partitions="de").errors
    assert isinstance(error, ColumnTypeError)
    assert lake.table(Wide).version() is None
    assert left_over(lake) == []


def test_rows_that_break_a_rule_are_refused(tmp_path: Path) -> None:
    def write(out: str, land: str) -> None:
        pl.DataFrame({"land": [land], "n": [-1]}).write_delta(out)

    (error,) = run_writing(tmp_path, write).run(partitions="de").errors
    assert isinstance(error, RulesBrokenError)


def test_rows_of_another_partition_are_refused(tmp_path: Path) -> None:
    def write(out: str, **_: str) -> None:
        pl.DataFrame({"land": ["fr"], "n": [1]}).write_delta(out)

    (error,) = run_writing(tmp_path, write).run(partitions="de").errors
    assert isinstance(error, StrayRowsError)


@check
def none_is_ten(rows: Frame[Wide]) -> BadRows[Wide]:
    return rows.filter(Wide.n == 10)


def test_rows_that_a_check_finds_are_refused(tmp_path: Path) -> None:
    def write(out: str, land: str) -> None:
        pl.DataFrame({"land": [land], "n": [10]}).write_delta(out)

    (error,) = run_writing(tmp_path, write, wide, none_is_ten).run(partitions="de").errors
    assert isinstance(error, CheckFailedError)


class Guarded(Gold):
    n: Col[int] = col()


@asset
def guarded(out: Out[Guarded]) -> Written[Guarded]:
    pl.DataFrame({"n": [1]}).write_delta(out.url)
    return out.written()


@check
def breaks_down(rows: Frame[Guarded]) -> BadRows[Guarded]:
    return rows.filter(pl.col("m") == 1)


def test_a_check_that_breaks_down_is_not_the_fault_of_the_job(tmp_path: Path) -> None:
    (error,) = pipeline(tmp_path, guarded, breaks_down, store="delta").run().errors
    assert isinstance(error, CheckBrokeDownError)


class Judged(Gold):
    n: Col[int] = col()


@asset
def judged(out: Out[Judged]) -> Written[Judged]:
    pl.DataFrame({"n": [1]}).write_delta(out.url)
    return out.written()


@check
def raises(rows: Frame[Judged]) -> BadRows[Judged]:
    raise RuntimeError(rows.collect_schema().names())


def test_a_check_that_raises_is_not_the_fault_of_the_job(tmp_path: Path) -> None:
    (error,) = pipeline(tmp_path, judged, raises, store="delta").run().errors
    assert isinstance(error, StepFailedError)
    assert error.message.startswith("`raises` failed")


class Listed(Gold):
    n: Col[int] = col()


class Far(Gold):
    n: Col[int] = col()


@asset
def near_and_far(out: Out[Far]) -> tuple[Table[Listed], Written[Far]]:
    pl.DataFrame({"n": [2]}).write_delta(out.url)
    return pl.DataFrame({"n": [1]}), out.written()


def test_one_call_makes_a_dataset_here_and_another_elsewhere(tmp_path: Path) -> None:
    lake = pipeline(tmp_path, near_and_far, store="delta")
    assert lake.run().status == "succeeded"
    assert (lake.rows(Listed, "n"), lake.rows(Far, "n")) == ([1], [2])


@asset
def says_nothing(out: Out[Left]) -> Written[Left]:  # type: ignore[return]
    pl.DataFrame({"n": [1]}).write_delta(out.url)


@asset
def says_elsewhere(out: Out[Right]) -> Written[Right]:
    return Written(out.url + "/../other")


class Trouble(Bronze):
    n: Col[int] = col()


@asset
def fails(out: Out[Trouble]) -> Written[Trouble]:
    raise RuntimeError(out.partitions)


def test_an_asset_says_that_its_dataset_is_written(tmp_path: Path) -> None:
    (error,) = pipeline(tmp_path, says_nothing, store="delta").run().errors
    assert isinstance(error, ReturnValueError)
    assert error.hint == "return `out.written()`"


def test_an_asset_writes_to_no_other_place(tmp_path: Path) -> None:
    (error,) = pipeline(tmp_path, says_elsewhere, store="delta").run().errors
    assert isinstance(error, WrittenElsewhereError)


@pytest.mark.parametrize("store", ["delta", "memory", "parquet"])
def test_a_failure_of_the_asset_itself_is_its_own(tmp_path: Path, store: str) -> None:
    lake = pipeline(tmp_path, fails, store=store)
    (error,) = lake.run().errors
    assert isinstance(error, StepFailedError)
    assert left_over(lake) == []
