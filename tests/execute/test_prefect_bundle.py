"""A compiled project, run as a worker runs it: from its folder, by Prefect's own entry."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server_of_prefect import Server, environment

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

TOML = '[project]\nname = "bundled"\nmodules = ["bundled"]\n\n[env.prod]\nstore = "lake"\n'
ASSETS = """\
from datetime import date

import polars as pl

from bundled_numbers import TWICE
from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Table, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-03")


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = key()
    n: Col[int] = col()


class Total(Gold):
    n: Col[int] = col()


@asset
def raw(day: date) -> Table[Raw]:
    return pl.DataFrame({"day": [day], "n": [day.day]})


@asset
def total(raw: Frame[Raw]) -> Frame[Total]:
    return raw.select(pl.col("n").sum() * TWICE)
"""
# What a worker's process does with a deployment's entrypoint, and then what a user may do.
RUN = """\
import json
import os
import shutil

from prefect.flows import load_flow_from_entrypoint

from flowforge_assets.compile.deployment import PARAMETERS

flow = load_flow_from_entrypoint("flow.py:make", use_placeholder_flow=False)
types = {name: given.get("anyOf", given.get("type"))
         for name, given in flow.parameters.model_dump()["properties"].items()}
wanted = {name: given.get("anyOf", given.get("type"))
          for name, given in PARAMETERS["properties"].items()}
said = [types == wanted, flow.version]
said.append(flow(select="bronze.raw", partitions="2026-01-01").made)
result = flow()
said += [result.made, result.fresh, flow(env="dev", select="+total", force=True).made]
shutil.rmtree("bundle")
try:
    flow()
except Exception as error:
    said.append(error.code)
print(json.dumps(said))
"""


def test_a_compiled_project_runs_where_its_modules_are_nowhere_else(
    prefect_server: Server, tmp_path: Path
) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    home.mkdir()
    (project / "flowforge.toml").write_text(TOML)
    (project / "bundled.py").write_text(ASSETS)
    (project / "bundled_numbers.py").write_text("TWICE = 2\n")
    version = _compiled(project, tmp_path / "build")
    shutil.rmtree(project)

    env = environment(prefect_server.home, api_url=prefect_server.url)
    ran = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path / "build",
        env={**env, "FLOWFORGE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.stdout, ran.stderr
    assert json.loads(ran.stdout) == [True, version, 1, 2, 0, 2, "FF-891"], ran.stderr
    assert (home / "lake").is_dir()  # of `prod`
    assert (home / ".flowforge/dev/lake").is_dir()

    failed, forced, rest, first = prefect_server.flow_runs("bundled")
    assert failed["state"]["type"] == "FAILED"
    assert "`bundle/` holds no `flowforge.toml`" in failed["state"]["message"]
    assert {run["flow_version"] for run in (failed, forced, rest, first)} == {version}
    assert set(prefect_server.task_runs(first["id"], 1)) == {"bronze.raw 2026-01-01"}
    made = prefect_server.asset_events(rest["id"], "materialization.succeeded", 2)
    assert sorted(made) == ["flowforge://prod/bronze/raw", "flowforge://prod/gold/total"]


def _compiled(project: Path, to: Path) -> str:
    """Compiles for `prod` in a process of its own: this one is to know nothing of the project."""
    code = (
        "import sys; from flowforge_assets import Project, compile_project\n"
        "project = Project.load(sys.argv[1], env='prod')\n"
        "print(compile_project(project, sys.argv[2]).version)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, project, to], capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()
