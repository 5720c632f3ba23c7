"""A Prefect server on this machine that reports nothing, keeps up, and ends with who began it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from typing import Final

from flowforge_assets.errors.project import PrefectServerError
from flowforge_assets.execute.prefect_api import UNTRACKED, no_prefect

START_SECONDS: Final = 180.0
_LOOK_SECONDS: Final = 0.2
_STOP_SECONDS: Final = 20.0
_STANDARD_ERROR: Final = 2
_TETHER: Final = (sys.executable, "-m", "flowforge_assets.execute.tether")
_START: Final = (sys.executable, "-m", "prefect", "server", "start")
_HINT: Final = "what it printed says why; `flowforge doctor` sees whether its packages fit together"
# By default it records events one by one, and is half a minute behind a thousand tasks.
_SERVICES: Final[Mapping[str, str]] = {
    "EVENT_PERSISTER_BATCH_SIZE": "500",
    "EVENT_PERSISTER_READ_BATCH_SIZE": "500",
    "EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    "TASK_RUN_RECORDER_BATCH_SIZE": "500",
    "TASK_RUN_RECORDER_READ_BATCH_SIZE": "500",
    "TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "TRIGGERS_READ_BATCH_SIZE": "500",
}


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """A server of this machine that `process` runs."""

    host: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where its pages are."""
        return _url(self.host, self.port)

    @property
    def api_url(self) -> str:
        """What `PREFECT_API_URL` is to be."""
        return f"{self.url}/api"

    def wait(self) -> None:
        """Returns never while the server runs.

        Raises:
            PrefectServerError: it has ended (FF-855).
        """
        code = self.process.wait()
        raise PrefectServerError(f"the Prefect server ended with code {code}", hint=_HINT)


@contextmanager
def prefect_server(
    host: str = "127.0.0.1",
    port: int = 4200,
    *,
    has_ui: bool = True,
    settings: Mapping[str, str] | None = None,
) -> Generator[PrefectServer]:
    """A server that answers, for as long as the block or this process lives.

    Its data are where Prefect keeps them: in `PREFECT_HOME`, or in the database that
    `PREFECT_SERVER_DATABASE_CONNECTION_URL` names. A variable that is set already stands;
    `settings` are more of them, and come before all. What it prints goes to our standard error.

    Raises:
        PrefectMissingError: Prefect is not installed (FF-850).
        PrefectServerError: the port is taken, or the server ends or stays silent (FF-855).
    """
    if find_spec("prefect") is None:
        raise no_prefect()
    _refuse_taken(host, port)
    ui = "--ui" if has_ui else "--no-ui"
    with subprocess.Popen(  # noqa: S603 - a list of ours, no shell
        [*_TETHER, *_START, ui, "--host", host, "--port", str(port)],
        stdin=subprocess.PIPE,
        stdout=_STANDARD_ERROR,
        env=_environment(f"{_url(host, port)}/api", settings or {}),
        start_new_session=True,  # an interrupt is for us, who then end it
    ) as process:
        try:
            server = PrefectServer(host, port, process)
            _wait_until_healthy(server)
            yield server
        finally:
            _stop(process)


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _environment(api_url: str, settings: Mapping[str, str]) -> dict[str, str]:
    usual = {f"PREFECT_SERVER_SERVICES_{name}": value for name, value in _SERVICES.items()}
    return {**usual, **UNTRACKED, **os.environ, **settings, "PREFECT_API_URL": api_url}


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"port {port} of `{host}` cannot be had: {error.strerror}"
            hint = "a server may run there already; else choose another port with `--port`"
            raise PrefectServerError(message, hint=hint) from error


def _wait_until_healthy(server: PrefectServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            server.wait()
        if _is_healthy(server):
            return
        time.sleep(_LOOK_SECONDS)
    message = f"the Prefect server at `{server.url}` did not answer within {START_SECONDS:.0f} s"
    raise PrefectServerError(message, hint=_HINT)


def _is_healthy(server: PrefectServer) -> bool:
    connection = HTTPConnection(server.host, server.port, timeout=5)  # asks no proxy for ourselves
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False  # it does not listen yet
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the server and all that it has started; returns when that is done."""
    assert process.stdin is not None  # noqa: S101 - it was opened as a pipe
    process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
