"""lake_hand.py ROOT ROWS reread|memory: the pipeline by hand, in polars and deltalake.

`reread`: each stage reads its parent from Delta; `memory`: it has it still.
"""

from __future__ import annotations

import sys

import polars as pl
from deltalake import WriterProperties
from workloads import lake
from workloads.clock import measured, say

root, rows, way = sys.argv[1], int(sys.argv[2]), sys.argv[3]
OPTIONS = {"writer_properties": WriterProperties(compression="ZSTD", compression_level=1)}


def write(name: str, frame: pl.DataFrame) -> None:
    """Checks before it writes, as every side does."""
    lake.checked(frame).write_delta(f"{root}/{name}", mode="overwrite", delta_write_options=OPTIONS)


with measured() as cost:
    bronze = lake.make_bronze(rows)
    write("bronze", bronze)
    if way == "reread":
        del bronze
        bronze = pl.read_delta(f"{root}/bronze")
    silver = lake.silver(bronze)
    del bronze
    write("silver", silver)
    if way == "reread":
        del silver
        silver = pl.read_delta(f"{root}/silver")
    gold = lake.gold(silver)
    del silver
    write("gold", gold)
say(cost, rows=gold.height)
