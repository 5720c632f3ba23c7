"""The `prefect.yaml` of a compiled folder, deployed by Prefect's own command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project, compile_project
from server_of_prefect import Server, environment
from worker_of_prefect import deploy_here, make_pool

pytestmark = [pytest.mark.prefect, pytest.mark.slow]
WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]

FILES = {
    "flowforge.toml": """\
[project]
name = "by_yaml"
modules = ["by_yaml"]
[pool.yaml]
type = "process"
name = "yaml"
env = { REGION = "eu" }
[job.nightly]
pool = "yaml"
select = "silver.clean"
schedule = { cron = "0 5 * * *", timezone = "Europe/Berlin" }
concurrency = { limit = 2, on_collision = "cancel_new" }
parameters = { force = true }
[job.often]
pool = "yaml"
schedule = { interval = "15m" }
after = ["silver.clean", "s3://bucket/rates"]
""",
    "by_yaml.py": """\
from flowforge_assets import Col, Rows, Silver, asset, key


class Clean(Silver):
    n: Col[int] = key()


@asset
def clean() -> Rows[Clean]:
    return [Clean(n=1)]
""",
}


def test_prefects_own_command_deploys_what_flowforge_would(
    prefect_server: Server, write_project: WriteProject
) -> None:
    project = Project.load(write_project(FILES))
    folder = project.config.root / "build"
    compile_project(project, folder)
    make_pool(prefect_server, "yaml")
    ran = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=folder,
        env=environment(prefect_server.home, api_url=prefect_server.url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr

    changes = deploy_here(prefect_server, project, folder, is_dry=True)
    # What Prefect reads from the flow's signature has other words; on what runs may depend, only
    # the home of the project's data differs, which no file that is the same everywhere can have.
    differing = {d.partition(": ")[0] for c in changes if c.kind == "deployment" for d in c.details}
    assert differing == {"parameter schema", "variables.env"}
    assert {c.name for c in changes if c.action == "add"} == {"by_yaml/dev.often: run after"}
    assert sorted(keys_that_start(prefect_server, "dev.often")) == [
        "flowforge://dev/silver/clean",
        "s3://bucket/rates",
    ]


def keys_that_start(server: Server, name: str) -> list[str]:
    """The keys of assets whose making starts a deployment, by automations of any name."""
    question = {"deployments": {"name": {"any_": [name]}}, "flows": {"name": {"any_": ["by_yaml"]}}}
    [deployment] = server.post("deployments/filter", question)
    return [
        each["trigger"]["match"]["prefect.resource.id"]
        for each in server.post("automations/filter", {"limit": 200})
        if any(action.get("deployment_id") == deployment["id"] for action in each["actions"])
    ]
