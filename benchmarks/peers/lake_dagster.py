"""lake_dagster.py ROOT ROWS deltalake|polars: the pipeline through one of Dagster's Delta writers.

ZSTD 1 and the same check of the rows before they are returned, as on the other sides.
"""

from __future__ import annotations

import logging
import os
import sys

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
import dagster as dg
import polars as pl
from deltalake import WriterProperties
from workloads import lake
from workloads.clock import measured, say

root, rows, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if kind == "deltalake":
    from dagster_deltalake import LocalConfig
    from dagster_deltalake_polars import DeltaLakePolarsIOManager

    # Its configuration takes strings only; ZSTD without a level is level 1.
    writer: object = DeltaLakePolarsIOManager(
        root_uri=root,
        storage_options=LocalConfig(),
        mode="overwrite",
        writer_properties={"compression": "ZSTD"},
    )
    metadata: dict[str, object] = {}
else:
    from dagster_polars import PolarsDeltaIOManager

    writer = PolarsDeltaIOManager(base_dir=root)
    zstd = WriterProperties(compression="ZSTD", compression_level=1)
    metadata = {"delta_write_options": {"writer_properties": zstd}}


@dg.asset(key_prefix="lake", metadata=metadata)
def bronze() -> pl.DataFrame:
    return lake.checked(lake.make_bronze(rows))


@dg.asset(key_prefix="lake", metadata=metadata, ins={"bronze": dg.AssetIn(["lake", "bronze"])})
def silver(bronze: pl.DataFrame) -> pl.DataFrame:
    return lake.checked(lake.silver(bronze))


@dg.asset(key_prefix="lake", metadata=metadata, ins={"silver": dg.AssetIn(["lake", "silver"])})
def gold(silver: pl.DataFrame) -> pl.DataFrame:
    return lake.checked(lake.gold(silver))


logging.disable(logging.CRITICAL)
with measured() as cost:
    result = dg.materialize(
        [bronze, silver, gold],
        resources={"io_manager": writer},
        instance=dg.DagsterInstance.ephemeral(),
    )
if not result.success:
    raise SystemExit("the run failed")
say(cost)
