"""Our Delta tables in other engines' hands, and theirs in ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from flowforge_assets.core.partition import WHOLE
from flowforge_assets.storage.external import external_table
from flowforge_assets.storage.external_files import external_files
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.store import Store, Table
from storage_values import DAILY, FIRST_DAY, WEEKLY, day_rows, days, every_type, put, record
from write_ways import Op, perform, table_for

HERE = Path(__file__).parent
SPARK = Path(sys.prefix) / "spark"
_DEADLINE_SECONDS = 120
OPS = [Op("overwrite", 1), Op("partition", 2), Op("merge", 3), Op("append", 4), Op("deletes", 5)]

Rows = list[tuple[object, ...]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "lake"))


@pytest.fixture
def sales(store: Store, tmp_path: Path) -> Table:
    """A table that was written in several ways."""
    for op in OPS:
        perform(store, op, tmp_path)
    return table_for(store, "merge")


def folder_of(table: Table) -> str:
    return unquote(urlsplit(table.uri).path)


def ours(table: Table) -> Rows:
    return sorted(table.scan().select("k", "day", "n", "seen").collect().rows())


def spark(*queries: str) -> list[list[dict[str, object]]]:
    """The rows that each query gives, one after another in one session of Spark SQL."""
    if not SPARK.is_dir():
        pytest.fail(f"{SPARK} is not there: run `make setup`")
    told = subprocess.run(
        [sys.executable, str(HERE / "spark_session.py")],
        input=json.dumps(queries),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SPARK)},
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return [json.loads(line) for line in told.stdout.splitlines() if line.startswith("[{")]


def test_delta_rs_reads_what_we_wrote(sales: Table) -> None:
    read = pl.from_arrow(DeltaTable(folder_of(sales)).to_pyarrow_table())
    assert isinstance(read, pl.DataFrame)
    assert sorted(read.select("k", "day", "n", "seen").rows()) == ours(sales)


def test_polars_reads_what_we_wrote(sales: Table) -> None:
    read = pl.scan_delta(folder_of(sales)).select("k", "day", "n", "seen").collect()
    assert sorted(read.rows()) == ours(sales)


def test_duckdb_reads_what_we_wrote_over_arrow(sales: Table) -> None:
    rows = DeltaTable(folder_of(sales)).to_pyarrow_dataset()
    with duckdb.connect() as connection:
        connection.register("sales", rows)
        read = connection.sql("select k, day, n, seen from sales order by all").fetchall()
    assert read == ours(sales)


@pytest.mark.slow
def test_spark_reads_what_we_wrote_and_we_what_it_adds(sales: Table) -> None:
    before = ours(sales)
    folder = folder_of(sales)
    read, *_ = spark(
        f"select k, day, n, seen from delta.`{folder}` order by k, day, n, seen",  # noqa: S608 - of this test
        f"create table sales using delta location '{folder}'",
        "insert into sales (k, day, n, seen) values (99, date '2020-01-02', 7, 1)",
    )
    shown = [(row["k"], date.fromisoformat(str(row["day"])), row["n"], row["seen"]) for row in read]
    assert shown == before
    assert ours(sales) == sorted([*before, (99, date(2020, 1, 2), 7, 1)])


def cut_by_week_then_by_day(store: Store) -> Table:
    """A table whose rows lay in one folder first, and then in one for each day."""
    put(store.table(WEEKLY), day_rows(0))
    table = store.table(DAILY)
    put(table, day_rows(0, 1, n=3), days(0, 1))
    return table


def test_other_engines_read_a_table_that_was_cut_otherwise(store: Store) -> None:
    folder = folder_of(cut_by_week_then_by_day(store))
    rows = sorted(day_rows(0, 1, n=3).rows())
    assert sorted(pl.scan_delta(folder).select("n", "day").collect().rows()) == rows
    with duckdb.connect() as connection:
        connection.register("cut", DeltaTable(folder).to_pyarrow_dataset())
        assert connection.sql("select n, day from cut order by all").fetchall() == rows
    write_deltalake(folder, day_rows(2, n=4), mode="append")
    DeltaTable(folder).create_checkpoint()
    assert DeltaTable(folder).count() == 3


@pytest.mark.slow
def test_spark_reads_and_writes_on_a_table_that_was_cut_otherwise(store: Store) -> None:
    table = cut_by_week_then_by_day(store)
    folder = folder_of(table)
    read, *_ = spark(
        f"select n, day from delta.`{folder}` order by day",  # noqa: S608 - of this test
        f"create table cut using delta location '{folder}'",
        "insert into cut (n, day) values (7, date '2020-01-05')",
    )
    assert [row["day"] for row in read] == ["2020-01-01", "2020-01-02"]
    rows = table.scan().select("n", "day").collect().rows()
    assert sorted(rows) == sorted([*day_rows(0, 1, n=3).rows(), *day_rows(4, n=7).rows()])


@pytest.mark.slow
def test_spark_reads_values_of_every_type(store: Store) -> None:
    types, frame = every_type()
    table = store.table(types)
    put(table, frame)
    columns = ["int8", "int64", "f32", "text", "money", "json", "bool"]
    read, *_ = spark(
        f"select {', '.join(columns)} from delta.`{folder_of(table)}` where text is not null"  # noqa: S608 - of this test
    )
    expected = frame.select(columns).row(0, named=True)
    assert {**read[0], "money": str(read[0]["money"])} == {
        **expected,
        "money": str(expected["money"]),
    }


def test_we_read_rows_that_delta_rs_appended(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1), days(0, 1))
    write_deltalake(folder_of(table), day_rows(1, 2, n=5), mode="append")
    read = table.scan().select("n", "day").collect()
    assert sorted(read.rows()) == sorted([*day_rows(0, 1).rows(), *day_rows(1, 2, n=5).rows()])


def test_we_write_on_where_delta_rs_has_written(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0), days(0))
    write_deltalake(folder_of(table), day_rows(1, n=5), mode="append")
    put(table, day_rows(0, n=9), days(0))
    read = table.scan().select("n", "day").collect()
    assert sorted(read.rows()) == sorted([*day_rows(0, n=9).rows(), *day_rows(1, n=5).rows()])


@pytest.mark.slow
def test_we_read_a_table_of_spark_as_an_external_one(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    spark(
        f"create table t using delta location '{folder}' as "
        "select cast(1 as bigint) as n, date '2020-01-01' as day",
        "insert into t values (2, date '2020-01-02')",
    )
    table = external_table(DAILY, external_files(str(folder), root=tmp_path), at=str(folder))
    assert sorted(table.scan().collect()["n"]) == [1, 2]
    assert table.scan().collect()["day"].min() == FIRST_DAY


def test_what_we_record_does_not_hinder_others(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0), days(0))
    table.record(record(WHOLE))
    assert pl.scan_delta(folder_of(table)).collect().height == 1
