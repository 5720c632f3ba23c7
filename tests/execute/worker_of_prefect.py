"""A real worker of Prefect for tests, which runs what `flowforge deploy` brings to a server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

from flowforge_assets import Project
from flowforge_assets.compile.check_folder import check_build
from flowforge_assets.compile.deployment import Owner, describe_deployments
from flowforge_assets.execute.prefect_api import load_prefect
from server_of_prefect import Server, environment

if TYPE_CHECKING:
    from flowforge_assets.execute.deploy import Change

T = TypeVar("T")
RUN_SECONDS: Final = 240
# Runs that there is no place for are cancelled: they never began.
ENDED: Final = frozenset({"COMPLETED", "FAILED", "CRASHED"})


def make_pool(server: Server, name: str) -> None:
    """Makes a work pool of processes."""
    server.post("work_pools/", {"name": name, "type": "process", "base_job_template": {}})


def command(server: Server, folder: Path, *words: str, code: int) -> dict[str, Any]:
    """What `flowforge` answers, in a process of its own."""
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("flowforge")), *words],
        cwd=folder,
        env=environment(server.home, api_url=server.url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == code, ran.stderr
    data: dict[str, Any] = json.loads(ran.stdout)["data"]
    return data


def deploy_here(
    server: Server, project: Project, build: Path, *, is_dry: bool = False
) -> tuple[Change, ...]:
    """Deploys a project that was compiled into the folder `build`, or says what that would do."""
    load_prefect()
    # Prefect is loaded with its reports of usage off.
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flowforge_assets.execute.deploy import deploy
    from flowforge_assets.execute.deployed import BundlePlace

    config, env = project.config, project.environment
    wanted = describe_deployments(
        config, env, version=check_build(build), datasets=project.graph.datasets
    )
    with temporary_settings({PREFECT_API_URL: server.url}):
        place, owner = BundlePlace(build, config.root), Owner(config.name, env.shown, config.id)
        return deploy(wanted, place, owner=owner, is_dry=is_dry)


# A server on SQLite (3.8.8) was seen to answer nobody any more when it could not write a worker's
# second sign of life, as it wrote something else at that moment: there is none in a test.
_SETTINGS: Final = {
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    "PREFECT_WORKER_HEARTBEAT_SECONDS": "600",
}


@contextmanager
def worker(server: Server, pool: str) -> Generator[subprocess.Popen[bytes]]:
    """A worker of Prefect, which ends with the block together with all that it has started.

    It is a child of the process that is given.
    """
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "flowforge_assets.execute.tether"),
            *(sys.executable, "-m", "prefect", "worker", "start", "--pool", pool),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(server.home, api_url=server.url) | _SETTINGS,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=60)


def ended_run(
    server: Server, flow: str, is_meant: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The first run of a flow that is meant, when it has ended."""

    def found() -> dict[str, Any] | None:
        runs = server.flow_runs(flow)
        return next((r for r in runs if is_meant(r) and r["state_type"] in ENDED), None)

    return wait_for(found, f"no run of {flow} that was meant has ended")


def wait_for(look: Callable[[], T | None], otherwise: str) -> T:
    """What `look` finds, as soon as it finds it; the test fails where that takes too long."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.5)
    pytest.fail(f"{otherwise} in {RUN_SECONDS} s")
