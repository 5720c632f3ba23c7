"""Jobs elsewhere that a step has submitted, so that whoever comes after a kill finds them.

A job stands here from the moment in which it was submitted until what it wrote is committed or
thrown away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Literal, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.record import statements
from flowforge_assets.record.database import Database, LedgerPlace
from flowforge_assets.record.opened import open_database
from flowforge_assets.record.rows import Row, time_text

JobRecordState: TypeAlias = Literal["running", "succeeded", "failed", "lost", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A submitted job of the step `unit` (as text) of `asset`.

    `made_from` is a digest of code and input versions, `request` one of what was asked for. `ref`
    is the runner's reference as JSON, `place` the name of the folders in which it writes.
    `cancelled` was asked to end, and may not have yet.
    """

    asset: DatasetKey
    unit: str
    made_from: str
    request: str
    runner: str
    ref: str
    place: str
    state: JobRecordState
    at: datetime


class JobLog:
    """The jobs in the ledger at `place`; safe for several threads. Opened at first use.

    All methods raise a `RecordError` (FF-501 to FF-519) where it cannot be used.
    """

    def __init__(self, place: LedgerPlace) -> None:
        """Opens nothing yet."""
        self._place = place
        self._database: Database | None = None
        self._lock = Lock()

    def of(self, asset: DatasetKey, unit: str) -> Sequence[JobRecord]:
        """The jobs of a step, oldest first."""
        rows = self._opened().rows(statements.JOBS_OF_STEP, (asset, unit))
        return [_job_from(row) for row in rows]

    def add(self, job: JobRecord) -> None:
        """Writes a job that was just submitted; it survives a kill when this returns."""
        row = (
            job.asset, job.unit, job.made_from, job.request, job.runner, job.ref, job.place,
            job.state, time_text(job.at),
        )  # fmt: skip
        with self._opened().transaction() as connection:
            connection.execute(statements.INSERT_JOB, row)

    def set_state(self, ref: str, state: JobRecordState) -> None:
        """Writes how the job of that reference stands."""
        with self._opened().transaction() as connection:
            connection.execute(statements.SET_JOB_STATE, (state, ref))

    def forget(self, refs: Sequence[str]) -> None:
        """Removes jobs whose results were committed or thrown away."""
        with self._opened().transaction() as connection:
            connection.executemany(statements.DELETE_JOB, [(ref,) for ref in refs])

    def places(self) -> set[str]:
        """The names of all folders in which a job may write."""
        return {place for (place,) in self._opened().rows(statements.PLACES_OF_JOBS)}

    def close(self) -> None:
        """Ends the use of the ledger."""
        with self._lock:
            database, self._database = self._database, None
        if database is not None:
            database.close()

    def _opened(self) -> Database:
        with self._lock:
            if self._database is None:
                self._database = open_database(self._place)
            return self._database


def _job_from(row: Row) -> JobRecord:
    asset, unit, made_from, request, runner, ref, place, state, at = row
    return JobRecord(
        asset=DatasetKey(asset),
        unit=unit,
        made_from=made_from,
        request=request,
        runner=runner,
        ref=ref,
        place=place,
        state=state,
        at=datetime.fromisoformat(at),
    )
