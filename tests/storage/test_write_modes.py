"""Commits that add rows, replace all of them, or change none; in every store."""

from __future__ import annotations

from dataclasses import replace as replaced
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import WHOLE, Dimension, PartitionSet, Span
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.errors.storage import BaseMovedError, SchemaChangeError, StrayRowsError
from flowforge_assets.storage.store import NO_TABLE, Everything
from storage_values import (
    DAILY,
    DAY,
    FIRST_DAY,
    ORDERS,
    day_rows,
    day_values,
    days,
    numbers,
    put,
    record,
    spec,
    values,
)

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Replace, Store, Table

HOUR = Dimension("hour", "hour")
BY_HOUR = replaced(DAILY, step_dimensions=(HOUR,))
NOTHING = PartitionSet.none((DAY,))


def hours(*numbers: int) -> PartitionSet:
    return PartitionSet((HOUR,), ((Span.points(numbers),),))


def write(table: Table, frame: pl.DataFrame, replace: Replace, made: Made | None = None) -> Made:
    return table.commit(table.stage(frame), replace=replace, made=made or record())


def test_a_commit_gives_its_record_with_the_version_that_it_made(store: Store) -> None:
    table = store.table(ORDERS)
    made = record(rows=1)
    found = write(table, numbers(1), WHOLE, made)
    assert found.table == table.version()
    assert found.bytes_written
    assert replaced(found, table=made.table, bytes_written=None) == made


def test_appended_rows_are_added_wherever_they_lie(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1), days(0, 1))
    write(table, day_rows(1, 5, n=7), NOTHING, record(days(1)))
    assert sorted(table.scan().select("n", "day").collect().rows()) == [
        (0, FIRST_DAY),
        (0, FIRST_DAY + timedelta(days=1)),
        (7, FIRST_DAY + timedelta(days=1)),
        (7, FIRST_DAY + timedelta(days=5)),
    ]
    assert values(table.scan(days(1))) == [0, 7]


def test_rows_are_appended_to_a_table_that_is_not_there(store: Store) -> None:
    table = store.table(ORDERS)
    write(table, numbers(1), PartitionSet.none(()))
    write(table, numbers(1, 2), PartitionSet.none(()))
    assert values(table.scan()) == [1, 1, 2]


def test_appending_says_which_partitions_have_the_new_rows(store: Store) -> None:
    table = store.table(BY_HOUR)
    made = write(table, day_rows(0, 3), NOTHING, record(hours(7)))
    assert (made.partitions, made.touched) == (hours(7), days(0, 3))
    assert list(table.made()) == [made]


def test_appending_no_rows_touches_nothing(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0), days(0))
    made = write(table, day_rows(), NOTHING, record(days(1)))
    assert made.touched == NOTHING


def test_replacing_a_set_of_another_kind_touches_that_set(store: Store) -> None:
    made = write(store.table(BY_HOUR), day_rows(0), days(0, 1), record(hours(7)))
    assert made.touched == days(0, 1)


def test_a_set_that_the_step_itself_names_is_said_once(store: Store) -> None:
    assert write(store.table(DAILY), day_rows(0), days(0), record(days(0))).touched is None


def test_what_the_caller_says_was_touched_is_kept(store: Store) -> None:
    made = replaced(record(days(0, 1)), touched=days(1))
    assert write(store.table(DAILY), day_rows(0, 1), days(0, 1), made).touched == days(1)


def test_rows_outside_of_a_set_that_the_step_does_not_name_are_refused(store: Store) -> None:
    table = store.table(BY_HOUR)
    with pytest.raises(StrayRowsError):
        write(table, day_rows(2), days(0, 1), record(hours(7)))


def test_everything_goes_wherever_the_new_rows_lie(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1, 2), days(0, 1, 2))
    made = write(table, day_rows(2, 4, n=9), Everything(), record(days(0)))
    assert day_values(table.scan()) == {2: 9, 4: 9}
    assert made.touched == days(0, 1, 2, 4)


def test_a_restart_touches_only_what_it_makes(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1, 2), days(0, 1, 2))
    made = write(table, day_rows(4), Everything(), replaced(record(days(4)), restart=True))
    assert made.touched is None
    assert list(table.made()) == [made]


def test_a_restart_stays_known_when_all_of_it_was_made_again(store: Store) -> None:
    table = store.table(DAILY)
    first = write(table, day_rows(4), Everything(), replaced(record(days(4)), restart=True))
    put(table, day_rows(4), days(4), step="again")
    assert [each.restart for each in table.made()] == [True, False]
    assert table.made()[0] == replaced(first, partitions=NOTHING)


def test_everything_can_be_replaced_by_other_columns(store: Store) -> None:
    put(store.table(DAILY), day_rows(0), days(0))
    changed = store.table(spec(Field("day", Plain("string"))))
    write(changed, pl.DataFrame({"day": ["x"]}), Everything())
    assert values(changed.scan(), "day") == ["x"]


def test_a_record_changes_no_row(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1), days(0, 1), step="first")
    made = table.record(replaced(record(days(0), step="second"), touched=NOTHING))
    assert made.table == table.version()
    assert made.table.version == 1
    assert day_values(table.scan()) == {0: 0, 1: 0}
    found = {each.step_id: (each.partitions, each.touched) for each in table.made()}
    assert found == {"first": (days(1), days(0, 1)), "second": (days(0), NOTHING)}


def test_a_record_makes_an_empty_table_where_none_is(store: Store) -> None:
    table = store.table(DAILY)
    made = table.record(record(days(0)))
    assert table.version() == made.table
    assert table.scan().collect().equals(day_rows())
    assert list(table.made()) == [made]


def test_a_record_of_an_empty_table_brings_its_new_columns(store: Store) -> None:
    store.table(ORDERS).record(record())
    table = store.table(spec(Field("text", Plain("string"))))
    table.record(record())
    assert list(table.columns() or ()) == ["text"]


def test_a_record_does_not_pass_over_rows_with_other_columns(store: Store) -> None:
    put(store.table(ORDERS), numbers(1))
    with pytest.raises(SchemaChangeError):
        store.table(spec(Field("n", Plain("string")))).record(record())


def test_a_step_is_recorded_once(store: Store) -> None:
    table = store.table(ORDERS)
    first = table.record(record(step="one"))
    table.record(record(step="two"))
    assert table.record(record(step="one")).table == first.table
    assert table.version() != first.table


def test_a_step_that_committed_is_told_what_it_touched_then(store: Store) -> None:
    table = store.table(BY_HOUR)
    first = write(table, day_rows(0, 3), NOTHING, record(hours(7), step="one"))
    again = write(table, day_rows(4), NOTHING, record(hours(7), step="one"))
    assert (again.table, again.touched) == (first.table, days(0, 3))
    assert day_values(table.scan()) == {0: 0, 3: 0}


def test_rows_worked_out_from_an_older_version_are_refused(store: Store) -> None:
    table = store.table(ORDERS)
    base = put(table, numbers(1))
    put(table, numbers(2))
    staged = table.stage(numbers(3))
    with pytest.raises(BaseMovedError, match="was at version 0, now it is at version 1"):
        table.commit(staged, replace=WHOLE, made=record(), base=base)
    with pytest.raises(BaseMovedError):
        table.record(record(), base=base)
    table.discard(staged)
    assert values(table.scan()) == [2]


def test_rows_worked_out_from_the_newest_version_are_committed(store: Store) -> None:
    table = store.table(ORDERS)
    first = table.commit(table.stage(numbers(1)), replace=WHOLE, made=record(), base=NO_TABLE)
    table.commit(table.stage(numbers(2)), replace=WHOLE, made=record(), base=first.table)
    assert values(table.scan()) == [2]


def test_rows_worked_out_where_no_table_was_are_refused_when_one_is(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    with pytest.raises(BaseMovedError, match="there was no table"):
        table.commit(table.stage(numbers(2)), replace=WHOLE, made=record(), base=NO_TABLE)


def test_a_step_that_committed_may_come_again_from_an_older_version(store: Store) -> None:
    table = store.table(ORDERS)
    first = write(table, numbers(1), WHOLE, record(step="one"))
    staged = table.stage(numbers(1))
    again = table.commit(staged, replace=WHOLE, made=record(step="one"), base=NO_TABLE)
    assert again.table == first.table


def test_steps_and_rows_are_told_apart(store: Store) -> None:
    table = store.table(BY_HOUR)
    for step, hour, day in (("a", 1, 0), ("b", 2, 0), ("c", 3, 1)):
        made = replaced(record(hours(hour), step=step), source=f"etag {step}")
        write(table, day_rows(day), NOTHING, made)
    found = {each.step_id: (each.partitions, each.changed) for each in table.made()}
    assert found == {"a": (hours(1), NOTHING), "b": (hours(2), days(0)), "c": (hours(3), days(1))}
    assert [each.source for each in table.made()] == ["etag a", "etag b", "etag c"]


def test_steps_cut_in_a_new_way_leave_what_is_known_of_the_rows(store: Store) -> None:
    put(store.table(DAILY), day_rows(0, 1), days(0, 1))
    (known,) = store.table(BY_HOUR).made()
    assert (known.partitions, known.changed) == (PartitionSet.none((HOUR,)), days(0, 1))


def test_rows_appended_to_a_partitioned_table_are_replaced_as_others(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1), days(0, 1))
    write(table, day_rows(0, 1, n=3), NOTHING, record(days(2)))
    put(table, day_rows(1, n=5), days(1))
    assert sorted(table.scan().select("n", "day").collect().rows()) == [
        (0, date(2020, 1, 1)),
        (3, date(2020, 1, 1)),
        (5, date(2020, 1, 2)),
    ]
