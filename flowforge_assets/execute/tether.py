"""Runs a command that ends with the process that started it, however that ends.

`python -m flowforge_assets.execute.tether COMMAND...` has a session of its own, and a pipe as its
standard input that whoever starts it holds. When the pipe ends, the command and what it started
are asked to stop, and killed if they do not. Ends with the command's exit code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from threading import Thread
from typing import Final

_GRACE_SECONDS: Final = 10


def main() -> int:
    """The exit code of the command."""
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603 - ours, no shell
    # What stops the command goes to the whole session: this process is the last of it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Thread(target=_stop_with, args=(command,), daemon=True).start()
    code = command.wait()
    os.killpg(0, signal.SIGTERM)  # what the command has left behind
    return code


def _stop_with(command: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1024):  # not `sys.stdin`: its lock must not be held when Python ends
        pass
    os.killpg(0, signal.SIGTERM)
    try:
        command.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
