"""Runs a command as a user, and ends it with the process that asked for it.

`python tethered_as.py PARENT USER COMMAND...`; an empty USER keeps the user. The promise to end
with the parent is forgotten when the user changes, so first the one, then the other.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, user, *command = sys.argv[1:]
    if user:
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != int(parent):  # it has ended before the promise was given
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - it is what this script is for
