"""backfill.py FOLDER ASSET COUNT: backfills an asset of COUNT partitions, none of them made."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import polars as pl
from workloads.clock import measured, say

from flowforge_assets import Project
from flowforge_assets.execute import backfill, session, step

ENGINES = (pl, session, step)  # imported before the clock starts: startup counts imports

folder, asset, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
shutil.rmtree(folder / ".flowforge", ignore_errors=True)
project = Project.load(folder)
with measured() as cost:
    backfill_id, _ = backfill.begin_backfill(project, asset, None)
    progress = backfill.make_backfill(
        project, backfill_id, on_event=lambda _: None, on_chunk=lambda _: None
    )
if progress.partitions_done != count:
    raise SystemExit(f"{progress.partitions_done} of {count} partitions made")
if project.plan(asset).steps:
    raise SystemExit("something is still out of date")
say(cost)
