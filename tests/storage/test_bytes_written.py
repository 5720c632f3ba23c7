"""How many bytes a commit says that it has written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from artifact_values import MODEL, commit
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.made_json import RECORD_KEY
from flowforge_assets.storage.store import Matching
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import DAILY, ORDERS, day_rows, days, numbers, put, record

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.store import Replace, Store, Table


def committed(table: Table, numbers_: int, replace: Replace = WHOLE) -> Made:
    staged = table.stage(numbers(*range(numbers_)))
    return table.commit(staged, replace=replace, made=record(WHOLE, rows=numbers_))


def files_of(lake: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in lake.rglob("part-*.parquet")}


def without_bytes(lake: Path) -> None:
    """Rewrites the log as it was written before commits said their bytes."""
    for log in (lake / "silver" / "orders" / "_delta_log").glob("*.json"):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for line in lines:
            line.get("commitInfo", {}).get(RECORD_KEY, {}).pop("bytes", None)
        log.write_text("\n".join(map(json.dumps, lines)).replace('{"add": ', '{"add":'))


def test_a_commit_tells_its_bytes_and_the_table_says_the_same(store: Store) -> None:
    table = store.table(ORDERS)
    made = committed(table, 3)
    assert made.bytes_written is not None
    assert made.bytes_written > 0
    assert [each.bytes_written for each in table.made()] == [made.bytes_written]


def test_a_step_that_committed_before_tells_the_bytes_of_then(store: Store) -> None:
    table = store.table(ORDERS)
    first = table.commit(table.stage(numbers(1)), replace=WHOLE, made=record(WHOLE, step="one"))
    again = table.commit(
        table.stage(numbers(*range(1000))), replace=WHOLE, made=record(WHOLE, step="one")
    )
    assert again.bytes_written == first.bytes_written


def test_what_changes_no_row_writes_no_bytes(store: Store) -> None:
    table = store.table(ORDERS)
    committed(table, 3)
    assert table.record(record(WHOLE)).bytes_written is None
    assert [each.bytes_written for each in table.made()] == [None]


def test_the_memory_store_tells_the_size_of_the_buffers() -> None:
    assert committed(open_store("memory://").table(ORDERS), 1000).bytes_written == 8000


def test_the_bytes_are_those_of_the_data_files(disk_store: Store, tmp_path: Path) -> None:
    table = disk_store.table(ORDERS)
    made = committed(table, 1000)
    assert made.bytes_written == sum(files_of(tmp_path).values())


def test_rows_that_stay_in_a_file_that_is_written_again_count_too(
    disk_store: Store, tmp_path: Path
) -> None:
    table = disk_store.table(ORDERS)
    committed(table, 1000)
    before = files_of(tmp_path)
    made = committed(table, 10, Matching(("n",)))
    assert made.bytes_written is None  # all of them are there as they are
    staged = table.stage(numbers(5000))
    made = table.commit(
        staged,
        replace=Matching(("n",), values=((7,),)),
        made=record(WHOLE),
    )
    new = {name: size for name, size in files_of(tmp_path).items() if name not in before}
    assert len(new) == 2
    assert made.bytes_written == sum(new.values())


def test_an_artifact_tells_the_bytes_of_its_files(store: Store, tmp_path: Path) -> None:
    artifacts = store.artifact(MODEL)
    assert commit(artifacts, tmp_path, b"weights", step="one").bytes_written == 7
    assert commit(artifacts, tmp_path, b"", step="two").bytes_written == 0
    assert commit(artifacts, tmp_path, b"other", step="one").bytes_written is None  # forgotten
    assert [each.bytes_written for each in artifacts.made()] == [0]


def test_of_commits_that_did_not_say_it_the_delta_log_does(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    table = store.table(DAILY)
    for number in range(3):
        put(table, day_rows(number), days(number))
    table.record(record(days(1)))
    told = [each.bytes_written for each in table.made()]
    without_bytes(tmp_path)
    again = open_store(str(tmp_path)).table(DAILY)
    assert [each.bytes_written for each in again.made()] == told
    assert [size is None for size in told] == [False, False, True]


def test_a_version_that_was_restored_wrote_nothing_before_or_after(tmp_path: Path) -> None:
    table = open_store(str(tmp_path)).table(ORDERS)
    first = committed(table, 3)
    committed(table, 5)
    assert table.restore(0, record(PartitionSet.none(()))).bytes_written is None
    without_bytes(tmp_path)
    again = open_store(str(tmp_path)).table(ORDERS)
    assert [each.bytes_written for each in again.made() if each.rows] == [first.bytes_written]


@pytest.mark.parametrize("has_bytes", [True, False])
def test_the_state_file_keeps_them(tmp_path: Path, *, has_bytes: bool) -> None:
    table = open_store(str(tmp_path)).table(ORDERS)
    made = committed(table, 3)
    if not has_bytes:
        without_bytes(tmp_path)
        table = open_store(str(tmp_path)).table(ORDERS)
    future = datetime.now(UTC) + timedelta(hours=1)
    assert table.maintain(Upkeep(future, future, future)).state == 0
    again = open_store(str(tmp_path)).table(ORDERS)
    assert [each.bytes_written for each in again.made()] == [made.bytes_written]
