"""backfill_hand.py TABLES COUNT: a Delta commit a day by hand, on a kept handle.

Each replaces its day, so that a second try doubles nothing, as ours do.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from deltalake import DeltaTable, WriterProperties, write_deltalake
from workloads.clock import measured, say
from workloads.days import FIRST, rows

root, count = f"{sys.argv[1]}/days", int(sys.argv[2])
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)
days = [FIRST + timedelta(days=number) for number in range(count)]
settings = {"delta.checkpointInterval": "20"}
with measured() as cost:
    for number, day in enumerate(days):
        if number == 0:
            write_deltalake(
                root,
                rows(day),
                partition_by=["day"],
                writer_properties=ZSTD,
                configuration=settings,
            )
            table = DeltaTable(root)
            continue
        write_deltalake(
            table,
            rows(day),
            mode="overwrite",
            predicate=f"day = '{day}'",
            writer_properties=ZSTD,
        )
say(cost)
