"""writes_dagster.py TABLES ROWS append|merge: the same two writes through dagster-deltalake.

Its manager appends; of a merge it knows none, so there the asset calls delta-rs itself.
"""

from __future__ import annotations

import logging
import os
import sys

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
import dagster as dg
import polars as pl
from dagster_deltalake import LocalConfig
from dagster_deltalake_polars import DeltaLakePolarsIOManager
from deltalake import DeltaTable, WriterProperties, write_deltalake
from workloads import writes
from workloads.clock import measured, say

root, rows, way = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)
logging.disable(logging.CRITICAL)


@dg.asset(key_prefix="shop")
def orders() -> pl.DataFrame:
    return writes.checked(writes.given(), way)


@dg.asset
def merged() -> None:
    rows_now, path = writes.checked(writes.given(), way), f"{root}/shop/orders"
    if not DeltaTable.is_deltatable(path):
        write_deltalake(path, rows_now, writer_properties=ZSTD)
        return
    DeltaTable(path).merge(
        rows_now,
        predicate="t.order_id = s.order_id",
        source_alias="s",
        target_alias="t",
        writer_properties=ZSTD,
    ).when_matched_update_all().when_not_matched_insert_all().execute()


manager = DeltaLakePolarsIOManager(
    root_uri=root,
    storage_options=LocalConfig(),
    mode="append",
    writer_properties={"compression": "ZSTD"},
)


def write(frame: pl.DataFrame) -> None:
    """Materializes the asset, which finds `frame` outside."""
    writes.give(frame)
    result = dg.materialize(
        [merged if way == "merge" else orders],
        resources={"io_manager": manager},
        instance=dg.DagsterInstance.ephemeral(),
    )
    if not result.success:
        raise SystemExit("the run failed")


old, new = writes.first(rows), writes.later(rows, way)
write(old)
with measured() as cost:
    write(new)
say(cost)
