"""Two writers on one table, each with the version that it last saw; in every store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.storage.store import NO_TABLE, Everything, Matching
from storage_values import DAILY, DAY, ORDERS, day_rows, day_values, days, numbers, record, values

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Replace, Store

NOTHING = PartitionSet.none((DAY,))


def test_of_two_that_overwrite_all_the_last_is_there_whole(store: Store) -> None:
    table = store.table(DAILY)
    mine, theirs = table.stage(day_rows(0, 1, n=1)), table.stage(day_rows(1, 2, n=2))
    first = table.commit(theirs, replace=Everything(), made=record(days(1, 2)))
    last = table.commit(mine, replace=Everything(), made=record(days(0, 1)))
    assert day_values(table.scan()) == {0: 1, 1: 1}
    assert last.changed == days(0, 1, 2)
    assert last.table.version == first.table.version + 1
    assert table.version() == last.table


def test_of_two_that_overwrite_a_part_each_has_its_own(store: Store) -> None:
    table = store.table(DAILY)
    mine, theirs = table.stage(day_rows(0, n=1)), table.stage(day_rows(1, n=2))
    table.commit(theirs, replace=days(1), made=record(days(1)))
    table.commit(mine, replace=days(0), made=record(days(0)))
    assert day_values(table.scan()) == {0: 1, 1: 2}
    assert len(table.made()) == 2


@pytest.mark.parametrize("what", [Matching(("day",)), NOTHING])
def test_what_was_staged_before_another_commit_is_laid_over_it(store: Store, what: Replace) -> None:
    table = store.table(DAILY)
    staged = table.stage(day_rows(1, 2, n=5))
    table.commit(table.stage(day_rows(0, 1)), replace=what, made=record(days(0)))
    table.commit(staged, replace=what, made=record(days(1)))
    doubled = [] if isinstance(what, Matching) else [0]
    assert values(table.scan()) == [0, *doubled, 5, 5]


def test_what_was_worked_out_from_an_older_version_is_refused(store: Store) -> None:
    table = store.table(ORDERS)
    made = record()
    base = table.commit(table.stage(numbers(1)), replace=WHOLE, made=made, base=NO_TABLE).table
    mine = table.stage(numbers(2))
    table.commit(table.stage(numbers(3)), replace=PartitionSet.none(()), made=record(), base=base)
    with pytest.raises(BaseMovedError, match="it was at version 0, now it is at version 1"):
        table.commit(mine, replace=PartitionSet.none(()), made=record(), base=base)
    table.discard(mine)
    assert values(table.scan()) == [1, 3]
    with pytest.raises(BaseMovedError, match="there was no table"):
        table.record(record(), base=NO_TABLE)
    assert table.commit(table.stage(numbers(9)), replace=WHOLE, made=made).table == base
    assert values(table.scan()) == [1, 3]
