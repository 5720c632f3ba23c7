"""A Prefect server that `flowforge server` runs."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from flowforge_assets.errors.project import PrefectServerError
from flowforge_assets.execute.prefect_server import prefect_server
from server_of_prefect import environment, free_port

pytestmark = pytest.mark.prefect


def test_a_port_that_is_taken_is_told_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = f"port {port} of `127.0.0.1` cannot be had"
        with pytest.raises(PrefectServerError, match=said), prefect_server(port=port):
            pass


@pytest.mark.slow  # starts Prefect
def test_a_server_that_ends_at_once_is_told(tmp_path: Path) -> None:
    settings = {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": "no-such-database://",
    }
    with (
        pytest.raises(PrefectServerError, match="the Prefect server ended with code"),
        prefect_server(port=free_port(), has_ui=False, settings=settings),
    ):
        pass


@pytest.mark.slow  # starts a server
def test_the_command_runs_one_until_it_is_told_to_end(tmp_path: Path) -> None:
    port = free_port()
    with subprocess.Popen(
        [Path(sys.executable).with_name("flowforge"), "server", "--port", str(port)],
        env=environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as command:
        assert command.stdout is not None
        try:
            lines = [command.stdout.readline().strip() for _ in range(2)]
            assert lines == [
                f"Prefect runs at http://127.0.0.1:{port}; Ctrl-C ends it",
                f"export PREFECT_API_URL=http://127.0.0.1:{port}/api",
            ]
            with urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
                assert b"<html" in page.read()
            command.terminate()
            assert command.wait(60) == 0
        finally:
            command.kill()
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))
