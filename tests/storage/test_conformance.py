"""What every store promises."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from flowforge_assets.core.partition import (
    WHOLE,
    Dimension,
    PartitionSet,
    Span,
    Values,
)
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.errors.storage import (
    NoTableError,
    NoVersionError,
    StagedSchemaError,
    StrayRowsError,
)
from storage_values import (
    BY_BOTH,
    BY_COUNTRY,
    DAILY,
    FIRST_DAY,
    HOUR,
    HOURLY,
    INT,
    KEY,
    ORDERS,
    WEEK,
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
    from flowforge_assets.storage.store import Store

ODD_NAMES = ("/", "%", "'", " ", "=", "ü", "a/b", "50%25", "it's", "*", "?x[y]", "#&+", "n" * 60)


def test_a_table_has_no_version_before_its_first_commit(store: Store) -> None:
    table = store.table(ORDERS)
    assert table.version() is None
    assert list(table.made()) == []


def test_reading_before_the_first_commit_says_to_make_it(store: Store) -> None:
    with pytest.raises(NoTableError, match=r"flowforge run -s silver\.orders"):
        store.table(ORDERS).scan()


def test_the_same_spec_gives_the_same_table(store: Store) -> None:
    assert store.table(ORDERS) is store.table(spec(INT))


def test_staged_rows_are_seen_by_their_holder_alone(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    staged = table.stage(numbers(2, 3))
    assert staged.rows == 2
    assert values(staged.scan()) == [2, 3]
    assert values(table.scan()) == [1]


@pytest.mark.parametrize("is_lazy", [False, True])
def test_a_commit_shows_the_staged_rows(store: Store, *, is_lazy: bool) -> None:
    frame = numbers(2, 3)
    table = store.table(ORDERS)
    put(table, frame.lazy() if is_lazy else frame)
    assert values(table.scan()) == [2, 3]


def test_versions_count_up_within_one_table_id(store: Store) -> None:
    table = store.table(ORDERS)
    first, second = put(table, numbers(1)), put(table, numbers(2))
    assert second.table_id == first.table_id
    assert second.version == first.version + 1
    assert table.version() == second


def test_a_commit_replaces_the_whole_of_an_unpartitioned_table(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1, 2))
    put(table, numbers(3))
    assert values(table.scan()) == [3]


def test_discarded_rows_are_never_seen(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    table.discard(table.stage(numbers(2)))
    assert values(table.scan()) == [1]


def test_discarding_rows_that_were_committed_loses_none(store: Store) -> None:
    table = store.table(ORDERS)
    staged = table.stage(numbers(2))
    table.commit(staged, replace=WHOLE, made=record(WHOLE))
    table.discard(staged)
    assert values(table.scan()) == [2]


def test_a_step_that_committed_is_not_repeated(store: Store) -> None:
    table = store.table(ORDERS)
    first = put(table, numbers(1), step="one")
    put(table, numbers(2), step="two")
    assert put(table, numbers(3), step="one") == first
    assert values(table.scan()) == [2]


def test_an_older_version_can_be_read(store: Store) -> None:
    table = store.table(ORDERS)
    first = put(table, numbers(1))
    put(table, numbers(2))
    assert values(table.scan(version=first.version)) == [1]


def test_a_version_that_never_was_is_refused(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    with pytest.raises(NoVersionError, match="no version 77"):
        table.scan(version=77)


def test_a_scan_keeps_its_version_while_others_commit(store: Store) -> None:
    table = store.table(ORDERS)
    put(table, numbers(1))
    before = table.scan()
    put(table, numbers(2))
    assert values(before) == [1]


def test_an_empty_frame_makes_a_table_with_no_rows(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(), days(0))
    assert table.scan().collect_schema() == day_rows().schema
    assert table.scan().collect().is_empty()
    assert table.scan(days(0)).collect().is_empty()


def test_an_empty_frame_empties_its_partitions(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1), days(0, 1))
    put(table, day_rows(), days(1))
    assert day_values(table.scan()) == {0: 0}


@pytest.mark.parametrize("is_lazy", [False, True])
def test_a_commit_replaces_exactly_its_partitions(store: Store, *, is_lazy: bool) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1, 2, 3), days(0, 1, 2, 3))
    frame = day_rows(1, 3, n=7)
    put(table, frame.lazy() if is_lazy else frame, days(1, 3))
    assert day_values(table.scan()) == {0: 0, 1: 7, 2: 0, 3: 7}


def test_a_scan_gives_exactly_the_partitions_asked_for(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1, 2), days(0, 1, 2))
    put(table, day_rows(3, n=3), days(3))
    assert day_values(table.scan(days(1, 3, 9))) == {1: 0, 3: 3}


def test_rows_outside_of_the_partitions_are_refused(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0), days(0))
    staged = table.stage(day_rows(1, 2))
    with pytest.raises(StrayRowsError, match="1 rows"):
        table.commit(staged, replace=days(1), made=record(days(1)))
    table.discard(staged)
    assert day_values(table.scan()) == {0: 0}


def test_rows_without_a_partition_value_are_refused(store: Store) -> None:
    frame = pl.DataFrame({"n": [1], "day": [None]}, schema={"n": pl.Int64, "day": pl.Date})
    table = store.table(DAILY)
    staged = table.stage(frame)
    with pytest.raises(StrayRowsError):
        table.commit(staged, replace=days(1), made=record(days(1)))


@pytest.mark.parametrize("is_lazy", [False, True])
def test_partition_values_may_have_any_characters(store: Store, *, is_lazy: bool) -> None:
    table = store.table(BY_COUNTRY)
    frame = pl.DataFrame({"n": range(len(ODD_NAMES)), "country": ODD_NAMES})
    put(table, frame.lazy() if is_lazy else frame, countries(*ODD_NAMES))
    for number, name in enumerate(ODD_NAMES):
        assert values(table.scan(countries(name))) == [number]
    for number, name in enumerate(ODD_NAMES):
        again = pl.DataFrame({"n": [number + 100], "country": [name]})
        put(table, again, countries(name))
    assert values(table.scan()) == [number + 100 for number in range(len(ODD_NAMES))]
    assert sorted(table.scan().collect().get_column("country").unique()) == sorted(ODD_NAMES)


def test_products_of_dimensions_are_replaced_box_by_box(store: Store) -> None:
    table = store.table(BY_BOTH)
    both = (*days(0, 1).dimensions, *countries("de").dimensions)
    grid = [(0, "de"), (0, "ch"), (1, "de"), (1, "ch")]
    start = (FIRST_DAY - date(1970, 1, 1)).days

    def cells(day: Span, *names: str) -> PartitionSet:
        return PartitionSet(both, ((day, Values.of(names)),))

    def rows(cell: list[tuple[int, str]], n: int) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "n": [n] * len(cell),
                "day": [FIRST_DAY + timedelta(days=day) for day, _ in cell],
                "country": [name for _, name in cell],
            }
        )

    put(table, rows(grid, 0), cells(Span.of(start, start + 2), "ch", "de"))
    put(table, rows([(1, "de")], 5), cells(Span.of(start + 1, start + 2), "de"))
    found = table.scan().sort("day", "country").collect()
    assert found.get_column("n").to_list() == [0, 0, 0, 5]
    assert values(table.scan(cells(Span.of(start, start + 2), "de"))) == [0, 5]


def test_hours_in_one_write_are_replaced_one_by_one(store: Store) -> None:
    table = store.table(HOURLY)
    start = datetime(2020, 1, 1, tzinfo=UTC)
    first = HOUR.of_value(start)
    assert isinstance(first, int)

    def hours(lo: int, hi: int) -> PartitionSet:
        return PartitionSet((HOUR,), ((Span.of(first + lo, first + hi),),))

    def rows(lo: int, hi: int, n: int) -> pl.DataFrame:
        at = [start + timedelta(hours=hour, minutes=59, microseconds=1) for hour in range(lo, hi)]
        return pl.DataFrame(
            {"n": [n] * len(at), "at": at},
            schema={"n": pl.Int64, "at": pl.Datetime("us", "UTC")},
        )

    put(table, rows(0, 48, 0), hours(0, 48))
    put(table, rows(5, 6, 1), hours(5, 6))
    found = table.scan().sort("at").collect().get_column("n").to_list()
    assert found == [0] * 5 + [1] + [0] * 42
    assert values(table.scan(hours(4, 7))) == [0, 0, 1]


def test_weeks_hold_their_days(store: Store) -> None:
    table = store.table(WEEKLY)
    monday = WEEK.of_value(date(2020, 1, 6))
    assert isinstance(monday, int)
    both = PartitionSet((WEEK,), ((Span.of(monday, monday + 2),),))
    second = PartitionSet((WEEK,), ((Span.of(monday + 1, monday + 2),),))
    put(table, day_rows(5, 11, 12, 18), both)
    put(table, day_rows(13, n=1), second)
    assert day_values(table.scan()) == {5: 0, 11: 0, 13: 1}
    assert day_values(table.scan(second)) == {13: 1}


def test_a_local_day_is_replaced_by_its_own_instants(store: Store) -> None:
    local = Dimension("at", "day", tz="Europe/Berlin")
    table = store.table(spec(*HOURLY.schema, by=(local,)))
    day = local.of_value(date(2020, 3, 29))  # 23 hours long
    assert isinstance(day, int)

    def of(lo: int, hi: int) -> PartitionSet:
        return PartitionSet((local,), ((Span.of(lo, hi),),))

    begin, end = local.instants(day, day + 1)
    at = [begin - timedelta(hours=1), begin, end - timedelta(hours=1), end]
    frame = pl.DataFrame(
        {"n": [0, 1, 2, 3], "at": at}, schema={"n": pl.Int64, "at": pl.Datetime("us", "UTC")}
    )
    put(table, frame, of(day - 1, day + 2))
    assert values(table.scan(of(day, day + 1))) == [1, 2]
    put(table, frame.clear(), of(day, day + 1))
    assert values(table.scan()) == [0, 3]


def test_columns_may_have_any_names(store: Store) -> None:
    names = ("Order ID", "copy", "schema", "a.b", "ü", "select", "x=y", "(`)", "path")
    table = store.table(spec(*(Field(name, Plain("int64")) for name in names)))
    frame = pl.DataFrame({name: [number] for number, name in enumerate(names)})
    put(table, frame)
    put(table, frame.lazy())
    assert table.scan().collect().equals(frame)


@pytest.mark.parametrize("is_lazy", [False, True])
def test_every_type_comes_back_as_it_was(store: Store, *, is_lazy: bool) -> None:
    full, frame = every_type()
    table = store.table(full)
    put(table, frame.lazy() if is_lazy else frame)
    found = table.scan().collect()
    assert found.schema == frame.schema
    assert found.equals(frame)


def test_filters_never_lose_rows(store: Store) -> None:
    full, frame = every_type()
    table = store.table(full)
    put(table, frame)
    plain = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
    for name in plain:
        value = frame.get_column(name)[0]
        wanted = pl.lit(value, dtype=frame.schema[name])
        assert table.scan().filter(pl.col(name) == wanted).collect().height == 1, name
        assert table.scan().filter(pl.col(name) <= wanted).collect().height == 1, name
        assert table.scan().filter(pl.col(name).is_null()).collect().height == 1, name


def test_not_a_number_does_not_hide_the_numbers_beside_it(store: Store) -> None:
    table = store.table(spec(Field("x", Plain("float64"))))
    put(table, pl.DataFrame({"x": [float("nan"), 1.0, float("-inf")]}))
    assert table.scan().filter(pl.col("x") == 1.0).collect().height == 1


def test_another_schema_than_the_declared_is_not_staged(store: Store) -> None:
    table = store.table(ORDERS)
    with pytest.raises(StagedSchemaError, match="`n` is Int32 instead of Int64"):
        table.stage(numbers(1).cast(pl.Int32))


def test_what_was_made_is_read_back(store: Store) -> None:
    table = store.table(DAILY)
    staged = table.stage(day_rows(0, 1))
    made = record(days(0, 1), rows=2)
    version = table.commit(staged, replace=days(0, 1), made=made).table
    (found,) = table.made()
    assert found.table == version
    assert (found.partitions, found.rows, found.at) == (made.partitions, 2, made.at)
    assert (found.fingerprint, found.inputs) == (made.fingerprint, made.inputs)
    assert (found.dataset, found.asset) == (KEY, made.asset)
    assert (found.run_id, found.step_id) == (made.run_id, made.step_id)


def test_each_partition_has_its_last_record_only(store: Store) -> None:
    table = store.table(DAILY)
    put(table, day_rows(0, 1, 2), days(0, 1, 2), step="all")
    put(table, day_rows(1), days(1), step="second")
    put(table, day_rows(2), days(2), step="third")
    put(table, day_rows(2), days(2), step="third again")
    found = {made.step_id: made.partitions for made in table.made()}
    assert found == {"all": days(0), "second": days(1), "third again": days(2)}
