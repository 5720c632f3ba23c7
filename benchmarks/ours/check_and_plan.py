"""check_and_plan.py FOLDER STEPS: checks a project and plans its first run, of so many steps."""

from __future__ import annotations

import sys

from flowforge_assets import Project

project = Project.load(sys.argv[1])
report = project.check()
if report.errors:
    raise SystemExit(str(report.errors[0]))
steps = len(project.plan().steps)
if steps != int(sys.argv[2]):
    raise SystemExit(f"{steps} steps are planned, not {sys.argv[2]}")
