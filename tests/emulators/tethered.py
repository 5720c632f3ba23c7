"""Runs a command that ends with the process that asked for it, also when that is killed.

`python tethered.py PARENT COMMAND...` becomes the command. Only Linux can promise it; elsewhere the
fixture that started the command still ends it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # it has ended before the promise was given
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - it is what this script is for
