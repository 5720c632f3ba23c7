"""writes_proof.py TABLES ROWS WAY: fails unless the table holds what it should."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
from workloads import writes

tables, rows, way = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
(folder,) = {log.parent for log in tables.rglob("_delta_log")}
found = pl.read_delta(str(folder))
expected = writes.expected(rows, way)
columns = expected.columns
if way == "scd2":
    closed = found.filter(~pl.col("is_current") & pl.col("valid_to").is_not_null())
    if not found.height == expected.height + closed.height or abs(closed.height - rows // 4) > 1:
        raise SystemExit(f"{closed.height} of {found.height} states are closed")
    found = found.filter(pl.col("is_current") & pl.col("valid_to").is_null())
order = ["order_id", "amount", "note", "status"]
if not found.select(columns).sort(order).equals(expected.sort(order)):
    raise SystemExit(f"`{folder.name}` holds other rows than it should")
