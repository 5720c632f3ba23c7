"""rows_proof.py TABLES ROWS: fails unless the table has so many rows, each `id` once."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

tables, rows = Path(sys.argv[1]), int(sys.argv[2])
(folder,) = {log.parent for log in tables.rglob("_delta_log")}
found = pl.scan_delta(str(folder)).select(pl.len(), pl.col("id").n_unique()).collect().row(0)
if found != (rows, rows):
    raise SystemExit(f"{found[0]} rows with {found[1]} ids, not {rows}")
