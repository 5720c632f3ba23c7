"""dagster_load.py FOLDER COUNT: imports a project, resolves its repository and its job.

That is what a code server does before it can run anything; no snapshot is taken.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
import dagster  # noqa: F401 - the clock starts after the import
from workloads.clock import measured, say

folder, count = sys.argv[1], int(sys.argv[2])
sys.path.insert(0, folder)
with measured() as cost:
    repository = import_module("in_process").defs.get_repository_def()
    keys = repository.asset_graph.get_all_asset_keys()
    repository.get_implicit_global_asset_job_def()
if len(keys) != count:
    raise SystemExit(f"{len(keys)} assets, not {count}")
say(cost)
