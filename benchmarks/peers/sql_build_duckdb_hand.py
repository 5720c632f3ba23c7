"""sql_build_duckdb_hand.py RAW COUNT: each query as a CREATE TABLE AS, in one DuckDB file.

The least that any build of these tables in a database can cost.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
from workloads.sql_models import RAW_TABLES, raw_key, sql_models

raw, count = sys.argv[1], int(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    connection = duckdb.connect(str(Path(folder) / "floor.duckdb"), config={"threads": 2})
    for layer in ("bronze", "silver", "gold"):
        connection.execute(f"create schema {layer}")
    for number in range(RAW_TABLES):
        path = f"{raw}/raw_{number}.parquet"
        connection.execute(f"create view {raw_key(number)} as from '{path}'")
    for model in sql_models(count):
        connection.execute(f"create table {model.key} as {model.sql}")
    connection.close()
