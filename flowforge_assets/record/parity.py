"""What was found when a query ran on another engine, so that people can be told of it later.

A verdict is evidence about a query: the lake does not hold it, and a ledger that is lost is made
again without. `flowforge parity` finds it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, cast

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.record import statements
from flowforge_assets.record.database import LedgerPlace
from flowforge_assets.record.opened import open_database
from flowforge_assets.record.rows import Row, time_text

ParityVerdict: TypeAlias = Literal["verified", "parsed only", "unverified", "differs"]


@dataclass(frozen=True, slots=True)
class ParityRecord:
    """A verdict on the query of `asset`, as it is written for `target`.

    `query` is a digest of the query and of the columns that it reads and promises. `rows` were
    given by the query from what `seed` generates; 0 where it did not run. `engine` is what it ran
    on, as far as that is known. `reason` says what stood against more, without values of users.
    """

    asset: DatasetKey
    target: str
    query: str
    verdict: ParityVerdict
    seed: int
    rows: int
    engine: str
    reason: str
    at: datetime


def record_parity(place: LedgerPlace, found: Iterable[ParityRecord]) -> None:
    """Writes verdicts into the ledger at `place`, in one transaction.

    Each takes the place of what was known of the same query on the same target.

    Raises:
        RecordError: it cannot be used (FF-501 to FF-519).
    """
    database = open_database(place)
    try:
        with database.transaction() as connection:
            connection.executemany(statements.PUT_PARITY, map(_row, found))
    finally:
        database.close()


def newest_parity(place: LedgerPlace, asset: DatasetKey, target: str) -> ParityRecord | None:
    """The newest verdict on any query that the asset had, on that target.

    Raises:
        RecordError: it cannot be used (FF-501 to FF-519).
    """
    database = open_database(place)
    try:
        rows = database.rows(statements.NEWEST_PARITY, (asset, target))
    finally:
        database.close()
    return _record(rows[0]) if rows else None


def _row(found: ParityRecord) -> Row:
    named = (found.asset, found.target, found.query, found.verdict)
    return (*named, found.seed, found.rows, found.engine, found.reason, time_text(found.at))


def _record(row: Row) -> ParityRecord:
    asset, target, query, verdict, seed, rows, engine, reason, at = row
    known = cast("ParityVerdict", verdict)
    when = datetime.fromisoformat(at)
    return ParityRecord(DatasetKey(asset), target, query, known, seed, rows, engine, reason, when)
