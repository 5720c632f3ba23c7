"""writes_files.py ROOT ROWS WAY: the same by polars, whose files a bare Delta commit names.

What a careful engineer gains who knows the format: polars writes Parquet faster than delta-rs.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.transaction import AddAction, RemoveAction
from workloads import writes
from workloads.clock import measured, say

root, rows, way = Path(sys.argv[1], "orders"), int(sys.argv[2]), sys.argv[3]
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)
VALUES = ("customer", "day", "amount", "status", "note")
UNTIL = pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("valid_to")


def since(at: datetime) -> pl.Expr:
    """The column that says since when rows hold."""
    return pl.lit(at, dtype=pl.Datetime("us", "UTC")).alias("valid_from")


def stats(frame: pl.DataFrame) -> str:
    """What a reader skips files by: the ends of all columns but numbers with a point."""
    ends = frame.select(pl.exclude(pl.Float64, pl.Boolean))

    def told(row: dict[str, object]) -> dict[str, object]:
        known = {name: value for name, value in row.items() if value is not None}
        return {n: v.isoformat() if isinstance(v, date) else v for n, v in known.items()}

    return json.dumps(
        {
            "numRecords": frame.height,
            "minValues": told(ends.min().row(0, named=True)),
            "maxValues": told(ends.max().row(0, named=True)),
            "nullCount": frame.null_count().row(0, named=True),
        }
    )


def commit(table: DeltaTable, frames: list[pl.DataFrame], removed: pl.DataFrame | None) -> None:
    """Adds the frames, a file each, and removes files, in one act."""
    cut = "status" if way == "partition" else None
    added: list[AddAction | RemoveAction] = []
    for frame in frames:
        values: dict[str, str | None] = {cut: writes.STATUS} if cut else {}
        name = "".join(f"{column}={value}/" for column, value in values.items())
        name += f"part-{uuid.uuid4()}.zstd.parquet"
        (root / name).parent.mkdir(exist_ok=True)
        kept = frame.drop(cut) if cut else frame
        kept.write_parquet(root / name, compression="zstd", compression_level=1)
        size, now_ms = (root / name).stat().st_size, time.time_ns() // 1_000_000
        added.append(AddAction(name, size, values, now_ms, data_change=True, stats=stats(kept)))
    for path in [] if removed is None else removed.get_column("path"):
        gone: dict[str, str | None] = {cut: writes.STATUS} if cut else {}
        now_ms = time.time_ns() // 1_000_000
        added.append(
            RemoveAction(path, data_change=True, deletion_timestamp=now_ms, partition_values=gone)
        )
    table.create_write_transaction(
        added, mode="append", schema=table.schema(), partition_by=[cut] if cut else None
    )


def write(new: pl.DataFrame) -> None:
    """Writes the orders in the way that is asked for."""
    table = DeltaTable(root)
    files, stored = pl.DataFrame(table.get_add_actions(flatten=True)), pl.scan_delta(table)
    match way:
        case "overwrite":
            commit(table, [new], files)
        case "partition":
            commit(table, [new], files.filter(pl.col("partition.status") == writes.STATUS))
        case "append":
            commit(table, [new], None)
        case "snapshot":
            commit(table, [new.with_columns(since(datetime.now(UTC)))], None)
        case "insert":
            known = stored.select("order_id")
            commit(table, [new.lazy().join(known, on="order_id", how="anti").collect()], None)
        case "merge":
            stay = stored.join(new.lazy().select("order_id"), on="order_id", how="anti").collect()
            commit(table, [stay, new], files)
        case _:
            commit(table, states(stored.collect(), new), files)


def states(stored: pl.DataFrame, new: pl.DataFrame) -> list[pl.DataFrame]:
    """All states that there are then: those that stay, those that close, those that open."""
    now, is_open = datetime.now(UTC), pl.col("is_current")
    known = stored.lazy().filter(is_open).select("order_id", *VALUES, pl.lit(1).alias("is_known"))
    both = new.lazy().join(known, on="order_id", how="left", suffix="_now")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in VALUES)
    changed = both.filter(pl.col("is_known").is_null() | differs).select(new.columns).collect()
    opened = changed.with_columns(since(now), UNTIL, is_current=pl.lit(value=True))
    ids = changed.lazy().select("order_id", is_changed=pl.lit(value=True))
    marked = stored.lazy().join(ids, on="order_id", how="left")
    closes = is_open & pl.col("is_changed").is_not_null()
    until = pl.when(closes).then(pl.lit(now, dtype=opened.schema["valid_to"]))
    old = marked.select(
        pl.exclude("is_changed", "valid_to", "is_current"),
        until.otherwise("valid_to").alias("valid_to"),
        (is_open & ~closes).alias("is_current"),
    )
    return [old.select(opened.columns).collect(), opened]


old, new = writes.first(rows), writes.later(rows, way)
if way in {"scd2", "snapshot"}:
    old = old.with_columns(since(datetime(2026, 1, 1, tzinfo=UTC)))
if way == "scd2":
    old = old.with_columns(UNTIL, is_current=pl.lit(value=True))
cut = ["status"] if way == "partition" else None
write_deltalake(root, old, partition_by=cut, writer_properties=ZSTD)
with measured() as cost:
    write(writes.checked(new, way))
say(cost)
