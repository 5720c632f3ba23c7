"""How the values of the ledger are spelled in its rows, and read back from them.

Reading is the hot path of a plan, hence tuples by position: the orders are those of the column
lists in statements.py.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.record.run import RunCounts, RunRecord, StepRecord

# What sqlite3 gives: the types are those of the statement's columns.
Row: TypeAlias = tuple[Any, ...]


def shape_text(dimensions: tuple[Dimension, ...]) -> str:
    """The dimensions as stored: `[["day","day","UTC"]]`; equal for equal dimensions only."""
    return _compact([[each.column, each.kind, each.tz] for each in dimensions])


def partitions_text(partitions: PartitionSet) -> str:
    """The boxes of a set as stored; one text for one single partition."""
    return _compact(partitions.to_json())


def partitions_from(dimensions: tuple[Dimension, ...], text: str) -> PartitionSet:
    """The set that `text` spells in `dimensions`.

    Raises:
        ValueError: it was not written in these dimensions.
    """
    return PartitionSet.from_json(dimensions, json.loads(text))


def time_text(at: datetime) -> str:
    """An instant as stored: UTC, of one length, so that texts sort as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def run_row(run: RunRecord) -> Row:
    """The row of a run."""
    counts = run.counts
    return (
        run.run_id,
        time_text(run.started_at),
        None if run.ended_at is None else time_text(run.ended_at),
        run.status,
        run.env,
        run.selection,
        run.plan_hash,
        run.pid,
        run.host,
        counts.made,
        counts.failed,
        counts.skipped,
        counts.fresh,
    )


def run_from(row: Row) -> RunRecord:
    """The run of a row."""
    run_id, started, ended, status, env, selection, plan_hash, pid, host, *counts = row
    return RunRecord(
        run_id=run_id,
        started_at=datetime.fromisoformat(started),
        env=env,
        selection=selection,
        plan_hash=plan_hash,
        pid=pid,
        host=host,
        status=status,
        ended_at=None if ended is None else datetime.fromisoformat(ended),
        counts=RunCounts(*counts),
    )


def step_row(step: StepRecord) -> Row:
    """The row of a step, its outcome last."""
    return (
        step.run_id,
        step.step_id,
        step.asset,
        _compact(step.makes),
        shape_text(step.partitions.dimensions),
        partitions_text(step.partitions),
        step.reason,
        *outcome_row(step),
    )


def outcome_row(step: StepRecord) -> Row:
    """The columns of a step that its end changes."""
    return (
        step.status,
        None if step.started_at is None else time_text(step.started_at),
        step.seconds,
        step.rows,
        step.error_code,
        step.error_message,
    )


def step_from(row: Row) -> StepRecord:
    """The step of a row."""
    run_id, step_id, asset, makes, shape, partitions, reason, status, started, *rest = (
        row
    )
    seconds, rows, error_code, error_message = rest
    dimensions = tuple(Dimension(*each) for each in json.loads(shape))
    return StepRecord(
        run_id=run_id,
        step_id=step_id,
        asset=asset,
        makes=tuple(DatasetKey(key) for key in json.loads(makes)),
        partitions=partitions_from(dimensions, partitions),
        reason=reason,
        status=status,
        started_at=None if started is None else datetime.fromisoformat(started),
        seconds=seconds,
        rows=rows,
        error_code=error_code,
        error_message=error_message,
    )


def made_row(made: Made) -> Row:
    """The columns of a piece that follow its partitions."""
    fingerprint = made.fingerprint
    return (
        made.table.version,
        made.asset,
        made.run_id,
        made.step_id,
        fingerprint.algorithm,
        fingerprint.code,
        fingerprint.schema,
        fingerprint.config,
        fingerprint.engine,
        _compact(
            {key: (table.table_id, table.version) for key, table in made.inputs.items()}
        ),
        time_text(made.at),
        made.rows,
    )


def made_from(
    dataset: DatasetKey, partitions: PartitionSet, table_id: str, row: Row
) -> Made:
    """The commit of a piece; `row` is what `made_row` gives."""
    version, asset, run_id, step_id, algorithm, code, schema, config, engine, *rest = (
        row
    )
    inputs, at, rows = rest
    return Made(
        dataset=dataset,
        partitions=partitions,
        asset=asset,
        run_id=run_id,
        step_id=step_id,
        fingerprint=Fingerprint(algorithm, code, schema, config, engine),
        inputs={
            DatasetKey(key): TableVersion(*table)
            for key, table in json.loads(inputs).items()
        },
        at=datetime.fromisoformat(at),
        rows=rows,
        table=TableVersion(table_id, version),
    )


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
