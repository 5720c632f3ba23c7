"""check.py FOLDER COUNT: loads a project and type-checks it without data."""

from __future__ import annotations

import sys

from workloads.clock import measured, say

from flowforge_assets import Project

folder, count = sys.argv[1], int(sys.argv[2])
with measured() as load:
    project = Project.load(folder)
with measured() as check:
    report = project.check()
if report.errors:
    raise SystemExit(str(report.errors[0]))
looked_into = report.assets - len(report.not_checked)
if looked_into < count:
    raise SystemExit(f"only {looked_into} of {count} assets are checked")
say(
    check,
    load_cpu_seconds=load["cpu_seconds"],
    total_cpu_seconds=load["cpu_seconds"] + check["cpu_seconds"],
)
