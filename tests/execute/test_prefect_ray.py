"""A run on a real Ray cluster of this machine; `make test-ray` fetches Ray."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server_of_prefect import Server, environment

RAY = Path(sys.prefix) / "ray"
pytestmark = [
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.skipif("FLOWFORGE_RAY" not in os.environ, reason="for `make test-ray`"),
]

TOML = '[project]\nname = "on_ray"\nmodules = ["lake"]\n[prefect]\ntask_runner = "ray"\n'
LAKE = """\
import os
from datetime import date

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Table, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-04-30")


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = key()
    pid: Col[int] = col()


class Days(Gold):
    n: Col[int] = col()


@asset
def raw(day: date) -> Table[Raw]:
    return pl.DataFrame({"day": [day], "pid": [os.getpid()]})


@asset
def days(raw: Frame[Raw]) -> Frame[Days]:
    return raw.select(n=pl.len().cast(pl.Int64))
"""
RUN = """\
import json
import os

from flowforge_assets import Project, build_flow

project = Project.load(".")
result = build_flow(project)()
pids = project.read("bronze.raw")["pid"].unique().to_list()
days = project.read("gold.days")["n"].to_list()
print(json.dumps({"made": result.made, "pids": pids, "own": os.getpid(), "days": days}))
"""


def test_two_workers_of_ray_make_a_run(prefect_server: Server, tmp_path: Path) -> None:
    (tmp_path / "flowforge.toml").write_text(TOML)
    (tmp_path / "lake.py").write_text(LAKE)
    variables = environment(prefect_server.home, api_url=prefect_server.url)
    # Ray keeps a token in the user's folder
    variables |= {"PYTHONPATH": str(RAY), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = next(json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"made"'))
    assert (said["made"], said["days"]) == (2, [120])
    assert len(said["pids"]) == 2
    assert said["own"] not in said["pids"]
