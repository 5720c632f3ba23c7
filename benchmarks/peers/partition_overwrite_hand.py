"""partition_overwrite_hand.py TABLES ROWS one|all: the same by delta-rs, nulls looked for."""

from __future__ import annotations

import sys

from deltalake import DeltaTable, WriterProperties, write_deltalake
from workloads import parts
from workloads.clock import measured, say

root, rows, what = f"{sys.argv[1]}/readings", int(sys.argv[2]), sys.argv[3]
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)
station = parts.STATION if what == "one" else None
old, new = parts.readings(rows, seed=1), parts.readings(rows, seed=2, station=station)
write_deltalake(root, old, partition_by=["station"], writer_properties=ZSTD)
with measured() as cost:
    if any(new.null_count().row(0)):
        raise SystemExit("there are nulls")
    write_deltalake(
        DeltaTable(root),
        new,
        mode="overwrite",
        predicate=f"station = '{station}'" if station else None,
        writer_properties=ZSTD,
    )
say(cost)
