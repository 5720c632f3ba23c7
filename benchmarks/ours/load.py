"""load.py FOLDER COUNT: a project from its modules to its graph."""

from __future__ import annotations

import sys

from workloads.clock import measured, say

from flowforge_assets import Project  # the clock starts after the import

folder, count = sys.argv[1], int(sys.argv[2])
with measured() as cost:
    project = Project.load(folder)
    assets = len(project.graph.assets)
if assets != count:
    raise SystemExit(f"{assets} assets, not {count}")
say(cost)
