"""prefect_run.py FOLDER COUNT: one run of a loaded project through the server.

The engines and Prefect are imported before the clock starts, as Prefect is on the other side:
startup counts imports. What the server has recorded is asked for afterwards.
"""

from __future__ import annotations

import sys

import polars as pl
from prefect import artifacts, assets, flow, task
from workloads.clock import measured, say
from workloads.prefect_api import events_recorded, newest_run, rows_recorded

from flowforge_assets import Project
from flowforge_assets.declare import row
from flowforge_assets.execute import prefect_run, session, step
from flowforge_assets.graph import typecheck

ENGINES = (pl, artifacts, assets, flow, task, row, prefect_run, session, step, typecheck)

folder, count = sys.argv[1], int(sys.argv[2])
project = Project.load(folder)
with measured() as cost:
    report = project.run(engine="prefect")
if report.made != count:
    raise SystemExit(f"{report.made} of {count} assets made")
flow_run = newest_run("bench")
events, rows = events_recorded(flow_run, count), rows_recorded(flow_run)
is_fused = count > project.config.prefect.max_tasks
if events != count or (is_fused and rows != count):
    raise SystemExit(f"the server has {events} events and {rows} rows of {count} assets")
say(cost, events=events, rows=rows)
