"""Commits of runs that do not know of one another, in every store."""

from __future__ import annotations

from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.storage.store import Everything, Known, Matching
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import (
    COUNTRY,
    DAILY,
    DAY,
    ORDERS,
    countries,
    day_rows,
    day_values,
    days,
    numbers,
    record,
    values,
)

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.storage.store import Base, Replace, Store, Table

NOTHING = PartitionSet.none((DAY,))
NEVER_MADE = Known()


def by(run: str, steps: PartitionSet = WHOLE, *, step: str | None = None) -> Made:
    """The record of a commit of a run."""
    return replaced(record(steps, step=step), run_id=run)


def append(
    table: Table,
    frame: pl.DataFrame,
    made: Made,
    base: Base | None = NEVER_MADE,
    *,
    replace: Replace | None = None,
) -> TableVersion:
    none = PartitionSet.none(table.spec.dimensions)
    what = none if replace is None else replace
    return table.commit(table.stage(frame), replace=what, made=made, base=base).table


def test_two_runs_that_append_the_same_step_do_not_both_land(store: Store) -> None:
    table = store.table(DAILY)
    append(table, day_rows(0), by("one", days(0)))
    with pytest.raises(BaseMovedError) as raised:
        append(table, day_rows(0), by("other", days(0)))
    assert "`silver.orders` (2020-01-01) was made by run one meanwhile" in raised.value.message
    assert raised.value.hint
    assert day_values(table.scan()) == {0: 0}
    assert values(table.scan()) == [0]


def test_two_runs_that_append_other_steps_both_land(store: Store) -> None:
    table = store.table(DAILY)
    append(table, day_rows(0), by("one", days(0)))
    append(table, day_rows(1), by("other", days(1)))
    append(table, day_rows(2), by("one", days(2)))
    assert day_values(table.scan()) == {0: 0, 1: 0, 2: 0}


def test_of_several_steps_one_that_was_made_is_enough(store: Store) -> None:
    table = store.table(DAILY)
    append(table, day_rows(1), by("one", days(1)))
    append(table, day_rows(5), by("one", days(5)))
    with pytest.raises(BaseMovedError, match=r"\(2020-01-02\) was made"):
        append(table, day_rows(0, 1, 2), by("other", days(0, 1, 2)))
    assert day_values(table.scan()) == {1: 0, 5: 0}


def test_a_run_may_append_to_its_own_steps(store: Store) -> None:
    table = store.table(ORDERS)
    append(table, numbers(1), by("one"))
    append(table, numbers(2), by("one"))
    assert values(table.scan()) == [1, 2]


def test_what_a_run_knows_to_be_made_may_be_added_to(store: Store) -> None:
    table = store.table(ORDERS)
    first = append(table, numbers(1), by("one"))
    second = append(table, numbers(2), by("other"), Known(((WHOLE, first),)))
    with pytest.raises(BaseMovedError, match="made by run other meanwhile, as version 1"):
        append(table, numbers(3), by("third"), Known(((WHOLE, first),)))
    append(table, numbers(4), by("third"), Known(((WHOLE, second),)))
    assert values(table.scan()) == [1, 2, 4]


def test_each_step_is_known_by_a_version_of_its_own(store: Store) -> None:
    table = store.table(DAILY)
    zero = append(table, day_rows(0), by("one", days(0)))
    append(table, day_rows(1), by("unknown", days(1)))
    two = append(table, day_rows(2), by("one", days(2)))
    known = Known(((days(0), zero), (days(2), two)))
    append(table, day_rows(0, 2, n=1), by("mine", days(0, 2)), known)
    with pytest.raises(BaseMovedError, match=r"\(2020-01-02\) was made by run unknown"):
        append(table, day_rows(1, 2, n=1), by("mine", days(1, 2)), known)


def test_what_is_known_of_another_table_counts_for_nothing(store: Store) -> None:
    table = store.table(ORDERS)
    append(table, numbers(1), by("one"))
    gone = TableVersion("gone", 99)
    with pytest.raises(BaseMovedError):
        append(table, numbers(2), by("other"), Known(((WHOLE, gone),)))
    assert values(table.scan()) == [1]


def test_a_commit_whose_answer_was_lost_is_not_repeated(store: Store) -> None:
    table = store.table(DAILY)
    first = append(table, day_rows(0), by("one", days(0), step="mine"))
    append(table, day_rows(1), by("other", days(1)))
    assert append(table, day_rows(0), by("one", days(0), step="mine")) == first
    assert values(table.scan()) == [0, 0]


def test_a_commit_that_is_taken_up_by_another_run_is_not_repeated(store: Store) -> None:
    table = store.table(DAILY)
    first = append(table, day_rows(0), by("killed", days(0), step="mine"))
    assert append(table, day_rows(0), by("resumed", days(0), step="mine")) == first
    assert values(table.scan()) == [0]


def test_what_was_made_before_all_was_emptied_counts_no_more(store: Store) -> None:
    table = store.table(DAILY)
    append(table, day_rows(0, 1), by("one", days(0, 1)))
    restart = replaced(by("rebuild", days(0)), restart=True)
    append(table, day_rows(0, n=1), restart, None, replace=Everything())
    append(table, day_rows(1, n=1), by("other", days(1)))
    with pytest.raises(BaseMovedError, match="made by run rebuild"):
        append(table, day_rows(0, n=1), by("other", days(0)))
    assert day_values(table.scan()) == {0: 1, 1: 1}


def test_steps_that_were_cut_in_another_way_are_not_the_same(store: Store) -> None:
    by_country = replaced(DAILY, step_dimensions=(COUNTRY,))
    append(store.table(by_country), day_rows(0), by("one", countries("de")))
    append(store.table(DAILY), day_rows(0), by("other", days(0)))
    assert values(store.table(DAILY).scan()) == [0, 0]


def test_what_is_recorded_without_rows_is_made_as_well(store: Store) -> None:
    table = store.table(DAILY)
    table.record(replaced(by("one", days(0)), touched=NOTHING))
    with pytest.raises(BaseMovedError):
        append(table, day_rows(0), by("other", days(0)))


@pytest.mark.parametrize("replace", [days(0), Matching(("day",)), Everything()])
def test_rows_that_take_the_place_of_others_may_be_held_to_it_too(
    store: Store, replace: Replace
) -> None:
    table = store.table(DAILY)
    append(table, day_rows(0), by("one", days(0)), None)
    append(table, day_rows(0, n=1), by("other", days(0)), None, replace=replace)
    with pytest.raises(BaseMovedError):
        append(table, day_rows(0, n=2), by("third", days(0)), replace=replace)
    assert day_values(table.scan()) == {0: 1}


def test_a_refused_commit_leaves_nothing_behind(disk_store: Store) -> None:
    table = disk_store.table(ORDERS)
    append(table, numbers(1), by("one"))
    staged = table.stage(numbers(2))
    with pytest.raises(BaseMovedError):
        table.commit(staged, replace=PartitionSet.none(()), made=by("other"), base=NEVER_MADE)
    table.discard(staged)
    assert values(table.scan()) == [1]
    again = append(table, numbers(3), by("one"))
    assert again == table.version()


def test_what_upkeep_has_put_away_is_remembered(disk_store: Store) -> None:
    table = disk_store.table(DAILY)
    for day in range(3):
        append(table, day_rows(day), by("one", days(day)))
    now = datetime.now(UTC) + timedelta(hours=1)
    table.maintain(Upkeep(keep_since=now, log_since=now, swept_before=now))
    again = disk_store.table(replaced(DAILY, description="opened anew"))
    with pytest.raises(BaseMovedError, match=r"\(2020-01-01\) was made by run one"):
        append(again, day_rows(0), by("other", days(0)))
    append(again, day_rows(3), by("other", days(3)))
    assert day_values(again.scan()) == dict.fromkeys(range(4), 0)
