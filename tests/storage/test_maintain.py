"""What maintenance changes, and what it must not: rows, what was made, and who is fresh."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest
from deltalake import DeltaTable as LibraryTable

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.errors.past import DamagedStateError
from flowforge_assets.errors.storage import DamagedLogError, NotATableError, NoVersionError
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.upkeep import Upkeep, Upkept
from storage_values import (
    BY_COUNTRY,
    DAILY,
    HOURLY,
    INT,
    ORDERS,
    WEEKLY,
    countries,
    day_rows,
    day_values,
    days,
    every_type,
    numbers,
    put,
    record,
    spec,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.store import Store, Table

FUTURE = datetime.now(UTC) + timedelta(hours=1)
ALL = Upkeep(FUTURE, FUTURE, FUTURE)
"""Keeps the newest version alone."""
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING_OLD = Upkeep(_LONG_AGO, _LONG_AGO, _LONG_AGO)
"""Keeps all versions: those of the tests are of 2026-01-02."""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def delta(lake: Path) -> Store:
    return open_store(str(lake), format="delta")


def folder_of(table: Table) -> Path:
    return Path(unquote(urlsplit(table.uri).path))


def anew(table: Table) -> Table:
    """The table as another process opens it."""
    folder = folder_of(table).parents[1]
    is_delta = (folder_of(table) / "_delta_log").exists()
    return open_store(str(folder), format="delta" if is_delta else "parquet").table(table.spec)


def said(made: Sequence[Made]) -> list[tuple[object, ...]]:
    return [
        (m.step_id, m.partitions, m.changed, m.table, m.inputs, m.fingerprint, m.at, m.rows)
        for m in made
    ]


def ten_days(table: Table) -> None:
    for day in range(10):
        put(table, day_rows(day, n=day), days(day), step=f"a{day}")
    for day in range(0, 10, 3):
        put(table, day_rows(day, n=100 + day), days(day), step=f"b{day}")


def test_maintained_rows_and_records_are_as_they_were(store: Store) -> None:
    table = store.table(DAILY)
    ten_days(table)
    rows, made, history = day_values(table.scan()), said(table.made()), table.schema_history()
    table.maintain(ALL)
    assert day_values(table.scan()) == rows
    assert said(table.made()) == made
    assert list(table.schema_history()) == list(history)


def test_a_second_maintenance_does_nothing(store: Store) -> None:
    table = store.table(DAILY)
    ten_days(table)
    table.maintain(ALL)
    version = table.version()
    assert not table.maintain(ALL)
    assert table.version() == version


def test_maintenance_of_what_is_not_there_does_nothing(store: Store) -> None:
    assert table_is_untouched(store.table(ORDERS))


def table_is_untouched(table: Table) -> bool:
    return table.maintain(ALL) == Upkept() and table.version() is None


def test_what_was_made_is_known_to_others_after_the_log_was_cleaned(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    ten_days(table)
    made = said(table.made())
    done = table.maintain(ALL)
    assert done.vacuumed or done.compacted
    other = anew(table)
    assert said(other.made()) == made
    put(other, day_rows(3, n=7), days(3), step="c")
    assert day_values(anew(table).scan())[3] == 7
    assert said(anew(table).made()) == said(other.made())


def test_small_files_are_put_together(disk_store: Store) -> None:
    table = disk_store.table(WEEKLY)
    for day in range(6):
        staged = table.stage(day_rows(day, n=day))
        table.commit(staged, replace=days(), made=record(days()))
    assert (done := table.maintain(NOTHING_OLD)).compacted == 6
    assert done.into == 1
    assert day_values(table.scan()) == {day: day for day in range(6)}


def test_files_stay_in_the_folder_of_their_partition(delta: Store) -> None:
    table = delta.table(BY_COUNTRY)
    for name in ("a/b %", "it's", "a/b %", "it's"):
        frame = pl.DataFrame({"n": [1], "country": [name]})
        table.commit(table.stage(frame), replace=countries(), made=record(countries()))
    table.maintain(ALL)
    assert len(list(folder_of(table).rglob("part-*.parquet"))) == 2
    rows = table.scan().group_by("country").len().collect().rows()
    assert sorted(rows) == [("a/b %", 2), ("it's", 2)]
    assert values(anew(table).scan(countries("it's"))) == [1, 1]


def test_every_type_comes_out_of_compaction_as_it_went_in(disk_store: Store) -> None:
    declared, frame = every_type()
    table = disk_store.table(declared)
    for _ in range(2):
        table.commit(table.stage(frame), replace=PartitionSet.none(()), made=record())
    before = table.scan().collect()
    assert table.maintain(ALL).compacted == 2
    after = anew(table).scan().collect()
    assert after.schema == before.schema
    assert sorted(map(repr, after.rows())) == sorted(map(repr, before.rows()))


def test_a_commit_that_is_no_json_is_a_damaged_log(delta: Store) -> None:
    table = delta.table(ORDERS)
    put(table, numbers(1))
    put(table, numbers(2))
    (folder_of(table) / "_delta_log" / f"{0:020}.json").write_text("{half")
    with pytest.raises(DamagedLogError):
        table.versions()


def test_hours_that_share_files_are_read_alone_after_compaction(disk_store: Store) -> None:
    table = disk_store.table(HOURLY)
    for hour in range(4):
        at = datetime(2026, 1, 1, hour, tzinfo=UTC)
        frame = pl.DataFrame(
            {"n": [hour], "at": [at]}, schema={"n": pl.Int64, "at": pl.Datetime("us", "UTC")}
        )
        table.commit(table.stage(frame), replace=days(), made=record(days()))
    table.maintain(ALL)
    assert values(anew(table).scan()) == [0, 1, 2, 3]


def test_compaction_is_not_seen_as_a_change(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    for number in range(4):
        put_more(table, number)
    before = table.made()[-1].table.version
    table.maintain(NOTHING_OLD)
    version = table.version()
    assert version is not None
    assert version.version == before + 1
    assert table.made()[-1].table.version == before
    assert table.versions()[-1].is_upkeep


def put_more(table: Table, number: int) -> None:
    table.commit(table.stage(numbers(number)), replace=PartitionSet.none(()), made=record())


def test_kept_versions_can_be_read_and_others_are_said_to_be_gone(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for day in range(5):
        made = replace(record(), at=start + timedelta(days=day))
        staged = table.stage(numbers(day))
        table.commit(staged, replace=made.partitions, made=made)
    since = start + timedelta(days=2, hours=1)
    assert table.maintain(Upkeep(since, since, since)).vacuumed == 2
    assert [values(table.scan(version=version)) for version in (2, 3, 4)] == [[2], [3], [4]]
    for version in (0, 1):
        with pytest.raises(NoVersionError):
            table.scan(version=version)
        with pytest.raises(NoVersionError):
            anew(table).made_by(version)
    assert [each.version for each in anew(table).versions()] == [2, 3, 4]
    assert [each.table.version for each in table.made_by(3)] == [3]


def test_what_something_needs_is_kept_however_old_it_is(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    for number in range(5):
        put(table, numbers(number))
    table.maintain(replace(ALL, needed=1))
    assert values(table.scan(version=1)) == [1]
    with pytest.raises(NoVersionError):
        table.scan(version=0)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    ten_days(table)
    before = sorted(folder_of(table).rglob("*"))
    dry = table.maintain(replace(ALL, is_dry=True))
    assert sorted(folder_of(table).rglob("*")) == before
    assert dry.vacuumed == table.maintain(ALL).vacuumed


def test_leftovers_of_killed_writers_are_swept_when_they_are_old(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    put(table, numbers(1))
    folder = folder_of(table)
    left = [
        folder / "part-x-0.zstd.parquet",
        folder / "part-x-0.zstd.parquet#1",
        folder / "_flowforge/.state-3.json.abc.tmp",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    assert table.maintain(NOTHING_OLD).swept == 0
    for path in left:
        os.utime(path, (0, 0))
    assert table.maintain(NOTHING_OLD).swept == 3
    assert not any(path.exists() for path in left)
    assert values(table.scan()) == [1]


def test_files_that_are_staged_now_are_let_be(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    put(table, numbers(1))
    staged = table.stage(numbers(2))
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    table.maintain(Upkeep(FUTURE, FUTURE, an_hour_ago))
    table.commit(staged, replace=record().partitions, made=record())
    assert values(table.scan()) == [2]


def test_the_log_is_short_after_it_was_cleaned(delta: Store) -> None:
    table = delta.table(ORDERS)
    for number in range(30):
        put(table, numbers(number), step=f"s{number}")
    table.maintain(ALL)
    log = sorted(path.name for path in (folder_of(table) / "_delta_log").iterdir())
    assert log == [f"{29:020}.checkpoint.parquet", f"{29:020}.json", "_last_checkpoint"]
    assert values(pl.scan_delta(str(folder_of(table)))) == [29]
    assert LibraryTable(folder_of(table)).version() == 29


def test_a_step_that_committed_before_the_log_was_cleaned_is_not_repeated(
    disk_store: Store,
) -> None:
    table = disk_store.table(DAILY)
    ten_days(table)
    table.maintain(ALL)
    other = anew(table)
    put(other, day_rows(1, n=55), days(1), step="a1")
    assert day_values(other.scan())[1] == 1


def test_the_log_is_kept_up_to_the_last_state_but_one(delta: Store) -> None:
    table = delta.table(ORDERS)
    for number in range(4):
        put(table, numbers(number))
    now = datetime.now(UTC)
    table.maintain(Upkeep(now - timedelta(days=7), now - timedelta(days=365), now))
    log = folder_of(table) / "_delta_log"
    assert len(list(log.glob("*.json"))) == 4


def test_schema_history_outlives_the_log(delta: Store) -> None:
    table = delta.table(ORDERS)
    put(table, numbers(1))
    wider = delta.table(spec(INT, Field("note", Plain("string"), nullable=True)))
    put(wider, pl.DataFrame({"n": [1], "note": ["x"]}))
    before = list(wider.schema_history())
    assert len(before) == 2
    wider.maintain(ALL)
    assert list(anew(wider).schema_history()) == before


def test_a_restored_table_is_restored_for_who_reads_the_state(delta: Store) -> None:
    table = delta.table(DAILY)
    put(table, day_rows(0, n=1), days(0), step="a")
    put(table, day_rows(1, n=1), days(1), step="b")
    table.restore(0, record(PartitionSet.none(DAILY.by_step), step="r"))
    made = said(table.made())
    table.maintain(ALL)
    assert said(anew(table).made()) == made
    assert day_values(anew(table).scan()) == {0: 1}


def test_a_damaged_state_file_is_refused_and_not_believed(delta: Store) -> None:
    table = delta.table(ORDERS)
    for number in range(3):
        put(table, numbers(number))
    table.maintain(ALL)
    (state,) = (folder_of(table) / "_flowforge").glob("state-*.json")
    text = state.read_text()
    state.write_text(text.replace("step-", "stepp-", 1))
    with pytest.raises(DamagedStateError, match="no state file that is whole"):
        anew(table).made()
    state.write_text(text[:-20])
    with pytest.raises(DamagedStateError):
        anew(table).made()


def test_a_log_that_is_cleaned_while_a_table_is_open_hinders_no_commit(delta: Store) -> None:
    table = delta.table(DAILY)
    for day in range(3):
        put(table, day_rows(day), days(day))
    opened = anew(table)
    opened.version()
    assert anew(table).maintain(ALL).cleaned
    put(opened, day_rows(3), days(3))
    assert sorted(day_values(opened.scan())) == [0, 1, 2, 3]


def test_a_gap_behind_the_state_file_is_no_silent_loss(delta: Store) -> None:
    table = delta.table(ORDERS)
    put(table, numbers(1))
    table.maintain(ALL)
    for number in range(3):
        put(table, numbers(number))
    (folder_of(table) / "_delta_log" / f"{2:020}.json").unlink()
    with pytest.raises(DamagedLogError):
        anew(table).made()


def test_a_state_file_without_its_log_is_no_empty_table(delta: Store, lake: Path) -> None:
    table = delta.table(ORDERS)
    put(table, numbers(1))
    table.maintain(NOTHING_OLD)
    rmtree(folder_of(table) / "_delta_log")
    with pytest.raises(NotATableError):
        open_store(str(lake)).table(ORDERS).version()


def test_records_outlive_a_class_that_changes_its_partitions_and_back(delta: Store) -> None:
    """Maintained while it was declared otherwise: nothing was committed then."""
    table = delta.table(DAILY)
    put(table, day_rows(0, n=1), days(0), step="a")
    delta.table(WEEKLY).maintain(ALL)
    assert [each.step_id for each in anew(table).made()] == ["a"]
