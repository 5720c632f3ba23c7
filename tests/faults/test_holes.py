"""What could go wrong between a writer and a store, one case a test."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from deltalake import DeltaTable as Library

from flowforge_assets.storage.folder_versions import FOLDER, KEPT_VERSIONS
from flowforge_assets.storage.location import FolderLocation, Format, open_store
from flowforge_assets.storage.parquet import ParquetTable
from flowforge_assets.storage.store import Store
from write_model import after, assert_serial, stored
from write_ways import Op, brought, perform, table_for

if TYPE_CHECKING:
    from write_ways import Way

FORMATS = pytest.mark.parametrize("form", ["delta", "parquet"])


def opened(folder: Path, form: Format) -> Store:
    return open_store(FolderLocation(folder), format=form)


def rows_of(store: Store) -> list[tuple[object, ...]]:
    return sorted(table_for(store, "merge").scan().collect().rows())


@FORMATS
def test_a_table_that_was_deleted_and_made_anew_is_another_for_who_has_it_open(
    form: Format, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    mine, theirs = opened(lake, form), opened(lake, form)
    for number in range(3):
        perform(mine, Op("append", number), tmp_path)
    old = table_for(mine, "append").version()
    shutil.rmtree(lake)
    for number in range(10, 14):
        perform(theirs, Op("append", number), tmp_path)
    perform(mine, Op("merge", 3), tmp_path)
    steps = [*(f"append-{number}" for number in range(10, 14)), "merge-3"]
    assert_serial(mine, "append", done=steps, asked=steps)
    new = table_for(mine, "append").version()
    assert old is not None
    assert new is not None
    assert new.table_id != old.table_id


@FORMATS
def test_a_table_that_was_deleted_is_made_anew_by_who_has_it_open(
    form: Format, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    store = opened(lake, form)
    for number in range(3):
        perform(store, Op("append", number), tmp_path)
    shutil.rmtree(lake)
    perform(store, Op("append", 1), tmp_path)
    assert_serial(store, "append", done=["append-1"], asked=["append-1"])


@FORMATS
@pytest.mark.parametrize("way", ["append", "merge", "overwrite", "insert"])
def test_writers_that_make_a_table_at_once_make_one(form: Format, way: Way, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    start = Barrier(4)

    def write(number: int) -> None:
        store = opened(lake, form)
        start.wait()
        perform(store, Op(way, number), tmp_path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    steps = [f"{way}-{number}" for number in range(4)]
    found = assert_serial(opened(lake, form), way, done=steps, asked=steps)
    assert len(found.steps) == 4


def test_a_version_that_lands_when_its_number_is_forgotten_is_none(tmp_path: Path) -> None:
    store = opened(tmp_path / "lake", "parquet")
    perform(store, Op("append", 0), tmp_path)
    table = table_for(store, "append")
    assert isinstance(table, ParquetTable)
    late = table._versions.read(0)
    assert late is not None
    for number in range(1, KEPT_VERSIONS + 3):
        perform(store, Op("append", number), tmp_path)
    assert table._versions.read(1) is None
    content = late.replace(b"append-0", b"append-x").replace(b'"version":0', b'"version":1')
    assert not table._versions.create(1, content, "append-x")
    assert table._versions.read(1) is None
    # one whose writer was killed before it saw that is never the newest, and goes with the next
    (tmp_path / "lake/silver/sales" / FOLDER / "version-1.json").write_bytes(content)
    steps = [f"append-{number}" for number in range(KEPT_VERSIONS + 3)]
    newest = table.version()
    assert newest is not None
    assert newest.version == KEPT_VERSIONS + 2
    perform(store, Op("append", 50), tmp_path)
    assert_serial(store, "append", done=[*steps, "append-50"], asked=[*steps, "append-50"])


def test_a_checkpoint_that_cannot_be_written_does_not_undo_a_commit(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    store = opened(lake, "delta")
    perform(store, Op("append", 0), tmp_path)
    place = lake / "silver/sales"
    every_commit = {"delta.checkpointInterval": "1"}
    Library(str(place)).alter.set_table_properties(every_commit)
    for version in range(2, 8):
        (place / f"_delta_log/{version:020}.checkpoint.parquet").mkdir()
    store = opened(lake, "delta")
    for number in range(1, 4):
        perform(store, Op("append", number), tmp_path)
    expected: list[tuple[object, ...]] = []
    for number in range(4):
        expected = after(expected, Op("append", number))
    assert rows_of(opened(lake, "delta")) == sorted(expected)
    table = table_for(store, "append")
    steps = [made.step_id for made in table.made()]
    assert steps.count("append-3") == 1


@FORMATS
def test_commits_are_in_the_order_of_their_versions_whatever_clocks_say(
    form: Format, tmp_path: Path
) -> None:
    store = opened(tmp_path / "lake", form)
    for number in (1, 2, 3):  # each says that it was made an hour before the last
        perform(store, Op("overwrite", number), tmp_path)
    found = stored(store, "overwrite")
    assert list(found.steps) == ["overwrite-1", "overwrite-2", "overwrite-3"]
    assert rows_of(store) == sorted(brought(Op("overwrite", 3)))
    assert table_for(store, "overwrite").made()[-1].step_id == "overwrite-3"
