"""overhead.py FOLDER COUNT: one run of a loaded project.

The engines are imported before the clock starts, as Dagster's are: startup counts imports.
"""

from __future__ import annotations

import sys

import polars as pl
from workloads.clock import measured, say

from flowforge_assets import Project
from flowforge_assets.declare import row
from flowforge_assets.execute import session, step
from flowforge_assets.graph import typecheck

ENGINES = (pl, row, session, step, typecheck)

folder, count = sys.argv[1], int(sys.argv[2])
project = Project.load(folder)
with measured() as cost:
    report = project.run()
if report.made != count:
    raise SystemExit(f"{report.made} of {count} assets made")
say(cost)
