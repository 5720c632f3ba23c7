"""dagster_materialize.py FOLDER COUNT memory|sqlite: one run in process, values kept in memory.

The best case: nothing on the console, loading is not counted.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from importlib import import_module

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
import dagster as dg
from workloads.clock import measured, say

folder, count, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
sys.path.insert(0, folder)
logging.disable(logging.CRITICAL)
assets = import_module("in_process").assets
with tempfile.TemporaryDirectory() as home:
    instance = (
        dg.DagsterInstance.local_temp(home) if kind == "sqlite" else dg.DagsterInstance.ephemeral()
    )
    with measured() as cost:
        result = dg.materialize(
            assets, instance=instance, resources={"io_manager": dg.mem_io_manager}
        )
    made = len(result.get_asset_materialization_events())
    instance.dispose()
if not result.success or made != count:
    raise SystemExit(f"{made} of {count} assets made")
say(cost)
