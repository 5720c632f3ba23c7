from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.execute.unchanged import is_unchanged
from flowforge_assets.storage.location import FolderLocation, open_store
from flowforge_assets.storage.store import NO_TABLE, Everything, Table, TableSpec

SCHEMA = Schema(
    (Field("id", Plain("int64")), Field("size", Plain("float64")), Field("name", Plain("string")))
)
MANY = 100_000  # from here on columns are compared before rows are


def sizes(rows: int) -> pl.DataFrame:
    numbers = pl.int_range(rows, dtype=pl.Int64, eager=True)
    return pl.DataFrame({"id": numbers, "size": numbers / 4, "name": numbers.cast(pl.String)})


def table_of(rows: pl.DataFrame, folder: Path) -> Table:
    spec = TableSpec(DatasetKey("silver.sizes"), SCHEMA, ())
    table = open_store(FolderLocation(folder)).table(spec)
    made = Made(
        dataset=spec.key,
        partitions=WHOLE,
        asset="make_sizes",
        run_id="run",
        step_id="step",
        fingerprint=Fingerprint(1, "code", "schema", "config", "engine"),
        inputs={},
        at=datetime(2026, 1, 1, tzinfo=UTC),
        rows=rows.height,
        table=NO_TABLE,
    )
    table.commit(table.stage(rows), replace=Everything(), made=made)
    return table


def has_just(table: Table, rows: pl.DataFrame) -> bool:
    return is_unchanged(rows, SCHEMA, table, WHOLE)


@pytest.mark.parametrize("count", [10, MANY])
def test_rows_in_another_order_are_unchanged(count: int, tmp_path: Path) -> None:
    rows = sizes(count)
    assert has_just(table_of(rows, tmp_path), rows.reverse())


@pytest.mark.parametrize("count", [10, MANY])
@pytest.mark.parametrize(
    "change",
    [pl.col("id") + 1, pl.col("size") + 0.5, pl.lit("n").alias("name")],
    ids=["the first column", "another number", "a text"],
)
def test_a_value_that_is_another_is_a_change(count: int, change: pl.Expr, tmp_path: Path) -> None:
    rows = sizes(count)
    name = change.meta.output_name()
    other = rows.with_columns(pl.when(pl.col("id") == 3).then(change).otherwise(name).alias(name))
    assert not has_just(table_of(rows, tmp_path), other)


@pytest.mark.parametrize("count", [10, MANY])
def test_columns_with_the_same_values_in_other_rows_are_a_change(
    count: int, tmp_path: Path
) -> None:
    rows = sizes(count)
    other = rows.with_columns(pl.col("size").reverse())
    assert not has_just(table_of(rows, tmp_path), other)


def test_more_rows_are_a_change(tmp_path: Path) -> None:
    assert not has_just(table_of(sizes(10), tmp_path), sizes(11))
