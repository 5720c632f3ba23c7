"""Which files a replacement by values reads and leaves, and what others do in its midst."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest

from flowforge_assets.storage.delta_alter import Alteration
from flowforge_assets.storage.delta_handle import DeltaHandle
from flowforge_assets.storage.delta_store import DeltaStore
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.store import Matching
from matching_values import (
    BY_HOUR,
    BY_ITEM,
    STEP,
    files_of,
    found_in,
    merge,
    prices,
    wider_prices,
)
from storage_values import (
    DAILY,
    FIRST_DAY,
    days,
    put,
    record,
)

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store


@pytest.mark.parametrize(
    ("columns", "read"), [(("item",), range(3, 10)), (("item", "day"), (3, 9))]
)
def test_files_that_cannot_hold_the_rows_are_not_read(
    tmp_path: Path, columns: tuple[str, ...], read: Collection[int]
) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(BY_HOUR)
    put(table, prices(*((item, 1.0, item) for item in range(20))), days(*range(20)))
    again = DeltaStore(LocalFolder(tmp_path), tmp_path).table(BY_HOUR)
    for file in files_of(table):
        if pl.read_parquet(file).get_column("item").max() not in read:
            file.write_bytes(b"")
    made = merge(again, prices((3, 5.0, 3), (9, 5.0, 9)), by=Matching(columns))
    assert made.touched == days(3, 9)


def test_rows_match_in_files_that_another_program_wrote(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(BY_HOUR)
    merge(table, prices((1, 1.0, 0)))
    folder = unquote(urlsplit(table.uri).path)
    prices((2, 2.0, 0), (3, 3.0, 1)).write_delta(folder, mode="append")
    made = merge(table, prices((3, 4.0, 1), (2, 2.0, 0)))
    assert made.touched == days(1)
    assert found_in(table) == Counter(prices((1, 1.0, 0), (2, 2.0, 0), (3, 4.0, 1)).rows())


def test_files_of_which_a_log_says_nothing_are_looked_into(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(BY_HOUR)
    merge(table, prices((1, 1.0, 0), (2, 2.0, 0)))
    (log,) = (Path(unquote(urlsplit(table.uri).path)) / "_delta_log").glob("*.json")
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        action.get("add", {}).pop("stats", None)
    log.write_text("\n".join(map(json.dumps, actions)))
    again = DeltaStore(LocalFolder(tmp_path), tmp_path).table(BY_HOUR)
    merge(again, prices((2, 3.0, 0), (3, 3.0, 0)))
    assert found_in(again) == Counter(prices((1, 1.0, 0), (2, 3.0, 0), (3, 3.0, 0)).rows())


def test_a_step_that_merged_is_not_repeated(store: Store) -> None:
    table = store.table(BY_HOUR)
    first = merge(table, prices((1, 1.0, 0)), step="one")
    merge(table, prices((1, 2.0, 1)), step="two")
    again = merge(table, prices((1, 1.0, 0)), step="one")
    assert (again.table, again.touched) == (first.table, first.touched)
    assert found_in(table) == Counter(prices((1, 2.0, 1)).rows())


def test_a_step_that_merged_leaves_no_files_behind(disk_store: Store) -> None:
    table = disk_store.table(BY_HOUR)
    merge(table, prices((1, 1.0, 0)), step="one")
    before = files_of(table)
    merge(table, prices((1, 1.0, 0), (2, 2.0, 3)), step="one")
    assert files_of(table) == before


def test_a_merge_decides_anew_after_another_came_first(tmp_path: Path) -> None:
    mine, other = (DeltaStore(LocalFolder(tmp_path), tmp_path).table(BY_HOUR) for _ in range(2))
    merge(mine, prices((1, 1.0, 0), (2, 2.0, 0)))
    other.version()
    staged = other.stage(prices((1, 5.0, 0)))
    merge(mine, prices((1, 3.0, 1), (2, 2.0, 0)))
    made = other.commit(staged, replace=BY_ITEM, made=record(STEP))
    assert found_in(mine) == Counter(prices((1, 5.0, 0), (2, 2.0, 0)).rows())
    assert made.touched == days(0, 1)


@pytest.mark.parametrize(
    ("holder", "name"), [(DeltaHandle, "column_stats"), (Alteration, "carry_out")]
)
def test_a_commit_of_another_in_the_midst_of_a_merge_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: type, name: str
) -> None:
    first, other = (DeltaStore(LocalFolder(tmp_path), tmp_path).table(BY_HOUR) for _ in range(2))
    merge(first, prices((1, 1.0, 0), (2, 2.0, 0), (9, 9.0, 0)))
    mine = DeltaStore(LocalFolder(tmp_path), tmp_path).table(wider_prices(nullable=True))
    go_on = getattr(holder, name)
    steps = iter(["other"])

    def after_another(*given: object) -> object:
        for step in steps:
            merge(other, prices((1, 3.0, 0), (4, 4.0, 0)), step=step)
        return go_on(*given)

    monkeypatch.setattr(holder, name, after_another)
    merge(mine, prices((1, 5.0, 1), (2, 2.0, 0)).with_columns(note=pl.lit("x")))
    monkeypatch.undo()
    assert sorted(mine.scan().select("item", "price").collect().rows()) == [
        (1, 5.0),
        (2, 2.0),
        (4, 4.0),
        (9, 9.0),
    ]


def test_a_merge_that_fails_leaves_no_files_behind(
    disk_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = disk_store.table(DAILY)
    frame = pl.DataFrame({"n": [1, 2], "day": [FIRST_DAY] * 2})
    put(table, frame, days(0))
    before = files_of(table)
    staged = table.stage(frame.with_columns(pl.col("n") * 2))

    def fail(*_: object, **__: object) -> None:
        message = "stopped"
        raise RuntimeError(message)

    monkeypatch.setattr("flowforge_assets.storage.delta_commit.write", fail)
    monkeypatch.setattr("flowforge_assets.storage.manifest.write_manifest", fail)
    with pytest.raises(RuntimeError, match="stopped"):
        table.commit(staged, replace=Matching(("n",)), made=record(days(0)))
    table.discard(staged)
    assert files_of(table) == before
