"""plan_is_empty.py FOLDER: fails when something in the project is out of date."""

from __future__ import annotations

import sys

from flowforge_assets import Project

steps = Project.load(sys.argv[1]).plan().steps
if steps:
    raise SystemExit(f"{len(steps)} steps are out of date")
