"""lake_proof.py TABLES ROWS: fails unless three Delta tables of so many rows are there, all right.

Run after each side's turn and not measured: what is timed must have been done.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from workloads import lake

tables, rows = Path(sys.argv[1]), int(sys.argv[2])
found = {log.parent for log in tables.rglob("_delta_log")}
if len(found) != 3:
    raise SystemExit(f"{len(found)} tables")
for folder in found:
    table = pl.read_delta(str(folder))
    if table.height != rows or table["id"].sum() != rows * (rows - 1) // 2:
        raise SystemExit(f"`{folder.name}` holds {table.height} rows")
    if broken := lake.broken_rules(table):
        raise SystemExit(f"`{folder.name}` breaks rules: {broken}")
    if "share" in table.columns:
        total = table.group_by("category", "day").agg(pl.col("share").sum())["share"]
        if not total.is_between(1 - 1e-6, 1 + 1e-6).all():
            raise SystemExit(f"the shares in `{folder.name}` do not add up")
    for file in folder.rglob("*.parquet"):
        metadata = pq.read_metadata(file)
        codecs = {metadata.row_group(0).column(i).compression for i in range(metadata.num_columns)}
        if codecs != {"ZSTD"}:
            raise SystemExit(f"`{folder.name}` is written with {codecs}")
