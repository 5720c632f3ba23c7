"""A server in a process of its own that answers before a deadline, and ends with the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
_DEADLINE_SECONDS = 60.0
_STOP_SECONDS = 5.0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


@contextmanager
def child_server(
    command: list[str], *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `command`, killed at the end; its output beside stdout goes into a file.

    Of this process's environment it has only what a program needs to start: a test's credentials
    and proxies are not for it.
    """
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "tethered.py"), str(os.getpid()), *command],
            env={**kept, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        except ServerNotReadyError as problem:
            log.seek(0)
            problem.add_note(log.read().decode(errors="replace")[-2000:])
            raise
        finally:
            process.kill()
            process.wait(_STOP_SECONDS)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


class ServerNotReadyError(Exception):
    """A server did not start to listen."""


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Returns when `process` listens on `port`."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerNotReadyError(f"it ended with {process.returncode}")
        with socket.socket() as asked:
            asked.settimeout(1)
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)  # another process tells in no other way
    raise ServerNotReadyError(f"it does not listen after {_DEADLINE_SECONDS:g} s")
