"""writes.py TABLES ROWS WAY: the second run of writes_project, measured."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from workloads import writes
from workloads.clock import measured, say

from flowforge_assets import Project

tables, rows, way = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
os.environ["WRITES_WAY"] = way
folder = shutil.copytree(Path(__file__).with_name("writes_project"), tables / "project")
project = Project.load(folder)
writes.give(writes.first(rows))
first = project.run()
writes.give(writes.later(rows, way))
selected = {"partitions": writes.STATUS} if way == "partition" else {}
with measured() as cost:
    second = project.run(force=True, **selected)
if (first.made, second.made) != (1, 1):
    raise SystemExit(f"{first.made} and {second.made} steps made")
say(cost)
