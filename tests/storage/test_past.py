"""What every store keeps of its past: versions, what they made, and how they come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.errors.storage import NoVersionError
from flowforge_assets.storage.past import Version, newest_at, touched_since, version_of
from flowforge_assets.storage.store import Everything
from storage_values import (
    DAILY,
    KEY,
    ORDERS,
    day_rows,
    day_values,
    days,
    numbers,
    put,
    record,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowforge_assets.storage.store import Store, Table, TableSpec

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def restoring(spec: TableSpec, step: str = "restore") -> Made:
    """The record of who restores a table."""
    nothing = PartitionSet.none(spec.by_step)
    made = record(nothing, step=step)
    return replace(made, inputs={}, fingerprint=Fingerprint(0, "", "", "", ""))


def commit_at(table: Table, at: datetime, *numbers_: int) -> None:
    made = replace(record(), at=at)
    table.commit(table.stage(numbers(*numbers_)), replace=WHOLE, made=made)


def steps_of(made: Sequence[Made]) -> list[tuple[str, str, int]]:
    return [(each.step_id, each.partitions.render(None), each.table.version) for each in made]


def test_versions_are_told_with_who_made_them(store: Store) -> None:
    table = store.table(ORDERS)
    assert list(table.versions()) == []
    for hour in range(3):
        commit_at(table, NOON + timedelta(hours=hour), hour)
    found = table.versions()
    assert [each.version for each in found] == [0, 1, 2]
    assert [each.at for each in found] == [NOON + timedelta(hours=hour) for hour in range(3)]
    assert all(each.made is not None and each.made.partitions == WHOLE for each in found)


def test_a_version_made_what_was_made_by_then(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0), days(0), step="a")
    put(table, day_rows(1), days(1), step="b")
    put(table, day_rows(0, 1, n=5), days(0, 1), step="c")
    assert [each.step_id for each in table.made_by(1)] == ["a", "b"]
    assert steps_of(table.made_by(2)) == steps_of(table.made())
    with pytest.raises(NoVersionError):
        table.made_by(3)


def test_restored_rows_are_those_of_the_version(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, n=1), days(0), step="a")
    put(table, day_rows(1, n=1), days(1), step="b")
    put(table, day_rows(1, 2, n=2), days(1, 2), step="c")
    before = table.made_by(1)
    made = table.restore(1, restoring(DAILY))
    assert day_values(table.scan()) == {0: 1, 1: 1}
    assert made.table == table.version()
    assert made.changed == days(1, 2)
    assert steps_of(table.made())[:-1] == steps_of(before)
    assert table.made()[-1].changed == days(1, 2)
    assert day_values(table.scan(version=2)) == {0: 1, 1: 2, 2: 2}


def test_steps_that_a_restore_undid_can_be_made_again(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, n=1), days(0), step="a")
    put(table, day_rows(1, n=1), days(1), step="b")
    table.restore(0, restoring(DAILY))
    put(table, day_rows(1, n=3), days(1), step="c")
    assert day_values(table.scan()) == {0: 1, 1: 3}
    assert [each.step_id for each in table.made()] == ["a", "c"]


def test_a_restore_is_not_done_twice(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    put(table, numbers(2))
    first = table.restore(0, restoring(ORDERS))
    put(table, numbers(3))
    assert table.restore(0, restoring(ORDERS)).table == first.table
    assert values(table.scan()) == [3]


def test_a_restore_can_be_undone_by_a_restore(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1), step="a")
    put(table, numbers(2), step="b")
    table.restore(0, restoring(ORDERS, "one"))
    table.restore(1, restoring(ORDERS, "two"))
    assert values(table.scan()) == [2]
    assert [each.step_id for each in table.made()] == ["b", "two"]
    table.restore(2, restoring(ORDERS, "three"))
    assert values(table.scan()) == [1]
    assert [each.step_id for each in table.made_by(4)] == ["a", "three"]


def test_a_reader_of_its_own_sees_what_another_restored(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    put(table, day_rows(0, n=1), days(0), step="a")
    list(table.made())
    put(table, day_rows(0, n=2), days(0), step="b")
    table.restore(0, restoring(DAILY))
    again = type(disk_store).__new__(type(disk_store))
    again.__dict__.update(disk_store.__dict__ | {"_tables": {}})
    other = again.table(DAILY)
    assert steps_of(other.made()) == steps_of(table.made())
    assert day_values(other.scan()) == {0: 1}


def test_what_is_not_there_is_not_restored(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    with pytest.raises(NoVersionError):
        table.restore(7, restoring(ORDERS))


def test_rows_without_partitions_are_all_touched_by_a_restore(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    table.commit(table.stage(numbers(2)), replace=Everything(), made=record())
    assert table.restore(0, restoring(ORDERS)).changed == WHOLE


def test_the_newest_version_by_a_time_is_found() -> None:
    versions = [Version(n, NOON + timedelta(hours=n)) for n in (3, 4, 5)]
    assert newest_at(versions, NOON + timedelta(hours=4, minutes=5), KEY).version == 4
    with pytest.raises(NoVersionError, match="oldest that is kept is version 3"):
        newest_at(versions, NOON, KEY)
    with pytest.raises(NoVersionError, match="has no version of"):
        newest_at([], NOON, KEY)
    with pytest.raises(NoVersionError, match="has no version 2"):
        version_of(versions, 2, KEY)


def test_what_was_touched_since_is_not_known_where_others_wrote() -> None:
    commits = [
        Version(0, NOON, record(days(0))),
        Version(1, NOON, record(days(1))),
        Version(2, NOON, is_upkeep=True),
    ]
    assert touched_since(commits, 0, DAILY.dimensions) == days(1)
    assert touched_since([*commits, Version(3, NOON)], 0, DAILY.dimensions) is None
    assert touched_since(commits, 0, ()) is None


def test_older_rows_are_read_beside_a_newer_restore(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    lazy = table.scan()
    put(table, numbers(2))
    table.restore(0, restoring(ORDERS))
    assert values(lazy) == [1]
    assert isinstance(lazy, pl.LazyFrame)
