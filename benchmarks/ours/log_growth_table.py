"""log_growth_table.py FOLDER COMMITS: a project whose table has so many, and was maintained."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl

from flowforge_assets import Project
from flowforge_assets.core.partition import PartitionSet

folder, commits = Path(sys.argv[1]), int(sys.argv[2])
shutil.copytree(Path(__file__).with_name("log_project"), folder)
project = Project.load(folder)
project.run()
table = project.table(project.dataset("bronze.events"))
first = table.made()[0]
none = PartitionSet.none(table.spec.dimensions)
version = table.version()
for number in range(commits - 1 - (version.version if version else 0)):
    station = f"s{number % 10}"
    staged = table.stage(pl.DataFrame({"id": range(100), "station": station}))
    made = replace(first, step_id=f"{first.step_id}/{number}", rows=100)
    table.commit(staged, replace=none, made=made)
version = table.version()
if version is None or version.version + 1 < commits:
    raise SystemExit(f"the table is at {version}")
flowforge = Path(sys.executable).with_name("flowforge")
subprocess.run([flowforge, "-C", folder, "maintain"], check=True)
Project.load(folder).plan()
