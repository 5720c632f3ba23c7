"""overhead.py FOLDER COUNT: one run of a loaded project."""

from __future__ import annotations

import sys

from workloads.clock import measured, say

from flowforge_assets import Project

folder, count = sys.argv[1], int(sys.argv[2])
project = Project.load(folder)
with measured() as cost:
    report = project.run()
if report.made != count:
    raise SystemExit(f"{report.made} of {count} assets made")
say(cost)
