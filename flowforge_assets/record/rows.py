"""How the values of the ledger are spelled in its rows, and read back from them.

Reading is the hot path of a plan, hence tuples by position: the orders are those of the column
lists in statements.py.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.record.run import RunCounts, RunRecord, StepRecord

# What sqlite3 gives: the types are those of the statement's columns.
Row: TypeAlias = tuple[Any, ...]

# Most datasets share a few shapes and sets, and one step's are asked for several times.
_TEXTS: Final = 1024
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
_DECODER: Final = json.JSONDecoder()


@lru_cache(maxsize=_TEXTS)
def shape_text(dimensions: tuple[Dimension, ...]) -> str:
    """The dimensions as stored: `[["day","day","UTC"]]`; equal for equal dimensions only."""
    return _compact([[each.column, each.kind, each.tz] for each in dimensions])


@lru_cache(maxsize=_TEXTS)
def partitions_text(partitions: PartitionSet) -> str:
    """The boxes of a set as stored; one text for one single partition."""
    return _compact(partitions.to_json())


@lru_cache(maxsize=_TEXTS)
def partitions_from(dimensions: tuple[Dimension, ...], text: str) -> PartitionSet:
    """The set that `text` spells in `dimensions`.

    Raises:
        ValueError: it was not written in these dimensions.
    """
    return PartitionSet.from_json(dimensions, _read(text))


def time_text(at: datetime) -> str:
    """An instant as stored: UTC, of one length, so that texts sort as instants do."""
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")


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
        None if step.work is None else _compact(dict(step.work)),
        step.bytes_written,
    )


def step_from(row: Row) -> StepRecord:
    """The step of a row."""
    run_id, step_id, asset, makes, shape, partitions, reason, status, started, *rest = row
    seconds, rows, error_code, error_message, work, bytes_written = rest
    dimensions = tuple(Dimension(*each) for each in _read(shape))
    return StepRecord(
        run_id=run_id,
        step_id=step_id,
        asset=asset,
        makes=tuple(DatasetKey(key) for key in _read(makes)),
        partitions=partitions_from(dimensions, partitions),
        reason=reason,
        status=status,
        started_at=None if started is None else datetime.fromisoformat(started),
        seconds=seconds,
        rows=rows,
        error_code=error_code,
        error_message=error_message,
        work=None if work is None else _read(work),
        bytes_written=bytes_written,
    )


def made_text(made: Made) -> str:
    """What a piece stores of its commit beside dataset, partitions, table and version."""
    fingerprint = made.fingerprint
    return _compact(
        (
            made.asset,
            made.run_id,
            made.step_id,
            fingerprint.algorithm,
            fingerprint.code,
            fingerprint.schema,
            fingerprint.config,
            fingerprint.engine,
            {key: (table.table_id, table.version) for key, table in made.inputs.items()},
            time_text(made.at),
            made.rows,
            *_tail(made),
        )
    )


def _tail(made: Made) -> tuple[object, ...]:
    """What few commits say, or older ones did not; what is empty at its end is left out."""
    if made.bytes_written is not None:
        return made.source, made.bytes_written
    return (made.source,) if made.source else ()


def made_from(
    dataset: DatasetKey, partitions: PartitionSet, table: TableVersion, text: str
) -> Made:
    """The commit of a piece; `text` is what `made_text` gives."""
    (
        (asset, run_id, step_id, algorithm, code, schema, config, engine, inputs, at, rows, *tail),
        _,
    ) = _DECODER.raw_decode(text)
    # By position: a keyword costs as much as the field.
    return Made(
        dataset,
        partitions,
        asset,
        run_id,
        step_id,
        _fingerprint(algorithm, code, schema, config, engine),
        {_key(key): _version(*version) for key, version in inputs.items()},
        datetime.fromisoformat(at),
        rows,
        table,
        None,
        False,  # noqa: FBT003 - by position, as above
        *tail,
    )


# The pieces of one dataset mostly have one fingerprint, and read the same versions of the same
# few datasets: each value is made once, so that a hundred thousand pieces cost little.
_fingerprint: Final = lru_cache(maxsize=_TEXTS)(Fingerprint)
_version: Final = lru_cache(maxsize=_TEXTS)(TableVersion)
_key: Final = lru_cache(maxsize=_TEXTS)(DatasetKey)


def _compact(value: object) -> str:
    return _ENCODER.encode(value)


def _read(text: str) -> Any:  # noqa: ANN401  # JSON can hold anything
    return _DECODER.raw_decode(text)[0]
