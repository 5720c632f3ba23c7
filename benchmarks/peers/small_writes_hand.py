"""small_writes_hand.py TABLES ROWS COMMITS INTERVAL: `write_deltalake` on a kept handle.

A checkpoint is written each INTERVAL commits: 100 is the library's default, 20 is ours. Ours waits
for the disk, file and commit both; the library does not.
"""

from __future__ import annotations

import sys

from deltalake import DeltaTable, WriterProperties, write_deltalake
from workloads import small
from workloads.clock import measured, say

root, rows, commits, interval = f"{sys.argv[1]}/events", *map(int, sys.argv[2:4]), sys.argv[4]
ZSTD = WriterProperties(compression="ZSTD", compression_level=1)
frames = [small.frame(number, rows) for number in range(commits + 1)]
settings = {"delta.checkpointInterval": interval}
write_deltalake(root, frames[0], writer_properties=ZSTD, configuration=settings)
table = DeltaTable(root)
with measured() as cost:
    for frame in frames[1:]:
        write_deltalake(table, frame, mode="append", writer_properties=ZSTD)
say(cost)
