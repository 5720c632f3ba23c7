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

START_SECONDS: Final = 120
ARRIVAL_SECONDS: Final = 30

# The guard has a session of its own and holds a pipe that ends with the tests, however they end:
# then it kills itself and all that it started.
_GUARD: Final = """\
import os, signal, subprocess, sys
subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
sys.stdin.read()
os.killpg(0, signal.SIGKILL)
"""
Found: TypeAlias = dict[str, dict[str, Any]]
_SETTINGS: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "0.2",
}


@dataclass(frozen=True)
class PrefectServer:
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
def prefect_server(home: Path) -> Generator[PrefectServer]:
    """A server that lives as long as the block, or as this process if that dies first."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    prefect = [sys.executable, "-m", "prefect", "server", "start", "--no-ui"]
    log = home / "server.log"
    with (
        log.open("w", encoding="utf-8") as written,
        subprocess.Popen(
            [sys.executable, "-c", _GUARD, *prefect, "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=subprocess.STDOUT,
            env=environment(home),
            start_new_session=True,
        ) as guard,
    ):
        try:
            _wait_until_healthy(url, log)
            yield PrefectServer(url, home)
        finally:
            assert guard.stdin is not None
            guard.stdin.close()
            guard.wait(timeout=30)


def _wait_until_healthy(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:  # noqa: S310
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    message = f"no Prefect server after {START_SECONDS} s:\n{log.read_text(encoding='utf-8')}"
    raise AssertionError(message)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(home: Path, *, api_url: str | None = None) -> dict[str, str]:
    """The variables of a process that uses Prefect, without those of whoever runs the tests."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    own |= {**_SETTINGS, "PREFECT_HOME": str(home)}
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
