from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from flowforge_assets.errors.record import LedgerFailed, LedgerNotWritable, RunLocked
from flowforge_assets.record.lease import run_lease

HOLDER = """
import sys
from pathlib import Path
from flowforge_assets.record.lease import run_lease

with run_lease(Path(sys.argv[1]), on_wait=print):
    print("held", flush=True)
    sys.stdin.read()
"""


def no_wait(message: str) -> None:
    pytest.fail(f"nobody holds the lock, and yet: {message}")


def test_a_free_lock_is_held_at_once(tmp_path: Path) -> None:
    with run_lease(tmp_path / "new", on_wait=no_wait) as waited:
        assert not waited


def test_the_lock_is_free_after_the_run(tmp_path: Path) -> None:
    for _ in range(2):
        with run_lease(tmp_path, on_wait=no_wait) as waited:
            assert not waited


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), run_lease(tmp_path, on_wait=no_wait):
        raise KeyboardInterrupt
    with run_lease(tmp_path, on_wait=no_wait) as waited:
        assert not waited


def test_a_second_run_waits_and_knows_it(tmp_path: Path) -> None:
    is_held, is_waiting = Event(), Event()
    ended: list[str] = []

    def first() -> None:
        with run_lease(tmp_path, on_wait=no_wait):
            is_held.set()
            is_waiting.wait(30)
            ended.append("first")

    thread = Thread(target=first)
    thread.start()
    is_held.wait(30)
    with run_lease(tmp_path, on_wait=lambda _: is_waiting.set()) as waited:
        ended.append("second")
    thread.join()
    assert waited
    assert ended == ["first", "second"]


def test_the_message_names_the_lock(tmp_path: Path) -> None:
    messages: list[str] = []
    with (
        run_lease(tmp_path, on_wait=no_wait),
        pytest.raises(RunLocked),
        run_lease(tmp_path, on_wait=messages.append, timeout_seconds=0),
    ):
        pytest.fail("two hold the lock")
    lock = tmp_path / "run.lock"
    assert messages == [f"another run holds `{lock}`; this one goes on when it ends"]


def test_a_wait_that_is_too_long_ends(tmp_path: Path) -> None:
    with (
        run_lease(tmp_path, on_wait=no_wait),
        pytest.raises(RunLocked, match=r"for 0\.01 s") as caught,
        run_lease(tmp_path, on_wait=lambda _: None, timeout_seconds=0.01),
    ):
        pytest.fail("two hold the lock")
    assert caught.value.hint == "let it end or stop it, then run again"


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(RunLocked),
            run_lease(tmp_path, on_wait=lambda _: None, timeout_seconds=0),
        ):
            pytest.fail("two hold the lock")
        holder.kill()
    with run_lease(tmp_path, on_wait=no_wait) as waited:
        assert not waited


def test_a_folder_that_cannot_be_written_is_named(
    read_only_folder: Callable[[Callable[[Path], None]], Path],
) -> None:
    folder = read_only_folder(lambda _: None)
    with pytest.raises(LedgerNotWritable), run_lease(folder, on_wait=no_wait):
        pytest.fail("the lock file cannot be there")


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerFailed), run_lease(tmp_path / "file", on_wait=no_wait):
        pytest.fail("the lock file cannot be there")
