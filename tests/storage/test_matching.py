"""Commits that replace rows by values that they share with the staged ones; in every store."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.errors.storage import SchemaChangeError
from flowforge_assets.storage.location import Format, open_store
from flowforge_assets.storage.store import Matching
from matching_values import (
    BY_HOUR,
    HOUR,
    STEP,
    Price,
    files_of,
    found_in,
    merge,
    prices,
    wider_prices,
)
from storage_values import (
    DAY,
    ORDERS,
    days,
    every_type,
    numbers,
    put,
    record,
    spec,
    values,
)

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store


def test_rows_with_a_staged_key_are_replaced_and_the_others_stay(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 1.0, 0), (2, 2.0, 0), (3, 3.0, 1)))
    merge(table, prices((2, 9.0, 0), (4, 4.0, 2)))
    assert found_in(table) == Counter(
        prices((1, 1.0, 0), (2, 9.0, 0), (3, 3.0, 1), (4, 4.0, 2)).rows()
    )


def test_only_the_partitions_of_rows_that_are_others_now_are_touched(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 1.0, 0), (2, 2.0, 1), (3, 3.0, 2), (5, 5.0, 6)))
    made = merge(table, prices((1, 1.0, 0), (2, 7.0, 3), (9, 9.0, 5)))
    assert made.touched == days(1, 3, 5)
    assert table.made()[-1] == made


def test_rows_that_are_there_already_change_nothing(store: Store) -> None:
    table = store.table(BY_HOUR)
    rows = prices((1, 1.0, 0), (None, None, 1), (3, float("nan"), None))
    merge(table, rows)
    before = table.scan().collect().rows()
    made = merge(table, rows.reverse())
    assert made.touched == PartitionSet.none((DAY,))
    assert made.table == table.version()
    assert len(before) == table.scan().collect().height
    assert table.scan().filter(pl.col("item") == 3).collect().get_column("price").is_nan().all()


def test_no_file_is_written_for_rows_that_are_there_already(disk_store: Store) -> None:
    table = disk_store.table(BY_HOUR)
    rows = prices((1, 1.0, 0), (2, 2.0, 1))
    merge(table, rows)
    before = files_of(table)
    merge(table, rows)
    assert files_of(table) == before


def test_a_large_file_stays_when_all_of_its_rows_stay(disk_store: Store) -> None:
    table = disk_store.table(BY_HOUR)
    large = prices(*((item, 1.0, 0) for item in range(50)))
    nothing = PartitionSet.none((DAY,))
    table.commit(table.stage(large), replace=nothing, made=record(STEP))
    (kept,) = files_of(table)
    small = prices((90, 1.0, 0), (91, 1.0, 0))
    table.commit(table.stage(small), replace=nothing, made=record(STEP))
    written = merge(table, pl.concat([large.head(20), prices((90, 2.0, 0))]))
    assert written.touched == days(0)
    assert found_in(table) == Counter([*large.rows(), *prices((90, 2.0, 0), (91, 1.0, 0)).rows()])
    again = table.scan().explain()
    assert kept.name in again


def test_no_staged_row_changes_nothing(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 1.0, 0)))
    assert merge(table, prices()).touched == PartitionSet.none((DAY,))
    assert found_in(table) == Counter(prices((1, 1.0, 0)).rows())


def test_an_unpartitioned_table_is_touched_as_a_whole_or_not_at_all(store: Store) -> None:
    table = store.table(replaced(ORDERS, step_dimensions=(HOUR,)))
    by = Matching(("n",))
    assert merge(table, numbers(1, 2), by=by).touched == WHOLE
    assert merge(table, numbers(1), by=by).touched == PartitionSet.none(())
    assert merge(table, numbers(3), by=by).touched == WHOLE
    assert values(table.scan()) == [1, 2, 3]


def test_nulls_are_equal(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((None, 1.0, 0), (1, 1.0, 0)))
    merge(table, prices((None, 2.0, 1)))
    assert found_in(table) == Counter(prices((None, 2.0, 1), (1, 1.0, 0)).rows())


def test_rows_match_by_several_columns(store: Store) -> None:
    table = store.table(BY_HOUR)
    merge(table, prices((1, 1.0, 0), (1, 2.0, 1)))
    merge(table, prices((1, 5.0, 1)), by=Matching(("item", "day")))
    assert found_in(table) == Counter(prices((1, 1.0, 0), (1, 5.0, 1)).rows())


def test_texts_and_moments_may_be_keys(store: Store) -> None:
    at = Field("at", Plain("timestamp"))
    fields = (Field("name", Plain("string")), at, Field("n", Plain("int64")))
    table = store.table(replaced(spec(*fields), step_dimensions=(HOUR,)))
    noon = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
    frame = pl.DataFrame(
        {"name": ["n", "at", "zz"], "at": [noon + timedelta(microseconds=n) for n in range(3)]},
        schema={"name": pl.String, "at": pl.Datetime("us", "UTC")},
    ).with_columns(n=pl.lit(0, dtype=pl.Int64))
    by = Matching(("name", "at"))
    merge(table, frame, by=by)
    merge(table, frame.tail(2).with_columns(pl.col("n") + 7), by=by)
    assert values(table.scan()) == [0, 7, 7]


def test_a_state_with_many_rows_is_replaced_by_the_column_that_they_share(store: Store) -> None:
    table = store.table(BY_HOUR)
    by_day = Matching(("day",))
    merge(table, prices((1, 1.0, 0), (2, 2.0, 0), (1, 1.0, 1)), by=by_day)
    made = merge(table, prices((1, 1.0, 0), (3, 3.0, 0), (3, 3.0, 0)), by=by_day)
    assert found_in(table) == Counter(
        prices((1, 1.0, 0), (3, 3.0, 0), (3, 3.0, 0), (1, 1.0, 1)).rows()
    )
    assert made.touched == days(0)
    again = merge(table, prices((3, 3.0, 0), (1, 1.0, 0), (3, 3.0, 0)), by=by_day)
    assert again.touched == PartitionSet.none((DAY,))


def test_rows_of_every_type_are_compared(store: Store) -> None:
    full, frame = every_type()
    table = store.table(replaced(full, step_dimensions=(HOUR,)))
    merge(table, frame, by=Matching(("int64",)))
    made = merge(table, frame, by=Matching(("int64",)))
    assert made.touched == PartitionSet.none(())
    for name in frame.columns:
        if name != "int64":
            other = frame.with_columns(pl.col(name).reverse())
            assert merge(table, other, by=Matching(("int64",))).touched == WHOLE, name
            assert merge(table, frame, by=Matching(("int64",))).touched == WHOLE, name


@pytest.mark.parametrize("name", every_type()[1].columns)
def test_rows_match_by_a_column_of_every_type(store: Store, name: str) -> None:
    full, frame = every_type()
    table = store.table(replaced(full, step_dimensions=(HOUR,)))
    put(table, frame.head(1), WHOLE)
    assert merge(table, frame, by=Matching((name,))).touched == WHOLE
    assert merge(table, frame, by=Matching((name,))).touched == PartitionSet.none(())
    assert table.scan().collect().height == 2


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 4),
        st.sampled_from([None, 0.5, 1.0]),
        st.none() | st.integers(0, 3),
    ),
    max_size=6,
)


@pytest.mark.parametrize("form", ["memory", "delta", "parquet"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    writes=st.lists(
        st.tuples(ROWS, st.sampled_from([("item",), ("item", "day"), ("day",)])),
        min_size=1,
        max_size=4,
    )
)
def test_a_table_holds_what_a_plain_replacement_would_leave(
    form: str, writes: list[tuple[list[Price], tuple[str, ...]]], tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "lake", ignore_errors=True)
    if form == "memory":
        table = open_store("memory://").table(BY_HOUR)
    else:
        kind: Format = "delta" if form == "delta" else "parquet"
        table = open_store(str(tmp_path / "lake"), format=kind).table(BY_HOUR)
    expected: Counter[tuple[object, ...]] = Counter()
    for rows, columns in writes:
        frame = prices(*rows)
        places = [frame.columns.index(name) for name in columns]
        keys = {tuple(row[at] for at in places) for row in frame.rows()}
        before = expected
        expected = Counter(frame.rows())
        for row, times in before.items():
            if tuple(row[at] for at in places) not in keys:
                expected[row] += times
        made = merge(table, frame, by=Matching(columns))
        assert found_in(table) == expected
        changed = (expected - before) + (before - expected)
        touched = {row[2] for row in changed if row[2] is not None}
        assert [*(made.touched or days()).keys()] == sorted(map(str, touched))


def test_a_new_nullable_column_comes_with_a_merge(store: Store) -> None:
    merge(store.table(BY_HOUR), prices((1, 1.0, 0), (2, 2.0, 1)))
    wider = wider_prices(nullable=True)
    table = store.table(wider)
    rows = prices((2, 2.0, 1), (1, 1.0, 0)).with_columns(note=pl.Series([None, "x"]))
    made = merge(table, rows)
    assert made.touched == days(0)
    assert sorted(table.scan().select("item", "note").collect().rows()) == [(1, "x"), (2, None)]


def test_a_merge_into_rows_with_other_columns_is_refused(store: Store) -> None:
    merge(store.table(BY_HOUR), prices((1, 1.0, 0)))
    table = store.table(wider_prices(nullable=False))
    with pytest.raises(SchemaChangeError):
        merge(table, prices((1, 1.0, 0)).with_columns(note=pl.lit("x")))


def test_columns_named_as_ours_are_no_obstacle(store: Store) -> None:
    fields = [Field(name, Plain("int64")) for name in ("row", "staged", "number", "at")]
    table = store.table(replaced(spec(*fields), step_dimensions=(HOUR,)))
    frame = pl.DataFrame({"row": [1, 2], "staged": [1, 2], "number": [0, 0], "at": [3, 4]})
    merge(table, frame, by=Matching(("row",)))
    merge(table, frame.with_columns(at=pl.Series([3, 7])), by=Matching(("number",)))
    assert values(table.scan(), "at") == [3, 7]
