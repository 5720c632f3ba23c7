"""writes_hand.py ROOT ROWS WAY: the same on delta-rs by hand, with ZSTD 1 and the rules of ours.

`scd2` is the merge that closes and opens in one commit: a row that closes carries the key, one
that opens carries none, so that it matches nothing.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import polars as pl
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.table import TableMerger
from workloads import writes
from workloads.clock import measured, say

root, rows, way = f"{sys.argv[1]}/orders", int(sys.argv[2]), sys.argv[3]
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)
VALUES = ("customer", "day", "amount", "status", "note")


def taken(at: datetime) -> pl.Expr:
    """The column that says since when rows hold."""
    return pl.lit(at, dtype=pl.Datetime("us", "UTC")).alias("valid_from")


def since(frame: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """The rows as states that hold since `at`."""
    return frame.with_columns(
        taken(at),
        valid_to=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        is_current=pl.lit(value=True),
    )


def overwrite(frame: pl.DataFrame) -> None:
    """Takes the place of all rows."""
    write_deltalake(DeltaTable(root), frame, mode="overwrite", writer_properties=ZSTD)


def partition(frame: pl.DataFrame) -> None:
    """Takes the place of the rows of one status."""
    write_deltalake(
        DeltaTable(root),
        frame,
        mode="overwrite",
        predicate=f"status = '{writes.STATUS}'",
        writer_properties=ZSTD,
    )


def append(frame: pl.DataFrame) -> None:
    """Adds the rows."""
    write_deltalake(DeltaTable(root), frame, mode="append", writer_properties=ZSTD)


def by_id(frame: pl.DataFrame) -> TableMerger:
    """A merge of the rows by their id."""
    return DeltaTable(root).merge(
        frame,
        predicate="t.order_id = s.order_id",
        source_alias="s",
        target_alias="t",
        writer_properties=ZSTD,
    )


def merge(frame: pl.DataFrame) -> None:
    """Updates the orders that are known and adds the others."""
    by_id(frame).when_matched_update_all().when_not_matched_insert_all().execute()


def insert(frame: pl.DataFrame) -> None:
    """Adds the orders that are not known."""
    by_id(frame).when_not_matched_insert_all().execute()


def snapshot(frame: pl.DataFrame) -> None:
    """Adds all orders as they are now."""
    append(frame.with_columns(taken(datetime.now(UTC))))


def scd2(frame: pl.DataFrame) -> None:
    """Closes the states that changed and opens those that are new."""
    table = DeltaTable(root)
    now = (
        pl.scan_delta(table)
        .filter(pl.col("is_current"))
        .select("order_id", *VALUES, pl.lit(value=True).alias("is_known"))
    )
    both = frame.lazy().join(now, on="order_id", how="left", suffix="_now")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in VALUES)
    changed = both.filter(pl.col("is_known").is_null() | differs).collect()
    opened = since(changed.select("order_id", *VALUES), datetime.now(UTC))
    is_known = changed.get_column("is_known").is_not_null()
    source = pl.concat(
        [
            opened.filter(is_known).with_columns(merge_key=pl.col("order_id")),
            opened.with_columns(merge_key=pl.lit(None, dtype=pl.Int64)),
        ]
    )
    table.merge(
        source,
        predicate="t.order_id = s.merge_key AND t.is_current = true",
        source_alias="s",
        target_alias="t",
        writer_properties=ZSTD,
    ).when_matched_update(
        {"valid_to": "s.valid_from", "is_current": "false"}
    ).when_not_matched_insert({name: f"s.{name}" for name in opened.columns}).execute()


old, new = writes.first(rows), writes.later(rows, way)
if way == "scd2":
    old = since(old, datetime(2026, 1, 1, tzinfo=UTC))
elif way == "snapshot":
    old = old.with_columns(taken(datetime(2026, 1, 1, tzinfo=UTC)))
cut = ["status"] if way == "partition" else None
write_deltalake(root, old, partition_by=cut, writer_properties=ZSTD)
ways = (overwrite, partition, append, merge, insert, scd2, snapshot)
write = {each.__name__: each for each in ways}[way]
with measured() as cost:
    write(writes.checked(new, way))
say(cost)
