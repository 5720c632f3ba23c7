from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from forked import COMMAND, Forked


def test_it_runs_in_its_folder_with_its_words_and_environment_alone(tmp_path: Path) -> None:
    code = "import os, sys\nprint(os.getcwd(), sys.argv[1:], dict(os.environ))"
    process = Forked(code, "a b", folder=tmp_path, environment={"X": "1"})
    assert process.wait(60) == 0
    assert process.printed == f"{tmp_path} ['a b'] {{'X': '1'}}\n"


def test_both_its_streams_are_kept_and_its_exit_code() -> None:
    process = Forked("import sys\nprint('out', flush=True)\nsys.exit('err')")
    assert process.wait(60) == 1
    assert process.printed == "out\nerr\n"


def test_each_begins_with_what_was_imported_before_and_no_more() -> None:
    assert Forked("import this").wait(60) == 0
    process = Forked("import sys\nprint('polars' in sys.modules, 'this' in sys.modules)")
    assert process.wait(60) == 0
    assert process.printed == "True False\n"


def test_one_that_is_killed_says_so_and_several_go_on_at_once() -> None:
    waits = "import time\ntime.sleep(60)"
    first, second = Forked(waits), Forked(waits)
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(0.01)
    assert os.getpid() not in {first.pid, second.pid}
    for process in (second, first):
        process.kill()
        assert process.wait() == -signal.SIGKILL


def test_a_command_says_what_it_says_in_a_shell() -> None:
    process = Forked(COMMAND, "--version")
    assert process.wait(60) == 0
    assert process.printed.startswith("flowforge ")
