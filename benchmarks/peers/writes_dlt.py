"""writes_dlt.py TABLES ROWS append|merge: the same two writes by a dlt pipeline, into Delta.

Arrow in, no normalising of rows, telemetry off; its state stays in the folder of the tables. It
checks no rules and has a codec of its own.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
import dlt
from workloads import writes
from workloads.clock import measured, say

tables, rows, way = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
logging.disable(logging.CRITICAL)
pipeline = dlt.pipeline(
    "orders",
    pipelines_dir=str(tables / "pipelines"),
    destination=dlt.destinations.filesystem(bucket_url=str(tables / "lake")),
    dataset_name="shop",
)


def write(frame: object) -> None:
    """Loads the frame as the way says."""
    key = {"primary_key": "order_id"} if way == "merge" else {}
    disposition = {"disposition": "merge", "strategy": "upsert"} if way == "merge" else "append"
    done = pipeline.run(
        [frame],
        table_name="orders",
        table_format="delta",
        write_disposition=disposition,
        **key,
    )
    done.raise_on_failed_jobs()


old, new = writes.first(rows).to_arrow(), writes.later(rows, way).to_arrow()
write(old)
with measured() as cost:
    write(new)
say(cost)
