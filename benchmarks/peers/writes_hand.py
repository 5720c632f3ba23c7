"""writes_hand.py ROOT ROWS append|merge|scd2: the same on delta-rs by hand, ZSTD 1 as ours.

`scd2` is the merge that closes and opens in one commit: a row that closes carries the key, one
that opens carries none, so that it matches nothing.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import polars as pl
from deltalake import DeltaTable, WriterProperties, write_deltalake
from workloads import writes
from workloads.clock import measured, say

root, rows, way = f"{sys.argv[1]}/orders", int(sys.argv[2]), sys.argv[3]
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)
VALUES = ("customer", "day", "amount", "status", "note")


def since(frame: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """The rows as states that hold since `at`."""
    return frame.with_columns(
        valid_from=pl.lit(at, dtype=pl.Datetime("us", "UTC")),
        valid_to=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
        is_current=pl.lit(value=True),
    )


def append(frame: pl.DataFrame) -> None:
    """Adds the rows."""
    write_deltalake(DeltaTable(root), frame, mode="append", writer_properties=ZSTD)


def merge(frame: pl.DataFrame) -> None:
    """Updates the orders that are known and adds the others."""
    DeltaTable(root).merge(
        frame,
        predicate="t.order_id = s.order_id",
        source_alias="s",
        target_alias="t",
        writer_properties=ZSTD,
    ).when_matched_update_all().when_not_matched_insert_all().execute()


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


first, later = writes.first(rows), writes.later(rows)
if way == "scd2":
    first = since(first, datetime(2026, 1, 1, tzinfo=UTC))
write_deltalake(root, first, writer_properties=ZSTD)
with measured() as cost:
    {"append": append, "merge": merge, "scd2": scd2}[way](later)
say(cost)
