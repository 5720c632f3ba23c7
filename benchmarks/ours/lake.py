"""lake.py TABLES ROWS reread|handover: a run of lake_project that keeps its tables in TABLES."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from workloads.clock import measured, say

from flowforge_assets import Project

tables, rows, environment = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
os.environ["LAKE_ROWS"] = rows
folder = shutil.copytree(Path(__file__).with_name("lake_project"), tables / "project")
with measured() as cost:
    report = Project.load(folder, env=environment).run()
if report.made != 3:
    raise SystemExit(f"{report.made} of 3 assets made")
say(cost)
