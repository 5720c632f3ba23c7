"""A real Prefect server for tests, and projects that run through it in processes of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeAlias

from flowforge_assets.execute.prefect_api import UNTRACKED
from flowforge_assets.execute.prefect_server import prefect_server

ARRIVAL_SECONDS: Final = 30

Found: TypeAlias = dict[str, dict[str, Any]]
# The times of a schedule are worked out soon after it is deployed.
_SETTINGS: Final = {
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "2",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "0.2",
}


@dataclass(frozen=True)
class Server:
    """A server on this machine. What is asked for is of its API, version 3."""

    url: str
    home: Path

    def post(self, path: str, question: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as JSON has it
        """What the API answers to a question."""
        request = urllib.request.Request(  # noqa: S310 - it is our own server
            f"{self.url}/{path}",
            data=json.dumps(question).encode(),
            headers={"Content-Type": "application/json"},
        )
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                # SQLite has one writer: while the server records a run it may be busy.
                if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def flow_runs(self, flow: str) -> list[dict[str, Any]]:
        """The runs of a flow, the newest first."""
        question = {"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_DESC"}
        found: list[dict[str, Any]] = self.post("flow_runs/filter", question)
        return found

    def task_runs(self, flow_run_id: str, count: int) -> Found:
        """The runs of a flow run's tasks by name, when `count` have ended or time is over."""

        def ended() -> Found:
            question = {"flow_runs": {"id": {"any_": [flow_run_id]}}}
            runs = self.post("task_runs/filter", question)
            final = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}
            return {
                run["name"]: run
                for run in runs
                if run["state_type"] in final or run["state_name"] == "NotReady"
            }

        return _arrived(ended, count)

    def asset_events(self, flow_run_id: str, kind: str, count: int) -> Found:
        """The events of one kind by asset, when `count` have arrived or time is over."""

        def arrived() -> Found:
            question = {
                "filter": {
                    "event": {"name": [f"prefect.asset.{kind}"]},
                    "related": {"id": [f"prefect.flow-run.{flow_run_id}"]},
                },
                "limit": 50,
            }
            events = self.post("events/filter", question)["events"]
            return {event["resource"]["prefect.resource.id"]: event for event in events}

        return _arrived(arrived, count)


def _arrived(look: Callable[[], Found], count: int) -> Found:
    """What the server has recorded: it does so some time after the run."""
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while len(found := look()) < count and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


@contextmanager
def running_server(home: Path) -> Generator[Server]:
    """A server that lives as long as the block, or as this process if that dies first."""
    settings = {
        **_SETTINGS,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
    }
    with prefect_server(port=free_port(), has_ui=False, settings=settings) as started:
        yield Server(started.api_url, home)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(home: Path, *, api_url: str | None = None) -> dict[str, str]:
    """The variables of a process that uses Prefect, without those of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    own |= {**UNTRACKED, "PREFECT_HOME": str(home)}
    return own if api_url is None else own | {"PREFECT_API_URL": api_url}


def in_project(
    folder: Path, code: str, *arguments: str, home: Path, api_url: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs Python code in a project's folder."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment(home, api_url=api_url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
