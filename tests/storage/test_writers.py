"""Several writers at once, writers that are killed, and tables that others read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import deltalake
import polars as pl
import pytest

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.errors.storage import CommitConflictError
from flowforge_assets.storage import attempts
from flowforge_assets.storage.delta_store import DeltaStore
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.location import Format, open_store
from flowforge_assets.storage.store import Matching
from forked import Forked
from storage_values import (
    DAILY,
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
    from flowforge_assets.storage.store import Store

WRITER: Final = """
import os, sys
sys.path[:0] = {path!r}
from storage_values import DAILY, ORDERS, WEEKLY, day_rows, days, numbers, put, record
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.storage.location import open_store
store = open_store({lake!r}, format={form!r})
"""


def start(script: str, lake: Path, form: Format) -> Forked:
    path = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    text = WRITER.format(path=path, lake=str(lake), form=form) + script
    return Forked(text)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_no_commit_of_two_writers_is_lost(tmp_path: Path, form: Format) -> None:
    script = """
table = store.table(DAILY)
for n in range(10):
    day = 2 * n + {which}
    put(table, day_rows(day, n=day), days(day), step=f"step-{which}-{{n}}")
"""
    writers = [start(script.format(which=which), tmp_path, form) for which in (0, 1)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    table = open_store(str(tmp_path), format=form).table(DAILY)
    assert day_values(table.scan()) == {day: day for day in range(20)}
    assert len(table.made()) == 20


@pytest.mark.slow
@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_a_step_of_two_writers_is_committed_once(tmp_path: Path, form: Format) -> None:
    script = """
table = store.table(ORDERS)
for n in range(10):
    put(table, numbers({which}), step=f"step-{{n}}")
"""
    writers = [start(script.format(which=which), tmp_path, form) for which in (0, 1)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    version = open_store(str(tmp_path), format=form).table(ORDERS).version()
    assert version is not None
    assert version.version == 9


@pytest.mark.slow
@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_a_kill_between_stage_and_commit_changes_nothing(tmp_path: Path, form: Format) -> None:
    table = open_store(str(tmp_path), format=form).table(ORDERS)
    put(table, numbers(1))
    script = "store.table(ORDERS).stage(numbers(2)); os._exit(9)"
    assert start(script, tmp_path, form).wait(60) == 9
    assert values(table.scan()) == [1]
    put(table, numbers(3))
    assert values(table.scan()) == [3]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_a_kill_after_commit_is_found_by_the_step_that_resumes(
    tmp_path: Path, form: Format
) -> None:
    script = "put(store.table(ORDERS), numbers(2), step='mine'); os._exit(9)"
    assert start(script, tmp_path, form).wait(60) == 9
    table = open_store(str(tmp_path), format=form).table(ORDERS)
    before = table.version()
    assert put(table, numbers(5), step="mine") == before
    assert values(table.scan()) == [2]


def test_an_open_table_sees_what_another_commits(disk_store: Store, tmp_path: Path) -> None:
    form: Format = "delta" if isinstance(disk_store, DeltaStore) else "parquet"
    mine = disk_store.table(ORDERS)
    other = open_store(str(tmp_path / "lake"), format=form).table(ORDERS)
    put(mine, numbers(1))
    assert values(other.scan()) == [1]
    version = put(other, numbers(2))
    assert mine.version() == version
    assert values(mine.scan()) == [2]
    put(mine, numbers(3))
    assert values(other.scan()) == [3]
    assert len(other.made()) == 1


def test_a_commit_decides_anew_after_another_came_first(tmp_path: Path) -> None:
    mine, other = (DeltaStore(LocalFolder(tmp_path), tmp_path).table(DAILY) for _ in range(2))
    put(mine, day_rows(0, 1), days(0, 1))
    other.version()
    staged = other.stage(day_rows(1, n=1))
    put(mine, day_rows(0, n=5), days(0))
    other.commit(staged, replace=days(1), made=record(days(1)))
    assert day_values(mine.scan()) == {0: 5, 1: 1}


def test_other_programs_read_the_delta_table(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(DAILY)
    put(table, day_rows(0, 1, 2), days(0, 1, 2))
    put(table, day_rows(1, n=7), days(1))
    folder = unquote(urlsplit(table.uri).path)
    assert day_values(pl.scan_delta(folder)) == {0: 0, 1: 7, 2: 0}
    opened = deltalake.DeltaTable(folder)
    assert opened.count() == 3
    assert opened.metadata().name == "silver.orders"
    assert opened.metadata().partition_columns == ["day"]
    found = pl.DataFrame(opened.scan().read_all()).lazy()
    assert day_values(found) == {0: 0, 1: 7, 2: 0}
    assert opened.history(1)[0]["flowforge"]["asset"] == "make_orders"


def test_a_table_outlives_its_checkpoint(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    for number in range(102):
        put(table, numbers(number), step=f"step-{number}")
    log = Path(unquote(urlsplit(table.uri).path)) / "_delta_log"
    assert list(log.glob("*.checkpoint.parquet"))
    again = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    assert values(again.scan()) == [101]
    assert put(again, numbers(7), step="step-3").version == 3


def test_a_step_is_found_after_its_log_entry_was_cleaned(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    for number in range(102):
        put(table, numbers(number), step=f"step-{number}")
    log = Path(unquote(urlsplit(table.uri).path)) / "_delta_log"
    for number in range(100):
        (log / f"{number:020}.json").unlink()
    again = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    assert put(again, numbers(7), step="step-3").version == 3
    assert values(again.scan()) == [101]
    made = record(WHOLE, step="another")
    committed = again.commit(again.stage(numbers(8)), replace=WHOLE, made=made)
    assert committed.table.version == 102


def test_a_writer_that_is_never_first_gives_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    put(table, numbers(1))
    monkeypatch.setattr(attempts, "_ATTEMPTS", 0)
    with pytest.raises(CommitConflictError, match="others 0 times"):
        put(table, numbers(2))
    assert values(table.scan()) == [1]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_no_merge_of_two_writers_is_lost(tmp_path: Path, form: Format) -> None:
    script = """
from flowforge_assets.storage.store import Matching
table = store.table(DAILY)
for n in range(8):
    frame = day_rows(0, n={which}).vstack(day_rows(2 * n + {which} + 1, n=n))
    made = record(days(0), step=f"step-{which}-{{n}}")
    table.commit(table.stage(frame), replace=Matching(("day",)), made=made)
"""
    writers = [start(script.format(which=which), tmp_path, form) for which in (0, 1)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    found = day_values(open_store(str(tmp_path), format=form).table(DAILY).scan())
    assert found.pop(0) in (0, 1)
    assert found == {day: (day - 1) // 2 for day in range(1, 17)}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["delta", "parquet"])
def test_a_kill_while_rows_are_matched_changes_nothing(tmp_path: Path, form: Format) -> None:
    table = open_store(str(tmp_path), format=form).table(WEEKLY)
    by_day, nothing = Matching(("day",)), PartitionSet.none((WEEK,))
    first, last = (record(nothing, step=step) for step in ("first", "last"))
    table.commit(table.stage(day_rows(0, 1)), replace=by_day, made=first)
    script = """
from flowforge_assets.storage import file_match
from flowforge_assets.storage.store import Matching
write = file_match.write_files
file_match.write_files = lambda *given: (write(*given), os._exit(9))
table = store.table(WEEKLY)
staged = table.stage(day_rows(1, n=5))
table.commit(staged, replace=Matching(("day",)), made=record(days(0)))
"""
    assert start(script, tmp_path, form).wait(60) == 9
    assert day_values(table.scan()) == {0: 0, 1: 0}
    table.commit(table.stage(day_rows(1, n=7)), replace=by_day, made=last)
    assert day_values(table.scan()) == {0: 0, 1: 7}
