"""The ledger: what the lake says and what runs did, in one file, to be asked in milliseconds.

The lake is the source. A ledger that is lost or broken is made again from the tables (see
rebuild.py); only the history of runs is then shorter.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from types import TracebackType
from typing import Self, TypeAlias

from flowforge_assets.core.clock import Clock, utc_now
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import Dimension
from flowforge_assets.core.schema import Schema
from flowforge_assets.core.schema_change import Columns, Comments, SchemaChange, columns_of
from flowforge_assets.errors.record import LedgerBroken
from flowforge_assets.record import leases, pieces, runs, statements
from flowforge_assets.record.database import Database, LedgerPlace
from flowforge_assets.record.history import History
from flowforge_assets.record.lease_book import LeaseBook
from flowforge_assets.record.opened import LOCK_TIMEOUT_SECONDS, open_database
from flowforge_assets.record.pieces import read_history
from flowforge_assets.record.rows import run_from, step_from
from flowforge_assets.record.run import RunCounts, RunRecord, RunStatus, StepEnd, StepRecord
from flowforge_assets.record.schemas import add_schema, replace_schemas, schema_from
from flowforge_assets.record.untold import UntoldBook

Learnt: TypeAlias = tuple[DatasetKey, Sequence[Made], Sequence[SchemaChange] | None]
"""What a table says of its commits and, where that is asked, of its columns."""


class Ledger:
    """An open ledger; safe for use by several threads and beside other processes.

    Each call is one transaction. All of them raise a `RecordError` (FF-501 to FF-519) where the
    file cannot be used; nothing of that call is then written.
    """

    def __init__(self, database: Database) -> None:
        """The ledger in `database`, which it closes; see `Ledger.open`."""
        self._database = database

    @classmethod
    def open(cls, place: LedgerPlace, *, timeout_seconds: float = LOCK_TIMEOUT_SECONDS) -> Self:
        """The ledger at `place`; what is missing of it is made.

        A write waits up to `timeout_seconds` for those of other processes.

        Raises:
            LedgerBroken: the file is damaged, or no ledger (FF-501).
            LedgerNewer: a newer version wrote it (FF-502).
            LedgerLocked: another process holds it (FF-503).
            LedgerNotWritable: the folder or the file cannot be written (FF-504).
            LedgerDiskFull: there is no room for it (FF-505).
            LedgerFailed: the system or SQLite refused for another reason (FF-506).
        """
        return cls(open_database(place, timeout_seconds=timeout_seconds))

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self._database.shown

    def close(self) -> None:
        """Ends its use; a second call does nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        """Itself; closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()

    @cached_property
    def leases(self) -> LeaseBook:
        """Who may commit what now."""
        return LeaseBook(self._database)

    @cached_property
    def untold(self) -> UntoldBook:
        """What a Prefect server was not told, or may have lost."""
        return UntoldBook(self._database)

    @property
    def is_unlearnt(self) -> bool:
        """Whether nobody has told it yet what the tables say."""
        return bool(self._database.rows(statements.IS_UNLEARNT))

    def learn(self, found: Iterable[Learnt]) -> bool:
        """Takes what the tables say, in one transaction, unless another has told it meanwhile."""
        with self._database.transaction() as connection:
            if not connection.execute(statements.IS_UNLEARNT).fetchall():
                return False
            for dataset, made, schemas in found:
                pieces.replace_all(connection, dataset, made)
                if schemas is not None:
                    replace_schemas(connection, dataset, schemas)
            connection.execute(statements.SET_LEARNT)
            return True

    def verify(self) -> None:
        """Reads the whole file.

        Raises:
            LedgerBroken: it is damaged.
        """
        self._database.verify()

    # Runs

    def begin_run(self, run: RunRecord, steps: Iterable[StepRecord] = ()) -> None:
        """Writes a run and the steps it plans, so that a kill leaves a trace of them.

        Raises:
            RunExists: a run of that id is recorded (FF-508).
        """
        with self._database.transaction() as connection:
            runs.begin(connection, run, steps)

    def end_run(
        self,
        run_id: str,
        status: RunStatus,
        counts: RunCounts,
        *,
        clock: Clock = utc_now,
    ) -> None:
        """Writes how a run ended, or what became of one found unfinished; it holds nothing more."""
        with self._database.transaction() as connection:
            runs.end(connection, run_id, status, counts=counts, at=clock())
            leases.free(connection, run_id)

    def record_made(
        self,
        step: StepRecord,
        made: Sequence[Made],
        *,
        schemas: Mapping[DatasetKey, Schema] | None = None,
        comments: Mapping[DatasetKey, Comments] | None = None,
    ) -> None:
        """Writes how a step ended and what it made, as `record_ended` does of several."""
        self.record_ended([StepEnd(step, made, schemas or {}, comments or {})])

    def record_ended(self, ends: Iterable[StepEnd]) -> None:
        """Writes how steps ended and what they made, in order, in one transaction.

        Messages of errors hold no row values: the caller sees to that.

        Partitions of what was made are taken from older commits, as in `History.of`, but whichever
        was recorded first the newer commit wins. Recording a commit again changes nothing. The cost
        does not grow with the pieces of a dataset, only with those that a commit meets.
        """
        with self._database.transaction() as connection:
            for end in ends:
                runs.set_outcomes(connection, [end.step])
                for made in end.made:
                    pieces.lay(connection, made)
                    if made.dataset in end.schemas:
                        columns = columns_of(end.schemas[made.dataset])
                        said = end.comments.get(made.dataset, ())
                        version, at = made.table.version, made.at
                        entry = SchemaChange(version, at, columns, made.run_id, said)
                        add_schema(connection, made.dataset, entry)

    def record_columns(self, made: Made, columns: Columns, comments: Comments) -> None:
        """Writes a commit that brought other columns and no other rows, in one transaction."""
        entry = SchemaChange(made.table.version, made.at, columns, made.run_id, comments)
        with self._database.transaction() as connection:
            pieces.lay(connection, made)
            add_schema(connection, made.dataset, entry)

    def find_run(self, run_id: str) -> RunRecord | None:
        """The run of that id, or None."""
        rows = self._database.rows(statements.FIND_RUN, (run_id,))
        return run_from(rows[0]) if rows else None

    def runs(self, limit: int = 20) -> list[RunRecord]:
        """The newest runs, newest first."""
        return [run_from(row) for row in self._database.rows(statements.NEWEST_RUNS, (limit,))]

    def unfinished_runs(self) -> list[RunRecord]:
        """Runs that never said how they ended, oldest first.

        They are going on now, or their process was killed: `leases.live` has those that go on.
        `steps_of` has what they planned.
        """
        return [run_from(row) for row in self._database.rows(statements.UNFINISHED_RUNS)]

    def steps_of(self, run_id: str) -> list[StepRecord]:
        """The steps of a run: those still planned, then the others as they were begun."""
        with self._decoding():
            rows = self._database.rows(statements.STEPS_OF_RUN, (run_id,))
            return [step_from(row) for row in rows]

    def history(self, dataset: DatasetKey, limit: int = 20) -> list[StepRecord]:
        """The last steps that made `dataset`, or failed or were skipped, newest first."""
        with self._decoding():
            rows = self._database.rows(statements.STEPS_OF_DATASET, (dataset, limit))
            return [step_from(row) for row in rows]

    def prune(self, *, keep_runs: int, older_than: datetime | None = None) -> int:
        """Removes the history of old runs and gives their number; what is current stays.

        Kept are the newest `keep_runs` runs, those begun at `older_than` or later, and all that
        are unfinished.
        """
        with self._database.transaction() as connection:
            return runs.prune(connection, keep_runs=keep_runs, older_than=older_than)

    # The current state

    def current(self, dataset: DatasetKey, dimensions: tuple[Dimension, ...]) -> list[Made]:
        """The commits that the steps of `dataset` were last made by, newest first.

        None when it was last made with other dimensions.
        """
        with self._decoding():
            rows = self._database.rows(statements.PIECES_OF_DATASET, (dataset,))
            return list(read_history(rows, (), {dataset: dimensions}, {}).lookup(dataset))

    def current_all(
        self,
        by_step: Mapping[DatasetKey, tuple[Dimension, ...]],
        by_row: Mapping[DatasetKey, tuple[Dimension, ...]] | None = None,
    ) -> History:
        """What is known of many datasets, by two queries; those with nothing to say are left out.

        `by_step` are the dimensions of their steps, `by_row` those of their rows (None: as the
        steps'). Costs most a dataset whose rows have a track of their own.
        """
        with self._decoding():
            return read_history(
                self._database.rows(statements.ALL_PIECES),
                self._database.rows(statements.ROW_TRACKS),
                by_step,
                by_step if by_row is None else by_row,
            )

    def schemas(self, dataset: DatasetKey) -> list[SchemaChange]:
        """The columns that `dataset` had, oldest first."""
        with self._decoding():
            rows = self._database.rows(statements.SCHEMAS_OF_DATASET, (dataset,))
            return [schema_from(row) for row in rows]

    def newest_schemas(self) -> dict[DatasetKey, SchemaChange]:
        """The columns that each dataset has, by one query."""
        with self._decoding():
            rows = self._database.rows(statements.ALL_SCHEMAS)
            newest = {row[0]: row[1:] for row in rows}  # the last one of each stays
            return {DatasetKey(key): schema_from(row) for key, row in newest.items()}

    def datasets(self) -> list[DatasetKey]:
        """All datasets of which something is known, in no promised order."""
        return [DatasetKey(name) for (name,) in self._database.rows(statements.ALL_DATASETS)]

    def replace_all(
        self,
        dataset: DatasetKey,
        made: Sequence[Made],
        *,
        schemas: Iterable[SchemaChange] | None = None,
        unless_newer: bool = False,
    ) -> bool:
        """Makes `made` all that is known of `dataset`, in one transaction; False: it was not done.

        Likewise `schemas` of its columns; None leaves those as they are. `unless_newer` refuses
        what is older than what is known: a run beside has committed since the table was asked.
        """
        with self._database.transaction() as connection:
            if unless_newer and pieces.is_older(connection, dataset, made):
                return False
            pieces.replace_all(connection, dataset, made)
            if schemas is not None:
                replace_schemas(connection, dataset, schemas)
            return True

    def forget(self, dataset: DatasetKey) -> None:
        """Removes all that is known of `dataset`, so that it counts as never made."""
        self.replace_all(dataset, (), schemas=())

    @contextmanager
    def _decoding(self) -> Generator[None]:
        """Stored text that does not read as what was written is damage like any other."""
        try:
            yield
        except (ValueError, TypeError, KeyError) as error:
            message = f"`{self.shown}` is not a sound ledger: a row of it cannot be read"
            hint = "run `flowforge ledger rebuild`: it keeps it aside and reads the tables"
            raise LedgerBroken(message, hint=hint) from error
