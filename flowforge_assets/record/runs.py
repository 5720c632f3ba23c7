"""Runs and their steps in the ledger, each function in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flowforge_assets.errors.record import RunExists
from flowforge_assets.record import statements
from flowforge_assets.record.database import Transaction
from flowforge_assets.record.rows import outcome_row, run_row, step_row, time_text
from flowforge_assets.record.run import RunCounts, RunRecord, RunStatus, StepRecord


def begin(connection: Transaction, run: RunRecord, steps: Iterable[StepRecord]) -> None:
    """Writes a run and what it plans to do.

    Raises:
        RunExists: a run of that id is recorded.
    """
    if connection.execute(statements.FIND_RUN, (run.run_id,)).fetchone():
        raise RunExists(f"the run `{run.run_id}` is recorded already", hint="run again")
    connection.execute(statements.INSERT_RUN, run_row(run))
    _plan(connection, steps)


def end(
    connection: Transaction,
    run_id: str,
    status: RunStatus,
    *,
    counts: RunCounts,
    at: datetime,
) -> None:
    """Writes how a run ended."""
    counted = (counts.made, counts.failed, counts.skipped, counts.fresh)
    connection.execute(statements.END_RUN, (time_text(at), status, *counted, run_id))


def set_outcomes(connection: Transaction, steps: Iterable[StepRecord]) -> None:
    """Writes how steps ended; a step that was not planned is added."""
    for step in steps:
        outcome = (*outcome_row(step), step.run_id, step.step_id)
        if not connection.execute(statements.SET_OUTCOME, outcome).rowcount:
            _plan(connection, [step])


def prune(connection: Transaction, *, keep_runs: int, older_than: datetime | None) -> int:
    """Removes ended runs, save the newest `keep_runs` and those begun since; gives their number."""
    ended = connection.execute(statements.ENDED_RUNS).fetchall()
    limit = None if older_than is None else time_text(older_than)
    gone = [
        (run_id,)
        for run_id, started_at in ended[: max(0, len(ended) - keep_runs)]
        if limit is None or started_at < limit
    ]
    for statement in (
        statements.DELETE_MAKERS,
        statements.DELETE_STEPS,
        statements.DELETE_RUN,
    ):
        connection.executemany(statement, gone)
    return len(gone)


def _plan(connection: Transaction, steps: Iterable[StepRecord]) -> None:
    planned = list(steps)
    connection.executemany(statements.INSERT_STEP, map(step_row, planned))
    makers = ((key, step.run_id, step.step_id) for step in planned for key in step.makes)
    connection.executemany(statements.INSERT_MAKER, makers)
