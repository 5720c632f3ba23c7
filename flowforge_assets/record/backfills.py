"""Backfills in the ledger: what was asked for, cut into chunks, and how far each one is.

A chunk is stored as the intervals that its partitions are, whatever their number. That a chunk is
done stands here for people and for whoever resumes: what is made, the lake says.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, cast

from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.record import backfill_statements as statements
from flowforge_assets.record.database import Database, LedgerPlace
from flowforge_assets.record.opened import open_database
from flowforge_assets.record.rows import (
    Row,
    partitions_from,
    partitions_text,
    shape_text,
    time_text,
)

BackfillStatus: TypeAlias = Literal["running", "succeeded", "failed", "cancelled", "interrupted"]
ChunkStatus: TypeAlias = Literal["planned", "running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Partitions that one run makes. `number` counts from 1; `partitions` is None in the last one.

    That last chunk makes what is not cut by chunks, over all that was asked for. `run_id` is the
    run of the ledger, or the flow run of Prefect, that made it or tried to last.
    """

    number: int
    partitions: PartitionSet | None
    status: ChunkStatus = "planned"
    run_id: str = ""

    @property
    def size(self) -> int:
        """How many partitions."""
        return 0 if self.partitions is None else self.partitions.count()


@dataclass(frozen=True, slots=True)
class Backfill:
    """What was asked for: `asked` are partitions as text, of `selection`; both empty for all.

    `in_chunks` is the selection of the runs that make a chunk. `job` names the job whose deployment
    makes them; empty: this process does, which is `pid` on `host`.
    """

    backfill_id: str
    created_at: datetime
    selection: str
    asked: str
    in_chunks: str
    force: bool = False
    job: str = ""
    status: BackfillStatus = "running"
    ended_at: datetime | None = None
    pid: int = 0
    host: str = ""

    @property
    def is_killed(self) -> bool:
        """Whether the process that makes it is gone without a word; another machine's is not."""
        if self.status != "running" or self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False  # it is another user's, and alive
        return False


@dataclass(frozen=True, slots=True)
class Progress:
    """A backfill, and how far it is, in chunks and in partitions."""

    backfill: Backfill
    chunks: int
    chunks_done: int
    chunks_failed: int
    partitions: int
    partitions_done: int


class BackfillLog:
    """The backfills in the ledger at a place. Each call is one transaction.

    All methods raise a `RecordError` (FF-501 to FF-519) where the ledger cannot be used.
    """

    def __init__(self, place: LedgerPlace) -> None:
        """Opens nothing yet."""
        self._place = place

    def begin(self, backfill: Backfill, chunks: Iterable[Chunk]) -> None:
        """Writes a backfill and its chunks, of which none is made yet; this process makes it."""
        row = (
            backfill.backfill_id, time_text(backfill.created_at), None, backfill.status,
            backfill.selection, backfill.asked, backfill.in_chunks, int(backfill.force),
            backfill.job, os.getpid(), socket.gethostname(),
        )  # fmt: skip
        with self._opened() as database, database.transaction() as connection:
            connection.execute(statements.INSERT, row)
            rows = (_chunk_row(backfill.backfill_id, chunk) for chunk in chunks)
            connection.executemany(statements.INSERT_CHUNK, rows)

    def find(self, backfill_id: str) -> Progress | None:
        """The backfill of that id, or None."""
        with self._opened() as database:
            rows = database.rows(statements.FIND, (backfill_id,))
        return _progress(rows[0]) if rows else None

    def newest(self, limit: int) -> list[Progress]:
        """The newest backfills, newest first."""
        with self._opened() as database:
            return [_progress(row) for row in database.rows(statements.NEWEST, (limit,))]

    def chunks(self, backfill_id: str) -> list[Chunk]:
        """The chunks of a backfill, in order."""
        with self._opened() as database:
            return [_chunk(row) for row in database.rows(statements.CHUNKS, (backfill_id,))]

    def status(self, backfill_id: str) -> BackfillStatus:
        """How a backfill that is known stands."""
        with self._opened() as database:
            return cast("BackfillStatus", database.rows(statements.STATUS, (backfill_id,))[0][0])

    def take(self, backfill_id: str) -> None:
        """Notes that this process goes on with it."""
        with self._opened() as database, database.transaction() as connection:
            connection.execute(statements.TAKE, (os.getpid(), socket.gethostname(), backfill_id))

    def set_chunk(self, backfill_id: str, number: int, status: ChunkStatus, run_id: str) -> None:
        """Writes how a chunk stands."""
        with self._opened() as database, database.transaction() as connection:
            connection.execute(statements.SET_CHUNK, (status, run_id, backfill_id, number))

    def end(self, backfill_id: str, status: BackfillStatus, at: datetime) -> None:
        """Writes how it ended, unless it was cancelled."""
        with self._opened() as database, database.transaction() as connection:
            connection.execute(statements.END, (status, time_text(at), backfill_id))

    def cancel(self, backfill_id: str, at: datetime) -> bool:
        """Whether it was going on, or could be resumed, and is cancelled now."""
        with self._opened() as database, database.transaction() as connection:
            return bool(
                connection.execute(statements.CANCEL, (time_text(at), backfill_id)).rowcount
            )

    @contextmanager
    def _opened(self) -> Generator[Database]:
        database = open_database(self._place)
        try:
            yield database
        finally:
            database.close()


def _chunk_row(backfill_id: str, chunk: Chunk) -> Row:
    partitions = chunk.partitions
    shape = None if partitions is None else shape_text(partitions.dimensions)
    text = None if partitions is None else partitions_text(partitions)
    return (backfill_id, chunk.number, shape, text, chunk.size, chunk.status, chunk.run_id)


def _chunk(row: Row) -> Chunk:
    number, shape, text, _, status, run_id = row
    partitions = None
    if shape is not None:
        dimensions = tuple(Dimension(*each) for each in json.loads(shape))
        partitions = partitions_from(dimensions, text)
    return Chunk(number, partitions, cast("ChunkStatus", status), run_id)


def _progress(row: Row) -> Progress:
    backfill_id, created, ended, status, selection, asked, in_chunks, force, job, pid, host = row[
        :11
    ]
    backfill = Backfill(
        backfill_id=backfill_id,
        created_at=datetime.fromisoformat(created),
        selection=selection,
        asked=asked,
        in_chunks=in_chunks,
        force=bool(force),
        job=job,
        status=cast("BackfillStatus", status),
        ended_at=None if ended is None else datetime.fromisoformat(ended),
        pid=pid,
        host=host,
    )
    return Progress(backfill, *map(int, row[11:]))
