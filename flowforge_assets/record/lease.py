"""One run at a time for an environment on this machine."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flowforge_assets.errors.record import RunLocked
from flowforge_assets.record.sqlite_database import unusable_path

_POLL_SECONDS: Final = 0.1


@contextmanager
def run_lease(
    folder: Path,
    *,
    on_wait: Callable[[str], None],
    timeout_seconds: float | None = None,
) -> Generator[bool]:
    """Holds `run.lock` in `folder`, and says whether it had to wait for another run.

    After a wait the plan is out of date: plan again. The operating system lets go of the lock
    when the process dies. `on_wait` gets one message for people; without `timeout_seconds` the
    wait has no end.

    Raises:
        RunLocked: another run held it for `timeout_seconds` (FF-507).
        RecordError: the file cannot be made or locked (FF-504 to FF-506).
    """
    # Imported here: it costs 40 ms, and a command that runs nothing needs no lock.
    from filelock import FileLock, Timeout

    path = folder / "run.lock"
    lock = FileLock(path)
    waited = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            waited = True
            on_wait(f"another run holds `{path}`; this one goes on when it ends")
            seconds = -1 if timeout_seconds is None else timeout_seconds
            lock.acquire(timeout=seconds, poll_interval=_POLL_SECONDS)
    except Timeout as error:
        message = f"another run held `{path}` for {timeout_seconds:g} s"
        raise RunLocked(message, hint="let it end or stop it, then run again") from error
    except OSError as error:
        raise unusable_path(path, error) from error
    try:
        yield waited
    finally:
        lock.release()
