"""Processes of our code that begin at once: they are forked from one that has imported it.

A fresh Python imports for most of the time that a small run takes. A test whose subject is how a
process starts starts one itself.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

_HERE = Path(__file__).parent
_DEADLINE_SECONDS: Final = 60.0

COMMAND: Final = "import sys\nfrom flowforge_assets.cli.main import main\nsys.exit(main())\n"
"""The code of `flowforge`."""


class Forked:
    """A process that runs `code` with these words, as `python -c` would; what it prints is kept."""

    def __init__(
        self,
        code: str,
        *words: str,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """It has begun."""
        order = {
            "code": code,
            "words": words,
            "folder": str(folder or Path.cwd()),
            "environment": dict(os.environ if environment is None else environment),
        }
        self._code: int | None = None
        self.printed = ""
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is waited for
        self._answers, answers = os.pipe()
        with Path(os.devnull).open("rb") as nothing:
            printed = self._printed.fileno()
            streams = [nothing.fileno(), printed, printed]
            socket.send_fds(_server(), [json.dumps(order).encode()], [*streams, answers])
        os.close(answers)
        self.pid = self._number(_DEADLINE_SECONDS)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; negative, the signal that ended it.

        Raises:
            TimeoutExpired: it goes on after `timeout` seconds.
        """
        if self._code is None:
            self._code = self._number(timeout)
            os.close(self._answers)
            self._printed.seek(0)
            self.printed = self._printed.read().decode(errors="replace")
            self._printed.close()
        return self._code

    def kill(self) -> None:
        """Ends it at once, and waits until it has."""
        if self._code is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, signal.SIGKILL)
            self.wait(_DEADLINE_SECONDS)

    def _number(self, timeout: float | None) -> int:
        """The next line of its answers."""
        said = b""
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([self._answers], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0)
            more = os.read(self._answers, 1)
            assert more, "the process that forks has ended"
            said += more
        return int(said)


@cache
def _server() -> socket.socket:
    """The process that forks: one for each that asks, which it ends with."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [
                sys.executable,
                str(_HERE / "tethered.py"),
                str(os.getpid()),
                sys.executable,
                str(_HERE / "fork_server.py"),
                str(theirs.fileno()),
            ],
            env=kept,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end() -> None:
        orders.close()
        process.kill()
        process.wait()

    atexit.register(end)
    orders.settimeout(_DEADLINE_SECONDS)
    assert orders.recv(100) == b"ready"
    return orders
