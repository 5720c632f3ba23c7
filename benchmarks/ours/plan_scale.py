"""plan_scale.py FOLDER STEPS: one plan of a loaded project; fails when it has not so many steps."""

from __future__ import annotations

import resource
import sys

from workloads.clock import measured, say

from flowforge_assets import Project
from flowforge_assets.execute import planned

ENGINES = (planned,)  # imported before the clock starts: startup counts imports

folder, steps = sys.argv[1], int(sys.argv[2])
project = Project.load(folder)
with measured() as cost:
    plan = project.plan()
if len(plan.steps) != steps:
    raise SystemExit(f"{len(plan.steps)} steps, not {steps}")
say(cost, peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
