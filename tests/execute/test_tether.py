"""Commands that end with whoever started them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TETHER = [sys.executable, "-m", "flowforge_assets.execute.tether"]
# starts a child, says the numbers of both, and waits for ever
FAMILY = """\
import os, signal, subprocess, sys, time
if {deaf}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
# starts the same behind a tether, and says the numbers
STARTER = """\
import subprocess, sys, time
tether = subprocess.Popen(
    sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
)
print(tether.stdout.readline().decode(), flush=True)
time.sleep(600)
"""


def has_ended(pid: int) -> bool:
    """Whether no such process runs; one that nobody has asked after yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until_ended(pids: list[int]) -> None:
    deadline = time.monotonic() + 30
    while not all(map(has_ended, pids)):
        assert time.monotonic() < deadline, f"{pids} still run"
        time.sleep(0.05)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_command_and_its_children_end_with_whoever_started_them(end: signal.Signals) -> None:
    command = [*TETHER, sys.executable, "-c", FAMILY.format(deaf=False)]
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, *command], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(pids) == 2
        starter.send_signal(end)
    wait_until_ended(pids)


def test_a_command_that_does_not_stop_is_killed() -> None:
    code = "import flowforge_assets.execute.tether as t; t._GRACE_SECONDS = 0.2; t.main()"
    command = [sys.executable, "-c", code, sys.executable, "-c", FAMILY.format(deaf=True)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as tether:
        assert tether.stdin is not None
        assert tether.stdout is not None
        pids = [int(pid) for pid in tether.stdout.readline().split()]
        tether.stdin.close()
    wait_until_ended(pids)


def test_it_ends_as_its_command_does() -> None:
    with subprocess.Popen(
        [*TETHER, sys.executable, "-c", "raise SystemExit(7)"],
        stdin=subprocess.PIPE,
        start_new_session=True,
    ) as tether:
        assert tether.wait(30) == 7
