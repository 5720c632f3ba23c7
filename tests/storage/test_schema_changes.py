"""Datasets whose columns or partitions are declared anew, in every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.schema import Field, Plain
from flowforge_assets.core.schema_change import columns_of
from flowforge_assets.errors.storage import (
    SchemaChangeError,
)
from flowforge_assets.storage.changes import COUNT, changes_of
from flowforge_assets.storage.delta_store import DeltaStore
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.store import Everything, Matching
from storage_values import (
    DAILY,
    DAY,
    INT,
    ORDERS,
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
    from flowforge_assets.storage.store import Replace, Store, TableSpec

SOME = Field("extra", Plain("string"), nullable=True)


def test_a_new_nullable_column_is_added_as_it_comes(store: Store) -> None:
    put(store.table(DAILY), day_rows(0, 1), days(0, 1))
    wider = spec(SOME, *DAILY.schema, by=(DAY,))
    table = store.table(wider)
    frame = day_rows(1, n=5).select(pl.lit("x").alias("extra"), "n", "day")
    put(table, frame, days(1))
    found = table.scan().sort("day").collect()
    assert found.columns == ["extra", "n", "day"]
    assert found.get_column("extra").to_list() == [None, "x"]
    assert found.get_column("n").to_list() == [0, 5]


def test_a_new_column_reads_as_null_before_anything_is_written(store: Store) -> None:
    put(store.table(ORDERS), numbers(1))
    wall = Field("wall", Plain("timestamp_ntz"), nullable=True)
    found = store.table(spec(INT, wall)).scan().collect()
    assert found.get_column("wall").to_list() == [None]


@pytest.mark.parametrize(
    ("changed", "frame"),
    [
        (
            spec(Field("n", Plain("string")), Field("day", Plain("date")), by=(DAY,)),
            day_rows(0).cast({"n": pl.String}),
        ),
        (spec(Field("day", Plain("date")), SOME, by=(DAY,)), None),
        (
            spec(*DAILY.schema, Field("wall", Plain("timestamp_ntz")), by=(DAY,)),
            day_rows(0).with_columns(pl.lit(datetime(2020, 1, 1)).alias("wall")),  # noqa: DTZ001
        ),
    ],
    ids=["type", "dropped", "not null"],
)
def test_another_change_needs_a_commit_that_replaces_everything(
    store: Store, changed: TableSpec, frame: pl.DataFrame | None
) -> None:
    put(store.table(DAILY), day_rows(0, 1), days(0, 1))
    table = store.table(changed)
    if frame is None:
        frame = day_rows(0).select("day", pl.lit("x").alias("extra"))
    frame = frame.select(changed.schema.names)
    with pytest.raises(SchemaChangeError):
        table.scan().collect()
    staged = table.stage(frame)
    with pytest.raises(SchemaChangeError):
        table.commit(staged, replace=days(0), made=record(days(0)))
    put(table, frame, days(0, 1))
    assert table.scan().collect().equals(frame)


NARROW = spec(
    Field("n", Plain("int32")), Field("gone", Plain("string")), DAILY.schema.fields[1], by=(DAY,)
)
WIDE = replace(
    spec(Field("m", Plain("int64")), SOME, DAILY.schema.fields[1], by=(DAY,)),
    renames=(("m", ("n",)),),
    drops=frozenset({"gone"}),
)
BIG = 2**40


def narrow_rows(*numbers: int) -> pl.DataFrame:
    return day_rows(*numbers, n=7).select(
        pl.col("n").cast(pl.Int32), pl.lit("x").alias("gone"), "day"
    )


@pytest.mark.parametrize(
    ("what", "left"),
    [
        (days(1), [7, BIG]),
        (PartitionSet.none((DAY,)), [7, 7, BIG]),
        (Matching(("day",)), [7, BIG]),
        (Everything(), [BIG]),
        (None, [7, 7]),
    ],
    ids=["partition", "append", "matching", "everything", "record"],
)
def test_rows_that_stay_have_the_columns_that_are_declared_now(
    store: Store, what: Replace | None, left: list[int]
) -> None:
    old = put(store.table(NARROW), narrow_rows(0, 1), days(0, 1))
    table = store.table(WIDE)
    assert values(table.scan(), "m") == [7, 7]  # read so before it is written so
    if what is None:
        table.record(record(days(1)))
    else:
        frame = day_rows(1, n=BIG).select(pl.col("n").alias("m"), pl.lit("y").alias("extra"), "day")
        table.commit(table.stage(frame), replace=what, made=record(days(1)))
    assert values(table.scan(), "m") == left
    assert set(table.scan().collect_schema()) == {"m", "extra", "day"}
    assert dict(table.columns() or {}) == dict(table.scan().collect_schema())
    assert values(table.scan(days(0)), "m") == left[: len(left) - 1 and 1]
    assert values(table.scan(version=old.version), "m") == [7, 7]
    assert dict(table.schema_history()[-1].columns)["m"] == "int64"


def test_rows_that_were_written_again_are_no_change(store: Store) -> None:
    old = put(store.table(NARROW), narrow_rows(0, 1), days(0, 1))
    table = store.table(WIDE)
    frame = day_rows(2, n=BIG).select(pl.col("n").alias("m"), pl.lit("y").alias("extra"), "day")
    new = put(table, frame, PartitionSet.none((DAY,)))
    found = changes_of(table, old.version, new.version, None).collect()
    assert found.select("m", COUNT).rows() == [(BIG, 1)]


def test_what_may_not_be_lost_is_not_dropped(store: Store) -> None:
    put(store.table(NARROW), narrow_rows(0, 1), days(0, 1))
    table = store.table(replace(WIDE, drops=frozenset()))
    with pytest.raises(SchemaChangeError, match=r"`gone` .* is no longer declared"):
        table.record(record(days(1)))


def test_a_narrower_type_is_refused(store: Store) -> None:
    put(store.table(DAILY), day_rows(0, 1), days(0, 1))
    narrower = store.table(spec(Field("n", Plain("int32")), DAILY.schema.fields[1], by=(DAY,)))
    with pytest.raises(SchemaChangeError, match="`n` was int64 and is int32"):
        narrower.scan()


def test_descriptions_land_with_the_next_commit(store: Store) -> None:
    put(store.table(DAILY), day_rows(0, 1), days(0, 1))
    told = store.table(replace(DAILY, comments={"n": "how many"}))
    put(told, day_rows(1, n=5), days(1))
    assert told.schema_history()[-1].comments == (("n", "how many"),)
    assert told.schema_history()[-1].run_id == "run"
    put(store.table(DAILY), day_rows(1, n=6), days(1))
    assert store.table(DAILY).schema_history()[-1].comments == ()


def test_a_column_may_become_nullable(store: Store) -> None:
    put(store.table(DAILY), day_rows(0, 1), days(0, 1))
    looser = spec(Field("n", Plain("int64"), nullable=True), *DAILY.schema.fields[1:], by=(DAY,))
    table = store.table(looser)
    put(table, day_rows(1).with_columns(n=pl.lit(None, dtype=pl.Int64)), days(1))
    assert table.scan().sort("day").collect().get_column("n").to_list() == [0, None]


def test_a_dataset_may_be_partitioned_in_another_way(store: Store) -> None:
    fields = DAILY.schema.fields
    put(store.table(spec(*fields)), day_rows(0, 1, 2))
    daily = store.table(DAILY)
    assert list(daily.made()) == []
    put(daily, day_rows(1, n=4), days(1))
    assert day_values(daily.scan()) == {0: 0, 1: 4, 2: 0}
    assert day_values(daily.scan(days(0, 1))) == {0: 0, 1: 4}
    assert [made.partitions for made in daily.made()] == [days(1)]
    put(daily, day_rows(0, 1, 2, n=6), days(0, 1, 2))
    assert day_values(daily.scan(days(2))) == {2: 6}
    whole = store.table(spec(*fields))
    put(whole, day_rows(9, n=9), WHOLE)
    assert day_values(whole.scan()) == {9: 9}


def test_the_columns_that_a_table_had_are_told(store: Store) -> None:
    full, frame = every_type()
    table = store.table(full)
    assert list(table.schema_history()) == []
    put(table, frame)
    put(table, frame)
    (first,) = table.schema_history()
    assert first.columns == columns_of(full.schema)
    wider = store.table(spec(SOME, *full.schema))
    put(wider, frame.select(pl.lit("x").alias("extra"), *frame.columns))
    old, new = wider.schema_history()
    assert old == first
    assert new.version > old.version
    assert new.at >= old.at
    assert new.since(old) == ["+ extra: string?"]


def test_columns_that_another_program_wrote_are_told(tmp_path: Path) -> None:
    _, frame = every_type()
    table = DeltaStore(LocalFolder(tmp_path), tmp_path).table(ORDERS)
    put(table, numbers(1))
    folder = unquote(urlsplit(table.uri).path)
    frame.select("list", "struct", "money", "wall").write_delta(
        folder, mode="overwrite", delta_write_options={"schema_mode": "overwrite"}
    )
    _, new = table.schema_history()
    assert dict(new.columns) == {
        "list": "list<string?>?",
        "struct": "struct<x: int64?, y: string?>?",
        "money": "decimal(38,2)?",
        "wall": "timestamp_ntz?",
    }
