from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from flowforge_assets.core.made import TableVersion
from flowforge_assets.errors.storage import (
    BadLocationError,
    DamagedDataError,
    ExternalMissingError,
    ExternalSchemaError,
    NotATableError,
    StorageError,
)
from flowforge_assets.errors.stores import NoCredentialsError
from flowforge_assets.storage.external import ExternalTable, external_table
from flowforge_assets.storage.external_files import external_files
from flowforge_assets.storage.failure import reading
from flowforge_assets.storage.folder_remote import RemoteFolder
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.store import TableSpec
from flowforge_assets.storage.store_options import read_options
from storage_values import DAILY, ORDERS, day_rows, days
from store_place import StorePlace

THREE = pl.DataFrame({"n": [1, 2, 3]})


def table_of(spec: TableSpec, at: str, root: Path, told: str | None = None) -> ExternalTable:
    return external_table(spec, external_files(at, root=root), at=at, told=told)


def numbers(table: ExternalTable) -> list[int]:
    return sorted(table.scan().collect()["n"])


def test_a_delta_table_is_read_with_its_own_version(tmp_path: Path) -> None:
    THREE.write_delta(tmp_path / "rates")
    table = table_of(ORDERS, "rates", tmp_path)
    first = table.version()
    THREE.write_delta(tmp_path / "rates", mode="append")
    second = table.version()
    assert first is not None
    assert second == TableVersion(first.table_id, first.version + 1)
    assert numbers(table) == [1, 1, 2, 2, 3, 3]
    assert table.scan(version=first.version).collect().height == 3


@pytest.mark.parametrize("at", ["rates.parquet", "*.parquet", ".", "**/*.parquet"])
def test_parquet_files_are_read_by_name_folder_or_pattern(tmp_path: Path, at: str) -> None:
    THREE.write_parquet(tmp_path / "rates.parquet")
    assert numbers(table_of(ORDERS, at, tmp_path)) == [1, 2, 3]


def test_the_version_of_parquet_files_is_another_when_one_of_them_is(tmp_path: Path) -> None:
    THREE.write_parquet(tmp_path / "a.parquet")
    table = table_of(ORDERS, ".", tmp_path)
    first = table.version()
    assert table.version() == first
    os.utime(tmp_path / "a.parquet", ns=(1, 1))
    second = table.version()
    THREE.write_parquet(tmp_path / "b.parquet")
    assert len({first, second, table.version()}) == 3


def test_a_told_version_stands_for_the_table(tmp_path: Path) -> None:
    THREE.write_parquet(tmp_path / "a.parquet")
    table = table_of(ORDERS, ".", tmp_path, told="etag")
    assert table.version() == TableVersion("etag", 0)


def test_folders_named_by_a_value_give_a_column(tmp_path: Path) -> None:
    day_rows(0, 1).write_parquet(tmp_path / "days", partition_by="day", mkdir=True)
    table = table_of(DAILY, "days", tmp_path)
    assert table.scan(days(1)).collect()["day"].to_list() == [date(2020, 1, 2)]


def test_partitions_are_read_alone(tmp_path: Path) -> None:
    day_rows(0, 1, 2).write_delta(tmp_path / "days")
    table = table_of(DAILY, "days", tmp_path)
    assert table.scan(days(1, 2)).collect().height == 2


def test_columns_beyond_the_declared_ones_are_left_out(tmp_path: Path) -> None:
    THREE.with_columns(more=1).write_parquet(tmp_path / "a.parquet")
    table = table_of(ORDERS, ".", tmp_path)
    assert table.scan().collect_schema().names() == ["n"]
    assert table.columns() == {"n": pl.Int64(), "more": pl.Int32()}


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame({"m": [1]}), "n: promised Int64, found no such column"),
        (pl.DataFrame({"n": ["1"]}), "n: promised Int64, found String"),
    ],
)
def test_other_columns_than_declared_are_refused(
    tmp_path: Path, frame: pl.DataFrame, said: str
) -> None:
    frame.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(ExternalSchemaError, match=said):
        table_of(ORDERS, ".", tmp_path).scan()


def test_nothing_there_has_no_version_and_cannot_be_read(tmp_path: Path) -> None:
    table = table_of(ORDERS, "nowhere", tmp_path)
    assert table.version() is None
    assert table.columns() is None
    with pytest.raises(ExternalMissingError, match="not there: `nowhere`"):
        table.scan()


def test_other_files_than_parquet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("n\n1\n")
    with pytest.raises(NotATableError, match="no Parquet file"):
        table_of(ORDERS, "rates.csv", tmp_path).version()


def test_a_file_that_is_no_parquet_inside_is_a_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "rates.parquet").write_text("n\n1\n")
    with pytest.raises(DamagedDataError) as caught:
        table_of(ORDERS, "rates.parquet", tmp_path).scan()
    assert caught.value.hint == "someone else writes it: have them write it again, or mend `at=`"


def test_a_file_that_is_cut_off_while_it_is_read_is_for_its_owner_to_mend(tmp_path: Path) -> None:
    THREE.write_parquet(tmp_path / "a.parquet")
    table = table_of(ORDERS, "a.parquet", tmp_path)
    rows = table.scan()
    (tmp_path / "a.parquet").unlink()
    with pytest.raises(DamagedDataError) as caught, reading(table):
        rows.collect()
    assert "flowforge run" not in (caught.value.hint or "")


def test_a_version_that_is_told_of_nothing_is_none(tmp_path: Path) -> None:
    assert table_of(ORDERS, "nowhere", tmp_path, told="7").version() is None


def test_a_log_that_cannot_be_read_has_no_version_but_an_error(tmp_path: Path) -> None:
    (tmp_path / "a/_delta_log").mkdir(parents=True)
    (tmp_path / "a/_delta_log/00000000000000000000.json").write_text("{")
    with pytest.raises(StorageError):
        table_of(ORDERS, "a", tmp_path).version()


def test_a_place_in_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadLocationError):
        table_of(ORDERS, "memory://rates", tmp_path)


def test_a_store_without_options_is_refused_before_it_is_asked(tmp_path: Path) -> None:
    with pytest.raises(NoCredentialsError):
        table_of(ORDERS, "s3://bucket/rates", tmp_path)


@pytest.mark.emulator
@pytest.mark.parametrize("name", ["moto_s3", "azurite", "gcs"])
@pytest.mark.parametrize("at", ["days", "days/day=2020-01-02/*.parquet", "days/**/*.pa*", "delta"])
def test_a_table_in_a_store_is_read(request: pytest.FixtureRequest, name: str, at: str) -> None:
    place: StorePlace = request.getfixturevalue(name)
    options = read_options(place.url, place.options)
    folder = RemoteFolder.at(RemoteLocation(place.url, options))
    polars, target = folder.polars_options, folder.target
    for day in (0, 1):
        path = f"days/day=2020-01-0{day + 1}/part.parquet"
        day_rows(day, n=day).write_parquet(target(path), **polars)
    write_deltalake(target("delta"), day_rows(0, 1), storage_options=folder.delta_options)
    files = external_files(f"{place.url}/{at}", root=Path(), options=options)
    table = external_table(DAILY, files, at=at)
    version = table.version()
    assert version is not None
    assert version == table.version()
    assert table.scan(days(1)).collect()["day"].to_list() == [date(2020, 1, 2)]
    assert table.size_bytes() > 0
