"""push.py KIND OPTIONS FOLDER FILE ROWS: loads the first ROWS rows of FILE into a warehouse.

By the path of an input that lies in the lake. FOLDER holds the warehouse's client.
"""

from __future__ import annotations

import json
import sys

import polars as pl
from workloads.clock import measured, say

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.core.table_name import TableName
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import NOBODY
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.storage.store import TableSpec
from flowforge_assets.warehouse.landing import Landing

kind, options, folder, file, rows = sys.argv[1:]
sys.path.append(folder)  # the client is imported when it is needed
FIELDS = {"id": "int64", "day": "date", "amount": "float64", "note": "string"}
SPEC = TableSpec(
    DatasetKey("bronze.events"), Schema(tuple(Field(n, Plain(k)) for n, k in FIELDS.items()))
)
given = json.loads(options)
warehouse = warehouse_connector(kind).connect(lambda: given)
says = STATEMENTS[warehouse.target]
landing = Landing(warehouse, says, "bench_")
table = TableName(("bench_bronze", "events"))
with measured() as cost:
    stats = landing.load(SPEC, table, pl.scan_parquet(file).head(int(rows)), NOBODY)
found = warehouse.number(f"SELECT COUNT(*) FROM {says.path(table)}", NOBODY)  # noqa: S608 - quoted
if not found == int(rows) == stats.rows:
    sys.exit(f"{found} rows are there")
warehouse.close()
say(cost)
