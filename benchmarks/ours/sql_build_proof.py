"""sql_build_proof.py FOLDER COUNT: fails where the last table is not what plain DuckDB makes."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
from workloads.sql_models import RAW_TABLES, raw_key, sql_models

from flowforge_assets import Project

folder, models = sys.argv[1], sql_models(int(sys.argv[2]))
connection = duckdb.connect()
for layer in ("bronze", "silver", "gold"):
    connection.execute(f"create schema {layer}")
for number in range(RAW_TABLES):
    path = Path(folder) / "raw" / f"raw_{number}.parquet"
    connection.execute(f"create view {raw_key(number)} as from '{path}'")
wanted, ancestors = {models[-1].key}, []
for model in reversed(models):
    if model.key in wanted:
        wanted |= set(model.reads)
        ancestors.append(model)
for model in reversed(ancestors):
    connection.execute(f"create table {model.key} as {model.sql}")
last = connection.table(models[-1].key)
expected = last.aggregate("count(*), sum(val)").fetchall()[0]
made = Project.load(folder).read(models[-1].key)
found = (made.height, made["val"].sum())
if found != expected:
    raise SystemExit(f"the last table has {found}, and DuckDB makes {expected}")
