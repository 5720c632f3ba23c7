"""The ledger in one SQLite file, for the threads of one process and for several processes.

SQLite's own errors end here: what leaves is a `RecordError` with the remedy. The file is in WAL
mode with `synchronous=NORMAL`: a killed process loses nothing that was committed, a power cut may
lose the last commits, which the lake still holds.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final

from flowforge_assets.core.clock import utc_now
from flowforge_assets.errors.record import (
    LedgerDiskFull,
    LedgerFailed,
    LedgerLocked,
    LedgerNotWritable,
    RecordError,
)
from flowforge_assets.record import tables
from flowforge_assets.record.database import Transaction

_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table'"
_POLL_SECONDS: Final = 0.01
_LEAST_BYTES_FREE: Final = 65_536


class SqliteDatabase:
    """An open ledger file with today's tables."""

    def __init__(self, path: Path, *, timeout_seconds: float) -> None:
        """Opens `path`, creating it where there is none.

        A write waits up to `timeout_seconds` for the writers of other processes.

        Raises:
            RecordError: the file cannot be used as a ledger (FF-501 to FF-506).
        """
        self.path = path
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unusable_path(path, error) from error
        with self._guarded():
            # Transactions are explicit, and the lock makes one connection safe for all threads.
            self._connection = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            self._enter_wal_mode(timeout_seconds)
            self.rows(f"PRAGMA busy_timeout = {int(timeout_seconds * 1000)}")
            self.rows("PRAGMA synchronous = NORMAL")
            self._migrate()
        except BaseException:
            self._connection.close()
            raise

    @property
    def shown(self) -> str:
        """The file."""
        return str(self.path)

    def close(self) -> None:
        """Ends the use of the file; a second call does nothing."""
        with self._guarded():
            self._connection.close()

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        """The connection inside one write transaction: all of the block's effects, or none.

        Raises:
            RecordError: SQLite refused (FF-501, FF-503 to FF-506); nothing was written.
        """
        connection = self._connection
        with self._lock:
            try:
                try:
                    # inside, since a signal may come when it has just begun
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # SQLite ends the transaction itself after some errors, e.g. a full disk.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise _translated(self.path, error) from error

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a SELECT gives.

        The columns' types are the statement's business, hence `Any`.

        Raises:
            RecordError: SQLite refused (FF-501, FF-503 to FF-506).
        """
        with self._guarded():
            return self._connection.execute(sql, parameters).fetchall()

    def verify(self) -> None:
        """Reads the whole file.

        Raises:
            LedgerBroken: a page or an index of it is damaged.
        """
        complaints = self.rows("PRAGMA quick_check(1)")
        if complaints != [("ok",)]:
            raise tables.broken(self.shown, "its check found damage")

    def _enter_wal_mode(self, timeout_seconds: float) -> None:
        # Not by the busy timeout: of two processes that switch a new file to WAL together, SQLite
        # refuses one without a wait.
        deadline = time.monotonic() + timeout_seconds
        while True:
            try:
                self.rows("PRAGMA journal_mode = WAL")
            except LedgerLocked:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_POLL_SECONDS)
            else:
                return

    def now(self, _: Transaction, /) -> datetime:
        """Now, by this machine's clock: only its processes share the file."""
        return utc_now()

    def _migrate(self) -> None:
        with self._guarded():
            found = tables.version_in(self._connection, self._names(), self.shown)
        if not tables.is_of_today(found):
            with self.transaction() as connection:
                # Another process may have created the tables since.
                tables.migrate(connection, self._names(), self.shown)

    def _names(self) -> set[str]:
        """The tables that are there; the caller holds the lock."""
        return {name for (name,) in self._connection.execute(_TABLES)}

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """The lock held, and SQLite's errors made ours."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise _translated(self.path, error) from error


def unusable_path(path: Path, error: OSError) -> RecordError:
    """What an error of the operating system at `path` means to the user."""
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return _not_writable(path)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _disk_full(path)
    return LedgerFailed(
        f"`{path}` cannot be used: {error.strerror}",
        hint="see that its folder exists and is a folder",
    )


def _translated(path: Path, error: sqlite3.Error) -> RecordError:
    # The low byte is the error, the rest says which kind of it (sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    match code:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return tables.broken(str(path), str(error))
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LedgerLocked(
                f"`{path}` is held by another process",
                hint="end the process that keeps it open, then run again",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return _not_writable(path)
        case sqlite3.SQLITE_FULL:
            return _disk_full(path)
        case sqlite3.SQLITE_IOERR if shutil.disk_usage(path.parent).free < _LEAST_BYTES_FREE:
            # So it says when the file that its processes share cannot grow.
            return _disk_full(path)
        case _:
            return LedgerFailed(
                f"`{path}` cannot be used: {error}",
                hint="run again; when it comes back, run `flowforge ledger rebuild`",
            )


def _not_writable(path: Path) -> LedgerNotWritable:
    return LedgerNotWritable(
        f"`{path}` cannot be written",
        hint=f"make the folder `{path.parent}` and the files in it writable",
    )


def _disk_full(path: Path) -> LedgerDiskFull:
    return LedgerDiskFull(
        f"the disk that holds `{path}` is full", hint="free some space, then run again"
    )
