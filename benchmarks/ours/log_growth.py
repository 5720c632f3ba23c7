"""log_growth.py FOLDER: a plan, and the rows of one partition, in a process that begins."""

from __future__ import annotations

import sys

from workloads.clock import measured, say

from flowforge_assets import Project

project = Project.load(sys.argv[1])
with measured() as cost:
    project.plan()
    rows = project.read("bronze.events", "s3")
if rows.is_empty():
    raise SystemExit("there are no rows")
say(cost)
