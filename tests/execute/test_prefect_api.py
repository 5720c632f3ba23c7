"""What a run with Prefect says when there is no Prefect, or none that answers."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from flowforge_assets.errors.project import PrefectVersionError
from flowforge_assets.execute.prefect_api import refuse_version
from flowforge_assets.project.scaffold import make_project
from server_of_prefect import in_project

RUN = """\
import json
from flowforge_assets import FlowForgeError, Project

try:
    Project.load(".").run(engine="prefect")
except FlowForgeError as error:
    said = {"code": error.code, "message": error.message, "hint": error.hint}
    print(json.dumps(said | {"ledger": (Project.load(".").environment.ledger_path).exists()}))
"""
WITHOUT_PREFECT = 'import sys\nsys.modules["prefect"] = None\n'
FLOW_WITHOUT_PREFECT = f"""\
{WITHOUT_PREFECT}
from flowforge_assets import FlowForgeError, Project, build_flow

try:
    build_flow(Project.load("."))
except FlowForgeError as error:
    print(error.code)
"""
RUN_HERE = """\
import sys
from flowforge_assets import Project

result = Project.load(".").run()
print(result.status, "prefect" in sys.modules)
"""
# A server that is healthy and then fails whatever is asked of it.
RUN_WITH_BROKEN_SERVER = """\
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
import os
VERSION = b'"3.9.0"'


class Broken(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path.endswith(("/health", "/version")) else 400)
        self.end_headers()
        self.wfile.write(VERSION if self.path.endswith("/version") else b"true")

    def do_POST(self):
        self.send_response(400)
        self.end_headers()

    def log_message(self, *said):
        pass


listener = HTTPServer(("127.0.0.1", 0), Broken)
os.environ["PREFECT_API_URL"] = f"http://127.0.0.1:{listener.server_port}/api"
Thread(target=listener.serve_forever, daemon=True).start()
"""
REACH = """\
import time
from flowforge_assets import FlowForgeError
from flowforge_assets.execute.prefect_api import load_prefect, reach_api

load_prefect()
start = time.monotonic()
try:
    reach_api(deadline_seconds=1)
except FlowForgeError as error:
    print(error.code, time.monotonic() - start < 10)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    make_project(folder)
    return folder


@pytest.fixture
def deaf_port() -> Generator[int]:
    """A port where someone takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        yield port


def said_by(folder: Path, code: str, *, api_url: str | None = None) -> dict[str, Any]:
    ran = in_project(folder, code, home=folder.parent / "prefect", api_url=api_url)
    assert ran.stdout, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    return said


def test_without_prefect_the_error_names_the_extra(project: Path) -> None:
    said = said_by(project, WITHOUT_PREFECT + RUN)
    assert said["code"] == "FF-850"
    assert "flowforge-assets[prefect]" in said["hint"]
    assert not said["ledger"]


def test_without_prefect_no_flow_is_built(project: Path) -> None:
    ran = in_project(project, FLOW_WITHOUT_PREFECT, home=project.parent / "prefect")
    assert ran.stdout == "FF-850\n", ran.stderr


def test_a_local_run_loads_no_prefect(project: Path) -> None:
    ran = in_project(project, RUN_HERE, home=project.parent / "prefect")
    assert ran.stdout == "succeeded False\n", ran.stderr


@pytest.mark.slow
def test_without_a_server_the_error_says_how_to_start_one_and_starts_none(project: Path) -> None:
    said = said_by(project, RUN)
    assert said["code"] == "FF-851"
    assert "flowforge server" in said["hint"]
    assert "PREFECT_API_URL" in said["hint"]
    assert not said["ledger"]


@pytest.mark.slow
@pytest.mark.prefect
def test_a_server_that_is_not_there_is_named_without_what_is_secret(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = said_by(project, RUN, api_url=f"http://me:secret@127.0.0.1:{port}/api")
    assert said["code"] == "FF-852"
    assert f"`http://127.0.0.1:{port}/api`" in said["message"]
    assert "secret" not in json.dumps(said)
    assert not said["ledger"]


@pytest.mark.slow
@pytest.mark.prefect
def test_a_server_that_does_not_answer_is_given_up_at_the_deadline(
    project: Path, deaf_port: int
) -> None:
    api_url = f"http://127.0.0.1:{deaf_port}/api"
    ran = in_project(project, REACH, home=project.parent / "prefect", api_url=api_url)
    assert ran.stdout == "FF-852 True\n", ran.stderr


def test_prefect_sends_no_reports_of_use_unless_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import os

    from flowforge_assets.execute.prefect_api import load_prefect

    monkeypatch.setitem(sys.modules, "prefect", sys)  # as if it was loaded
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "")
    monkeypatch.delenv("DO_NOT_TRACK")
    load_prefect()
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "true"


@pytest.mark.slow
@pytest.mark.prefect
def test_a_server_of_another_version_is_refused_before_anything_is_planned(project: Path) -> None:
    old = RUN_WITH_BROKEN_SERVER.replace("3.9.0", "2.20.16")
    said = said_by(project, old + RUN)
    assert said["code"] == "FF-856"
    assert said["message"].startswith("the Prefect server is of version `2.20.16`, and `3.8.")
    assert not said["ledger"]


@pytest.mark.parametrize(
    ("server", "is_refused"),
    [("3.8.0", False), ("3.9.1", False), ("3.7.9", True), ("2.20.16", True), ("4.0.0", True)],
)
def test_a_server_may_be_newer_within_its_major_version(server: str, *, is_refused: bool) -> None:
    if not is_refused:
        refuse_version(server, "3.8.8")
        return
    with pytest.raises(PrefectVersionError):
        refuse_version(server, "3.8.8")


@pytest.mark.slow
def test_a_server_that_fails_in_mid_run_is_told_as_such(project: Path) -> None:
    said = said_by(project, RUN_WITH_BROKEN_SERVER + RUN)
    assert said["code"] == "FF-853"
    assert "ledger" in said["hint"]
