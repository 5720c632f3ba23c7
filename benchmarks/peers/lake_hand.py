"""lake_hand.py ROOT ROWS reread|lazy|memory: the pipeline by hand, in polars and deltalake.

`reread`: each stage reads its parent from Delta; `lazy`: it reads as part of one lazy plan;
`memory`: it has the parent still.
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


def in_memory() -> int:
    """Each frame goes from stage to stage."""
    frame = lake.make_bronze(rows)
    write("bronze", frame)
    frame = lake.silver(frame)
    write("silver", frame)
    frame = lake.gold(frame)
    write("gold", frame)
    return frame.height


def read_again() -> int:
    """Each stage has let go of what it wrote, and reads it."""
    write("bronze", lake.make_bronze(rows))
    write("silver", lake.silver(pl.read_delta(f"{root}/bronze")))
    frame = lake.gold(pl.read_delta(f"{root}/silver"))
    write("gold", frame)
    return frame.height


def read_lazily() -> int:
    """Each stage is one plan over what the last one wrote."""
    write("bronze", lake.make_bronze(rows))
    write("silver", lake.silver(pl.scan_delta(f"{root}/bronze")).collect())
    frame = lake.gold(pl.scan_delta(f"{root}/silver")).collect()
    write("gold", frame)
    return frame.height


with measured() as cost:
    height = {"memory": in_memory, "reread": read_again, "lazy": read_lazily}[way]()
say(cost, rows=height)
