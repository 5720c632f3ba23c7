"""check_duckdb_hand.py COUNT: the types of queries, asked of DuckDB itself.

The least that any check of SQL assets by DuckDB's binder can cost: one empty table a dataset.
"""

from __future__ import annotations

import sys

import duckdb
from workloads.clock import measured, say
from workloads.sql_models import RAW_COLUMNS, RAW_TABLES, raw_key, sql_models

models = sql_models(int(sys.argv[1]))
with measured() as cost:
    connection = duckdb.connect()
    for layer in ("bronze", "silver", "gold"):
        connection.execute(f"create schema {layer}")
    raw_columns = ", ".join(f"{name} {kind}" for name, kind in RAW_COLUMNS.items())
    for number in range(RAW_TABLES):
        connection.execute(f"create table {raw_key(number)} ({raw_columns})")
    for model in models:
        found = connection.execute(f"describe {model.sql}").fetchall()
        columns = ", ".join(f'"{name}" {kind}' for name, kind, *_ in found)
        connection.execute(f"create table {model.key} ({columns})")
say(cost)
