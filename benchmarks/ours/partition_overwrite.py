"""partition_overwrite.py TABLES ROWS one|all: overwrites one of a hundred partitions, or all."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from workloads import parts
from workloads.clock import measured, say

from flowforge_assets import Project

tables, rows, what = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
folder = shutil.copytree(Path(__file__).with_name("parts_project"), tables / "project")
project = Project.load(folder)
parts.give(parts.readings(rows, seed=1))
first = project.run()
station = parts.STATION if what == "one" else None
parts.give(parts.readings(rows, seed=2, station=station))
with measured() as cost:
    second = project.run(force=True, partitions=station)
if (first.made, second.made) != (1, 1):
    raise SystemExit(f"{first.made} and {second.made} steps made")
say(cost)
