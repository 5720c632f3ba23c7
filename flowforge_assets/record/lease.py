"""A lease as its holder has it: kept alive by a thread, and looked at before each commit."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

from flowforge_assets.errors.lease import LeaseLost
from flowforge_assets.errors.record import RecordError
from flowforge_assets.record.leases import EXPIRY, Holder
from flowforge_assets.record.ledger import Ledger

if sys.platform != "win32":
    import fcntl

_BEATS: Final = 4  # heartbeats within an expiry
_LOOK_SECONDS: Final = 2.0  # until a run that is cancelled sees it
_FOLDER: Final = "leases"
# It counts while the machine sleeps, so that a laptop that wakes up looks first.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", None)


def seconds_now() -> float:
    """Seconds of a clock that never goes back, and goes on while the machine sleeps."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


def is_gone(holder: Holder) -> bool:
    """Whether the holder ran on this machine and has died: its file is locked no more."""
    if holder.host != socket.gethostname() or not holder.lock:
        return False
    try:
        file = os.open(holder.lock, os.O_RDWR)
    except OSError:  # it is not here, or is not ours: its heartbeat tells
        return False
    try:
        return _locks(file)
    finally:
        os.close(file)


class LifeLine:
    """A file that is locked as long as this process lives; the system lets go of it."""

    def __init__(self, folder: Path, run_id: str) -> None:
        """Locks the run's file in `folder`; where that cannot be, there is none, `path` is empty.

        Whether the run lives is then told by its heartbeat alone.
        """
        path = folder / _FOLDER / f"{run_id}.lock"
        self.path = ""
        self._file: int | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            return
        if _locks(self._file):
            self.path = str(path)

    def cut(self, *, is_free: bool = True) -> None:
        """Lets go of the file, and removes it where the run `is_free` of all that it held.

        A file that stays, and that nobody locks, says that the run is dead.
        """
        if self._file is not None:
            if self.path and is_free:
                Path(self.path).unlink(missing_ok=True)
            os.close(self._file)
            self._file = None


def fence(ledger: Ledger) -> set[str]:
    """The runs that may commit now; all others can no more, and the files of dead ones are gone.

    Raises:
        RecordError: the ledger cannot be used (FF-5xx).
    """
    live, dead = ledger.leases.fence(is_gone=is_gone)
    for holder in dead:
        if holder.lock and holder.host == socket.gethostname():
            Path(holder.lock).unlink(missing_ok=True)
    return live


def going_on(folder: Path) -> list[str]:
    """The runs whose processes live on this machine and keep a file in `folder`."""
    found: list[str] = []
    for path in sorted((folder / _FOLDER).glob("*.lock")):
        try:
            file = os.open(path, os.O_RDWR)
        except OSError:  # it ended meanwhile
            continue
        try:
            if not _locks(file):
                found.append(path.stem)
        finally:
            os.close(file)
    return found


def _locks(file: int) -> bool:
    """Whether the open file could be locked, which nobody else has then."""
    if sys.platform == "win32":  # there the heartbeat alone tells who lives
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Lease:
    """What a run holds, as long as it says that it lives; safe for several threads.

    `check` asks the ledger only where nothing was heard of it for a while: until then nobody can
    have taken it over.
    """

    def __init__(
        self, ledger: Ledger, run_id: str, *, taken: float, expiry: timedelta = EXPIRY
    ) -> None:
        """Of a run that the ledger has as a holder since `taken`, by `seconds_now`."""
        self._expiry = expiry
        self._ledger = ledger
        self.run_id = run_id
        self._heard = taken
        self._is_lost = False
        self._lock = Lock()

    @classmethod
    def of_run(cls, ledger: Ledger, run_id: str) -> Lease:
        """That of a run which goes on in another process, for a part of it in this one."""
        return cls(ledger, run_id, taken=-EXPIRY.total_seconds())

    def check(self) -> None:
        """Passes as long as the run may commit; to be called before each commit.

        Raises:
            LeaseLost: another run has taken it over (FF-509).
            RecordError: the ledger cannot be asked (FF-5xx).
        """
        if self._is_lost:
            raise self._lost()
        if seconds_now() - self._heard > (self._expiry / 2).total_seconds():
            self.beat()

    def beat(self) -> None:
        """Says that the run lives.

        Raises:
            LeaseLost: another run has taken it over (FF-509).
            RecordError: the ledger cannot be written (FF-5xx).
        """
        with self._lock:
            before = seconds_now()
            if not self._ledger.leases.prolong(self.run_id, self._expiry):
                self._is_lost = True
                raise self._lost()
            self._heard = before

    @contextmanager
    def kept(self, cancel: Callable[[], None]) -> Generator[Lease]:
        """Says again and again that the run lives, from a thread, until the block ends.

        `cancel` is called, once or more, when somebody asks the run to end.
        """
        over = Event()
        beat = self._expiry.total_seconds() / _BEATS

        def beating() -> None:
            while not over.wait(min(beat, _LOOK_SECONDS)):
                try:
                    if self._ledger.leases.is_cancelled(self.run_id):
                        cancel()
                    if seconds_now() - self._heard >= beat:
                        self.beat()
                except LeaseLost:
                    return
                except RecordError:
                    # The next commit asks the ledger itself, and says what is wrong with it.
                    continue

        thread = Thread(target=beating, name=f"lease of {self.run_id}", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()

    def _lost(self) -> LeaseLost:
        message = f"another run has taken over what the run `{self.run_id}` was making"
        hint = "nothing more is committed by this one; run again: what is left is made"
        return LeaseLost(message, hint=hint)
