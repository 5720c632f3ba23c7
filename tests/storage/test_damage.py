"""Tables on disk that someone or something has spoilt."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest
from deltalake import DeltaTable

from flowforge_assets.core.partition import WHOLE, PartitionSet, Span
from flowforge_assets.errors.storage import (
    DamagedDataError,
    DamagedLogError,
    DiskFullError,
    EngineCrashError,
    ForeignTableError,
    NewerRecordError,
    NoAccessError,
    NotATableError,
    StorageError,
    UnreachableError,
)
from flowforge_assets.storage.delta_store import DeltaStore
from flowforge_assets.storage.failure import as_storage_error, reading
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.parquet_store import ParquetStore
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import (
    DAILY,
    FIRST_DAY,
    KEY,
    ORDERS,
    WEEK,
    WEEKLY,
    day_rows,
    day_values,
    days,
    numbers,
    put,
    record,
    values,
)

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store, Table


class PanicException(BaseException):
    """A crash in a native library, which is no `Exception`."""


def folder_of(table: Table) -> Path:
    return Path(unquote(urlsplit(table.uri).path))


def data_file(table: Table) -> Path:
    return next(folder_of(table).rglob("part-*"))


def swept(table: Table, age: timedelta = timedelta(0)) -> int:
    now = datetime.now(UTC)
    return table.maintain(Upkeep(now - age, now - age, now - age, needed=0)).swept


@pytest.fixture
def delta(tmp_path: Path) -> Table:
    """A Delta table of two commits."""
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    put(table, numbers(1))
    put(table, numbers(2))
    return table


def commit_of(table: Table, version: int) -> Path:
    return folder_of(table) / "_delta_log" / f"{version:020}.json"


def anew(table: Table) -> Table:
    """The same table as another process would open it."""
    return DeltaStore(LocalFolder(folder_of(table).parents[1]), folder_of(table).parents[1]).table(
        table.spec
    )


def test_an_empty_commit_file_is_refused_on_opening(delta: Table) -> None:
    commit_of(delta, 1).write_text("")
    with pytest.raises(DamagedLogError, match=r"`0+1.json` is empty"):
        anew(delta).scan()


def test_an_empty_commit_file_is_refused_by_a_table_that_is_open(delta: Table) -> None:
    delta.version()
    commit_of(delta, 2).write_text("")
    with pytest.raises(DamagedLogError, match=r"`0+2.json` is empty"):
        put(delta, numbers(3))


def test_an_empty_commit_file_before_a_checkpoint_is_refused_too(delta: Table) -> None:
    DeltaTable(folder_of(delta)).create_checkpoint()
    commit_of(delta, 0).write_text("")
    with pytest.raises(DamagedLogError, match=r"`0+0.json` is empty"):
        anew(delta).scan()


def test_a_checkpoint_whose_commits_are_gone_does_not_make_the_table_a_new_one(
    delta: Table,
) -> None:
    DeltaTable(folder_of(delta)).create_checkpoint()
    commit_of(delta, 1).unlink()
    assert anew(delta).scan().collect().height == 1


@pytest.mark.parametrize("text", ["garbage", '{"add": {"path"'])
def test_a_garbled_commit_file_is_refused(delta: Table, text: str) -> None:
    commit_of(delta, 1).write_text(text)
    with pytest.raises(DamagedLogError):
        anew(delta).scan()


def test_a_gap_in_the_log_is_refused(delta: Table) -> None:
    put(delta, numbers(3))
    commit_of(delta, 1).unlink()
    said = r"between `0+\.json` and `0+2\.json` files are missing"
    with pytest.raises(DamagedLogError, match=said):
        anew(delta).scan()


def test_a_garbled_manifest_is_refused(tmp_path: Path) -> None:
    table = ParquetStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    put(table, numbers(1))
    (folder_of(table) / "_flowforge" / "version-0.json").write_text('{"format": 1, "files"')
    with pytest.raises(DamagedLogError, match=r"`_flowforge/version-0.json` is no manifest"):
        table.scan()


def test_a_missing_data_file_is_named(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    put(table, numbers(1))
    name = data_file(table).name
    data_file(table).unlink()
    with pytest.raises(DamagedDataError, match=f"`{name}` is missing") as caught:
        table.scan()
    assert str(folder_of(table)) in caught.value.message
    assert str(KEY) in (caught.value.hint or "")


def test_a_cut_off_data_file_is_found_before_it_is_read(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    put(table, numbers(1))
    content = data_file(table).read_bytes()
    data_file(table).write_bytes(content[:-20])
    with pytest.raises(DamagedDataError, match="bytes instead of"):
        table.scan()


def test_no_flipped_bit_is_read_as_another_row(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    put(table, numbers(*range(1000)))
    content = data_file(table).read_bytes()
    dice = Random(7)  # noqa: S311 - no secret
    for at in [0, len(content) - 1, *dice.sample(range(len(content)), 50)]:
        flipped = bytearray(content)
        flipped[at] ^= 1 << dice.randrange(8)
        data_file(table).write_bytes(flipped)
        with pytest.raises(DamagedDataError, match="holds other bytes than were written"):
            table.scan()
    data_file(table).write_bytes(content)
    assert values(table.scan()) == list(range(1000))


@pytest.mark.parametrize("place", ["start", "end"])
def test_flipped_bytes_are_a_coded_error_to_who_collects(disk_store: Store, place: str) -> None:
    table = disk_store.table(ORDERS)
    put(table, numbers(*range(1000)))
    content = bytearray(data_file(table).read_bytes())
    where = slice(4, 60) if place == "start" else slice(-40, -8)
    content[where] = bytes(byte ^ 0xFF for byte in content[where])
    data_file(table).write_bytes(content)
    with pytest.raises(StorageError) as caught, reading(table):
        table.scan().collect()
    assert isinstance(caught.value, DamagedDataError | EngineCrashError)


def test_damaged_partitions_can_be_made_again(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    put(table, day_rows(0), days(0))
    put(table, day_rows(1), days(1))
    for path in list(folder_of(table).rglob("part-*")):
        path.write_bytes(b"gone")
    put(table, day_rows(0, 1, n=2), days(0, 1))
    assert values(table.scan()) == [2, 2]


def test_a_folder_with_other_files_is_no_table(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    folder_of(table).mkdir(parents=True)
    (folder_of(table) / "notes.txt").write_text("mine")
    with pytest.raises(NotATableError, match=r"holds `notes.txt`"):
        table.stage(numbers(1))


def test_a_table_of_the_other_format_is_refused(tmp_path: Path) -> None:
    put(ParquetStore(LocalFolder(tmp_path / "a"), tmp_path / "a").table(ORDERS), numbers(1))
    put(DeltaStore(LocalFolder(tmp_path / "b"), tmp_path / "b").table(ORDERS), numbers(1))
    with pytest.raises(NotATableError):
        DeltaStore(LocalFolder(tmp_path / "a"), tmp_path / "a").table(ORDERS).scan()
    with pytest.raises(NotATableError):
        ParquetStore(LocalFolder(tmp_path / "b"), tmp_path / "b").table(ORDERS).scan()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    folder_of(table).parent.mkdir(parents=True)
    folder_of(table).write_text("a file")
    with pytest.raises(StorageError):
        table.stage(numbers(1))


@pytest.mark.parametrize("feature", ["deletionVectors", "ofTomorrow"])
def test_a_feature_that_is_not_known_is_refused(delta: Table, feature: str) -> None:
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": [feature],
        "writerFeatures": [feature],
    }
    commit_of(delta, 2).write_text(json.dumps({"protocol": protocol}))
    with pytest.raises(ForeignTableError, match=f"`{feature}`"):
        anew(delta).scan()


def test_a_protocol_of_tomorrow_is_refused(delta: Table) -> None:
    protocol = {"minReaderVersion": 4, "minWriterVersion": 8}
    commit_of(delta, 2).write_text(json.dumps({"protocol": protocol}))
    with pytest.raises(ForeignTableError, match="minimum reader version 4"):
        anew(delta).scan()


def test_a_record_of_a_newer_format_is_refused(delta: Table) -> None:
    text = commit_of(delta, 1).read_text()
    commit_of(delta, 1).write_text(text.replace('"format":1', '"format":99'))
    with pytest.raises(NewerRecordError, match="format 99"):
        anew(delta).made()


def test_a_table_that_was_deleted_and_made_anew_has_another_id(tmp_path: Path) -> None:
    table, other = (DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS) for _ in range(2))
    first = put(table, numbers(1))
    folder_of(table).rename(tmp_path / "away")
    assert table.version() is None
    second = put(other, numbers(2))
    assert table.version() == second
    assert second.table_id != first.table_id


def test_a_failed_stage_leaves_nothing(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    put(table, day_rows(0), days(0))
    before = sorted(folder_of(table).rglob("part-*"))

    def fail(frame: pl.DataFrame) -> pl.DataFrame:
        raise ValueError(frame.height)

    broken = day_rows(1).lazy().map_batches(fail, schema=day_rows().schema)
    with pytest.raises(ValueError, match="1"):
        table.stage(broken)
    assert sorted(folder_of(table).rglob("part-*")) == before


def test_discarding_removes_the_files(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    staged = table.stage(day_rows(0, 1))
    assert len(list(folder_of(table).rglob("part-*"))) == 2
    table.discard(staged)
    table.discard(staged)
    assert not list(folder_of(table).rglob("part-*"))


def test_sweeping_removes_what_no_version_names(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    put(table, day_rows(0), days(0))
    first = table.version()
    put(table, day_rows(0, n=1), days(0))
    table.stage(day_rows(1))
    assert swept(table, timedelta(hours=1)) == 0
    assert first is not None
    assert values(table.scan(version=first.version)) == [0]
    assert swept(table, timedelta(seconds=-1)) == 1  # clocks may be set back a little
    assert values(table.scan()) == [1]


def test_sweeping_knows_files_of_odd_partitions(disk_store: Store) -> None:
    from storage_values import BY_COUNTRY, countries

    table = disk_store.table(BY_COUNTRY)
    put(table, pl.DataFrame({"n": [1], "country": ["a/b %"]}), countries("a/b %"))
    assert swept(table) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_a_coded_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(NoAccessError):
            DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS).stage(numbers(1))
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (OSError(28, "No space left on device"), DiskFullError),
        (OSError(122, "Disk quota exceeded"), DiskFullError),
        (OSError(27, "File too large"), DiskFullError),
        (pl.exceptions.ComputeError("parquet: File too large (os error 27)"), DiskFullError),
        (pl.exceptions.ComputeError("No space left on device (os error 28)"), DiskFullError),
        (PermissionError(13, "Permission denied"), NoAccessError),
        (OSError(30, "Read-only file system"), NoAccessError),
        (pl.exceptions.ComputeError("Permission denied (os error 13): a.parquet"), NoAccessError),
        (FileNotFoundError(2, "No such file"), DamagedDataError),
        (pl.exceptions.ComputeError("parquet: invalid zstd data"), DamagedDataError),
        (pl.exceptions.ComputeError("out-of-spec: no message"), DamagedDataError),
        (PanicException("called `Option::unwrap()`"), EngineCrashError),
        (OSError(5, "Input/output error"), UnreachableError),
    ],
    ids=str,
)
def test_what_libraries_throw_gets_a_code(error: BaseException, ours: type[StorageError]) -> None:
    assert type(as_storage_error(error, KEY, "/lake/orders")) is ours


def test_errors_of_user_code_are_not_the_tables_fault() -> None:
    assert as_storage_error(ValueError("column `a` is parquet"), KEY, "/lake") is None
    assert as_storage_error(pl.exceptions.ColumnNotFoundError("a"), KEY, "/lake") is None


def test_commit_of_a_table_removed_while_staging_starts_anew(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    staged = table.stage(numbers(1))
    table.commit(staged, replace=WHOLE, made=record())
    assert values(table.scan()) == [1]


def test_a_checkpoint_that_fails_after_its_commit_loses_nothing(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(WEEKLY)
    first = WEEK.of_value(FIRST_DAY)
    assert isinstance(first, int)
    both = PartitionSet((WEEK,), ((Span.of(first, first + 2),),))
    last = PartitionSet((WEEK,), ((Span.of(first + 1, first + 2),),))
    for _ in range(99):
        put(table, day_rows(0, 7), both)  # one file holds both weeks
    log = folder_of(table) / "_delta_log"
    (log / f"{99:020}.checkpoint.parquet" / "in the way").mkdir(parents=True)
    put(table, day_rows(7, n=1), last)  # keeps the first week by rewriting it
    assert day_values(DeltaStore(LocalFolder(tmp_path), tmp_path).table(WEEKLY).scan()) == {
        0: 0,
        7: 1,
    }
