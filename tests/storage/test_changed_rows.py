"""What changed between two versions, on every store."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.errors.incremental import ChangesLostError
from flowforge_assets.storage.changes import (
    COUNT,
    TellsOthers,
    changes_of,
    counted,
    rows_that_came,
    rows_that_went,
)
from flowforge_assets.storage.delta_store import DeltaStore
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.store import Everything, Matching, Replace, Store, Table
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import DAILY, INT, ORDERS, day_rows, days, numbers, record, spec

STRING = Plain("string")
NONE = PartitionSet.none(())
_LATER = datetime.now(UTC) + timedelta(days=1)
NOTHING_KEPT = Upkeep(keep_since=_LATER, log_since=_LATER, swept_before=_LATER)


def put(table: Table, rows: pl.DataFrame, how: Replace = NONE) -> Made:
    return table.commit(table.stage(rows), replace=how, made=record())


def changes(table: Table, since: Made, until: Made) -> dict[int, int]:
    found = changes_of(table, since.table.version, until.table.version, None).collect()
    assert found.columns == [*table.spec.schema.names, COUNT]
    counts: Counter[int] = Counter()
    for row in found.iter_rows(named=True):
        counts[row["n"]] += row[COUNT]
    return {n: count for n, count in counts.items() if count}


def test_added_rows_came(store: Store) -> None:
    table = store.table(ORDERS)
    first, second = put(table, numbers(1, 2)), put(table, numbers(2, 3))
    assert changes(table, first, second) == {2: 1, 3: 1}
    assert changes(table, second, second) == {}


def test_rows_that_are_equal_are_no_change(store: Store) -> None:
    table = store.table(ORDERS)
    first = put(table, numbers(1, 2, 2, 3))
    second = put(table, numbers(3, 2, 4), Everything())
    assert changes(table, first, second) == {1: -1, 2: -1, 4: 1}


def test_a_commit_without_rows_changes_nothing(store: Store) -> None:
    table = store.table(ORDERS)
    first = put(table, numbers(1))
    assert changes(table, first, table.record(record())) == {}


def test_rows_that_came_and_went_between_are_no_change(store: Store) -> None:
    table = store.table(ORDERS)
    first = put(table, numbers(1))
    put(table, numbers(2))
    assert changes(table, first, put(table, numbers(1), Everything())) == {}


def test_changes_of_some_partitions_are_theirs_alone(store: Store) -> None:
    table = store.table(DAILY)
    first = table.commit(table.stage(day_rows(0, 1, 2)), replace=days(0, 1, 2), made=record())
    second = table.commit(table.stage(day_rows(1, n=5)), replace=days(1), made=record(days(1)))
    third = table.commit(table.stage(day_rows(2, n=7)), replace=days(2), made=record(days(2)))
    of_one = changes_of(table, first.table.version, third.table.version, days(1)).collect()
    assert sorted(of_one["n"]) == [0, 5]
    assert changes(table, first, second) == {0: -1, 5: 1}
    of_none = changes_of(table, second.table.version, third.table.version, days(0)).collect()
    assert of_none.height == 0


@pytest.mark.parametrize("seed", range(2))
def test_changes_lead_from_any_version_to_any_later_one(store: Store, seed: int) -> None:
    world = random.Random(seed)  # noqa: S311 - no secret
    table = store.table(ORDERS)
    made, bags = [put(table, numbers(1, 1, 2))], [Counter([1, 1, 2])]
    for _ in range(5):
        rows = [world.randrange(4) for _ in range(world.randrange(4))]
        ways: list[Replace] = [NONE, Everything(), Matching(("n",))]
        how = world.choice(ways)
        made.append(put(table, numbers(*rows), how))
        bags.append(Counter(table.scan().collect()["n"].to_list()))
    for at, first in enumerate(made):
        for later in range(at, len(made)):
            expected = {
                n: bags[later][n] - bags[at][n]
                for n in {*bags[later], *bags[at]}
                if bags[later][n] != bags[at][n]
            }
            assert changes(table, first, made[later]) == expected


def test_rows_in_other_files_are_no_change(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    first = put(table, numbers(1))
    put(table, numbers(2))
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    upkeep = Upkeep(keep_since=long_ago, log_since=long_ago, swept_before=long_ago)
    table.maintain(upkeep)
    assert changes(table, first, put(table, numbers(3))) == {2: 1, 3: 1}


def test_a_version_that_is_no_longer_kept_is_lost(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    first, *_, last = [put(table, numbers(n), Everything()) for n in range(5)]
    table.maintain(NOTHING_KEPT)
    with pytest.raises(ChangesLostError, match="cannot be told"):
        changes(table, first, last)


def test_files_that_are_gone_are_lost(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path / "copies").table(ORDERS)
    first = put(table, numbers(1))
    (file,) = tmp_path.rglob("*.parquet")
    second = put(table, numbers(2), Everything())
    file.unlink()
    with pytest.raises(ChangesLostError, match="swept away"):
        changes(table, first, second)


def test_files_that_came_and_were_swept_are_lost(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path / "copies").table(ORDERS)
    first = put(table, numbers(1))
    put(table, numbers(2))
    table.maintain(replace(NOTHING_KEPT, log_since=datetime(2000, 1, 1, tzinfo=UTC)))
    with pytest.raises(ChangesLostError, match="swept away"):
        changes(table, first, put(table, numbers(3)))


def test_a_table_tells_what_others_wrote_also_when_its_log_is_cleaned(tmp_path: Path) -> None:
    table = DeltaStore(LocalFolder(tmp_path), tmp_path / "copies").table(ORDERS)
    assert isinstance(table, TellsOthers)
    first = put(table, numbers(1))
    (log,) = tmp_path.rglob("_delta_log")
    write_deltalake(log.parent, numbers(2), mode="append")
    third = put(table, numbers(3))

    def told() -> list[bool]:
        newest = table.version()
        assert newest is not None
        versions = [first.table.version, first.table.version + 1, third.table.version]
        return [table.is_changed_by_others(since, newest.version) for since in versions]

    assert told() == [True, False, False]
    table.maintain(NOTHING_KEPT)
    assert told() == [True, False, False]
    for _ in range(2):
        put(table, numbers(4))
        table.maintain(NOTHING_KEPT)
    assert len(list(log.glob("*.json"))) < 4
    assert told() == [True, False, False]


NAME, TITLE = Field("name", STRING, nullable=True), Field("title", STRING, nullable=True)
NAMED = spec(INT, NAME)


def two_columns(table: Table, *values: int) -> Made:
    return put(table, numbers(*values).with_columns(name=pl.lit("a")))


def test_a_dropped_column_is_no_change_of_the_rows_that_stay(store: Store) -> None:
    first = two_columns(store.table(NAMED), 1, 2)
    put(store.table(replace(ORDERS, drops=frozenset({"name"}))), numbers(3))
    table = store.table(ORDERS)
    assert changes(table, first, put(table, numbers(4))) == {3: 1, 4: 1}


def test_a_renamed_column_is_no_change_of_the_rows_that_stay(store: Store) -> None:
    first = two_columns(store.table(NAMED), 1)
    now = replace(spec(INT, TITLE), renames=(("title", ("name",)),))
    last = put(store.table(now), numbers(2).with_columns(title=pl.lit("a")))
    assert changes(store.table(now), first, last) == {2: 1}
    with pytest.raises(ChangesLostError, match=r"`name` .* `title`"):
        changes(store.table(spec(INT, TITLE)), first, last)


def test_columns_that_cannot_be_compared_lose_the_changes(store: Store) -> None:
    first = two_columns(store.table(NAMED), 1)
    other = store.table(spec(Field("n", STRING), NAME))
    rows = pl.DataFrame({"n": ["1"], "name": ["a"]})
    with pytest.raises(ChangesLostError, match="cannot be told"):
        changes(other, first, put(other, rows, Everything()))


def test_each_row_comes_as_often_as_there_are_more_of_it() -> None:
    came = pl.LazyFrame({"n": [1, 1, 2, None], "l": [[1], [1], [], None]})
    went = pl.LazyFrame({"n": [2, 3], "l": [[], [3]]}, schema=came.collect_schema())
    found = rows_that_came(counted(came, went)).collect().sort("n")
    assert found.rows() == [(None, None), (1, [1]), (1, [1])]


def test_a_row_goes_only_where_none_comes_in_its_place() -> None:
    came = pl.LazyFrame({"k": [1, 4], "v": ["new", "new"]})
    went = pl.LazyFrame({"k": [1, 2, 2], "v": ["old", "a", "b"]})
    found = counted(came, went)
    gone = rows_that_went(found, rows_that_came(found), ["k"]).collect()
    assert gone["k"].to_list() == [2]
