"""The database of a ledger, opened by what its place is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flowforge_assets.record.database import Database, LedgerPlace
from flowforge_assets.record.postgres_database import PostgresDatabase
from flowforge_assets.record.sqlite_database import SqliteDatabase

LOCK_TIMEOUT_SECONDS: Final = 30.0
"""How long a write waits for those of other processes."""


def open_database(place: LedgerPlace, *, timeout_seconds: float = LOCK_TIMEOUT_SECONDS) -> Database:
    """The ledger's database at `place`; it and its tables are made where they are missing.

    A write waits up to `timeout_seconds` for those of other processes.

    Raises:
        RecordError: it cannot be used as a ledger (FF-501 to FF-519).
    """
    if isinstance(place, Path):
        return SqliteDatabase(place, timeout_seconds=timeout_seconds)
    return PostgresDatabase(place, timeout_seconds=timeout_seconds)
