"""Commits that take a row only where it is not older, and remove rows by key; in every store."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.storage.location import open_store
from flowforge_assets.storage.row_match import RowMatch, match_rows
from flowforge_assets.storage.store import Matching
from matching_values import BY_HOUR, Price, files_of, found_in, merge, prices
from storage_values import DAY, days

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store

LATEST: Final = Matching(("item",), latest="price")
"""The price of an item stands for the time at which the row was written."""


def removing(*items: tuple[int | None, float | None], latest: bool = True) -> Matching:
    keys = pl.DataFrame(items, schema={"item": pl.Int64, "price": pl.Float64}, orient="row")
    if not latest:
        return Matching(("item",), removing=keys.select("item"))
    return Matching(("item",), latest="price", removing=keys)


def test_a_row_that_is_older_than_the_stored_one_is_left_out(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0), (2, 5.0, 0)), by=LATEST)
    made = merge(table, prices((1, 4.0, 1), (2, 6.0, 0), (3, 1.0, 2)), by=LATEST)
    assert found_in(table) == Counter(prices((1, 5.0, 0), (2, 6.0, 0), (3, 1.0, 2)).rows())
    assert made.changed == days(0, 2)


def test_a_row_that_is_as_late_takes_the_place_of_the_stored_one(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0)), by=LATEST)
    made = merge(table, prices((1, 5.0, 3)), by=LATEST)
    assert found_in(table) == Counter(prices((1, 5.0, 3)).rows())
    assert made.changed == days(0, 3)


def test_null_is_older_than_all_and_not_than_itself(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, None, 0), (2, 5.0, 0), (3, None, 0)), by=LATEST)
    merge(table, prices((1, None, 1), (2, None, 1), (3, 1.0, 1)), by=LATEST)
    assert found_in(table) == Counter(prices((1, None, 1), (2, 5.0, 0), (3, 1.0, 1)).rows())


def test_what_is_not_a_number_is_later_than_all_numbers(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, float("nan"), 0), (2, float("inf"), 0)), by=LATEST)
    merge(table, prices((1, float("inf"), 1), (2, float("nan"), 1)), by=LATEST)
    found = {row[0]: str(row[2]) for row in found_in(table)}
    assert found == {1: "2020-01-01", 2: "2020-01-02"}


def test_where_all_rows_are_older_nothing_is_touched_and_no_file_written(
    disk_store: Store,
) -> None:
    table = disk_store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0), (2, 5.0, 1)), by=LATEST)
    before = files_of(table)
    made = merge(table, prices((1, 4.0, 0), (2, 3.0, 1)), by=LATEST)
    assert made.changed == PartitionSet.none((DAY,))
    assert files_of(table) == before
    assert table.version() == made.table


def test_of_stored_rows_with_one_key_the_latest_counts(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0), (1, 3.0, 1)))
    merge(table, prices((1, 4.0, 2)), by=LATEST)
    assert found_in(table) == Counter(prices((1, 5.0, 0), (1, 3.0, 1)).rows())
    merge(table, prices((1, 6.0, 2)), by=LATEST)
    assert found_in(table) == Counter(prices((1, 6.0, 2)).rows())


@pytest.mark.parametrize("by", [LATEST, Matching(("item",))])
def test_rows_that_are_there_already_are_not_written_again(store: Store, by: Matching) -> None:
    table = store.table(BY_HOUR)
    rows = prices((1, 5.0, 0), (2, None, 1))
    merge(table, rows, by=by)
    made = merge(table, rows, by=by)
    assert made.changed == PartitionSet.none((DAY,))
    assert found_in(table) == Counter(rows.rows())


def test_rows_are_removed_by_their_keys(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0), (2, 5.0, 1), (2, 6.0, 2), (3, 5.0, 3)))
    made = merge(table, prices((4, 1.0, 5)), by=removing((2, None), (9, None), latest=False))
    assert found_in(table) == Counter(prices((1, 5.0, 0), (3, 5.0, 3), (4, 1.0, 5)).rows())
    assert made.changed == days(1, 2, 5)


def test_rows_are_removed_though_none_is_staged(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0), (2, 5.0, 1)))
    made = merge(table, prices(), by=removing((2, None), latest=False))
    assert found_in(table) == Counter(prices((1, 5.0, 0)).rows())
    assert made.changed == days(1)


def test_a_row_that_is_later_than_its_removal_stays(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0), (2, 5.0, 1), (3, 5.0, 2), (4, None, 3)), by=LATEST)
    by = removing((1, 4.0), (2, 5.0), (3, None), (4, None))
    made = merge(table, prices((5, 1.0, 4)), by=by)
    assert found_in(table) == Counter(prices((1, 5.0, 0), (3, 5.0, 2), (5, 1.0, 4)).rows())
    assert made.changed == days(1, 3, 4)


def test_a_step_that_removes_is_not_repeated(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 5.0, 0)))
    first = merge(table, prices(), by=removing((1, None), latest=False), step="removal")
    merge(table, prices((1, 6.0, 1)))
    again = merge(table, prices(), by=removing((1, None), latest=False), step="removal")
    assert again.table == first.table
    assert again.changed == first.changed
    assert found_in(table) == Counter(prices((1, 6.0, 1)).rows())


def test_what_an_older_staged_row_matches_is_not_said_to_match() -> None:
    stored = pl.DataFrame({"row": [0, 1], "k": [1, 2], "at": [5, 5]})
    staged = pl.DataFrame({"k": [1, 2], "at": [4, 5]})
    match: RowMatch = match_rows(stored.lazy(), staged, Matching(("k",), latest="at"), row="row")
    assert match.leaves_out
    assert match.is_empty
    assert match.numbers(of_removed=False).to_list() == [1]


KEYS: Final = st.integers(0, 4)
TIMES: Final = st.one_of(st.none(), st.integers(0, 6).map(float))
Change = tuple[int, float | None, bool]
DELIVERY: Final = st.dictionaries(KEYS, st.tuples(TIMES, st.booleans()), max_size=4)


def row_of(item: int, price: float | None) -> Price:
    """The row of an item at a time is the same whoever delivers it."""
    day = None if price is None else int(3 * price + item) % 7
    return item, price, day


def put_into(model: dict[int, Price], item: int, price: float | None, *, removes: bool) -> None:
    known = model.get(item)
    if known is not None and known[1] is not None and (price is None or price < known[1]):
        return
    if removes:
        model.pop(item, None)
    else:
        model[item] = row_of(item, price)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    deliveries=st.lists(DELIVERY, min_size=1, max_size=5),
    form=st.sampled_from(["memory", "delta", "parquet"]),
    data=st.data(),
)
def test_the_table_is_what_a_dictionary_would_be_and_hardly_minds_the_order(
    deliveries: list[dict[int, tuple[float | None, bool]]],
    form: Literal["memory", "delta", "parquet"],
    data: st.DataObject,
) -> None:
    order = data.draw(st.permutations(deliveries))
    newest: dict[int, Price] = {}
    removed = {item for each in deliveries for item, (_, removes) in each.items() if removes}
    for delivery in deliveries:
        for item, (price, _) in delivery.items():
            put_into(newest, item, price, removes=False)
    model: dict[int, Price] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = "memory://" if form == "memory" else str(Path(folder))
        store = open_store(place, format="delta" if form == "memory" else form)
        table = store.table(BY_HOUR)
        for delivery in order:
            kept = [row_of(item, price) for item, (price, gone) in delivery.items() if not gone]
            gone = [(item, price) for item, (price, removes) in delivery.items() if removes]
            before = found_in(table) if table.version() else Counter[tuple[object, ...]]()
            made = merge(table, prices(*kept), by=removing(*gone))
            for item, (price, removes) in delivery.items():
                put_into(model, item, price, removes=removes)
            after = found_in(table)
            assert after == Counter(prices(*model.values()).rows())
            # just the partitions of rows that were not there before, or are not there now
            differing = [row[2] for row in ((after - before) | (before - after))]
            touched = {str(day) for day in differing if day is not None}
            assert made.changed.count() == len(touched)
    for item in newest.keys() - removed:
        assert model[item] == newest[item]
