"""The one way in which anything is made: load, call, stage, check, commit.

Prefect tasks, the local runner and tests all go through `make_unit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.result import Finding
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import raise_all
from flowforge_assets.execute.call import call_asset, users_code
from flowforge_assets.execute.contract import Frame, as_frame, fitted
from flowforge_assets.execute.inputs import load
from flowforge_assets.execute.judge import Judge, quarantined
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.spec import spec_of
from flowforge_assets.plan.step import Step
from flowforge_assets.quality.verdict import refusals
from flowforge_assets.storage.store import Staged, Table

_BYTES_A_VALUE: Final = 16  # a guess on the safe side: numbers have 8, short strings about 16
_SMALL_BYTES: Final = 16_000_000
_NOWHERE: Final = TableVersion("", -1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one unit of a step made, and what its checks have to say without stopping it."""

    made: tuple[Made, ...]
    rows: int
    warnings: tuple[Finding, ...] = ()


def make_unit(scope: RunScope, step: Step, unit: PartitionSet, *, attempt: int = 1) -> Outcome:
    """Makes the partitions `unit` of the step's asset: all its outputs, each committed atomically.

    Whatever fails, a table is as it was or has the new rows whole. Making a unit again that was
    committed before (a retry, a resumed run) commits nothing twice.

    Raises:
        FlowForgeError: it could not be made; the class says why.
    """
    asset = scope.graph.assets[step.asset_id]
    step_id = unit_id(scope.run_id, step, unit)
    loaded = load(scope, asset, asset.inputs, unit)
    returned = call_asset(scope, asset, unit, loaded, step_id=step_id, attempt=attempt)
    values = (returned,) if len(asset.makes) == 1 else returned
    made: list[Made] = []
    warnings: list[Finding] = []
    for output, value in zip(asset.makes, values, strict=True):  # type: ignore[arg-type, call-overload]  # a tuple of outputs
        dataset = scope.graph.datasets[output.dataset]
        frame = as_frame(value, output.form, dataset, asset)
        template = Made(
            dataset=dataset.key,
            partitions=unit,
            asset=asset.name,
            run_id=scope.run_id,
            step_id=step_id,
            fingerprint=scope.fingerprints[asset.id],
            inputs=loaded.versions,
            at=scope.clock(),
            rows=0,
            table=_NOWHERE,
        )
        committed, findings = _write(scope, asset, dataset, frame, template)
        made.append(committed)
        warnings += findings
    return Outcome(tuple(made), sum(each.rows for each in made), tuple(warnings))


def unit_id(run_id: str, step: Step, unit: PartitionSet) -> str:
    """The id by which a commit of this unit is known: the same when the run tries it again."""
    return f"{run_id}/{step.id}|{unit.render(None)}" if unit.dimensions else f"{run_id}/{step.id}"


def _write(
    scope: RunScope, asset: AssetDefinition, dataset: DatasetDefinition, frame: Frame, made: Made
) -> tuple[Made, tuple[Finding, ...]]:
    """Stages the frame, holds it against its promises and commits it."""
    frame, schema = users_code(asset, lambda: fitted(frame, dataset, asset))
    if isinstance(frame, pl.LazyFrame) and _is_small(scope, asset, frame, schema):
        lazy = frame
        frame = users_code(asset, lazy.collect)
    table = scope.store.table(replace(spec_of(dataset), schema=schema))
    judge = Judge(scope, asset, dataset, made.partitions)
    if isinstance(frame, pl.DataFrame):
        return _write_frame(scope, table, judge, frame, made)
    lazy = frame
    staged = users_code(asset, lambda: table.stage(lazy))
    try:
        examination = judge.examine(staged.scan())
        if examination.failed:
            return _set_aside(table, judge, staged, made)
        committed = _commit(table, staged, made)
    except BaseException:
        table.discard(staged)
        raise
    return committed, examination.warnings


def _write_frame(
    scope: RunScope, table: Table, judge: Judge, frame: pl.DataFrame, made: Made
) -> tuple[Made, tuple[Finding, ...]]:
    """The same for rows in memory: they are judged before they are staged."""
    examination = judge.examine(frame)
    if examination.failed:
        frame = quarantined(judge, frame, examination, made)
    elif judge.asset.bad_rows == "quarantine":
        judge.clear_quarantine(made)
    staged = table.stage(frame)
    try:
        committed = _commit(table, staged, made)
    except BaseException:
        table.discard(staged)
        raise
    if scope.readers.get(committed.dataset):
        declared = frame.select(judge.dataset.schema.names)
        scope.handover.keep(committed.dataset, made.partitions, declared, committed.table)
    return committed, examination.warnings


def _set_aside(
    table: Table, judge: Judge, staged: Staged, made: Made
) -> tuple[Made, tuple[Finding, ...]]:
    """Bad rows among staged ones: the good ones are staged again, or nothing is written."""
    rows = staged.scan()
    examination = judge.examine(rows)
    if judge.asset.bad_rows != "quarantine":
        raise_all(refusals(examination, made.dataset, place=judge.asset.place))
    good = quarantined(judge, rows.collect(), examination, made)
    again = table.stage(good)
    try:
        committed = _commit(table, again, made)
    except BaseException:
        table.discard(again)
        raise
    table.discard(staged)
    return committed, examination.warnings


def _commit(table: Table, staged: Staged, made: Made) -> Made:
    made = replace(made, rows=staged.rows)
    version = table.commit(staged, replace=made.partitions, made=made)
    return replace(made, table=version)


def _is_small(scope: RunScope, asset: AssetDefinition, frame: pl.LazyFrame, schema: Schema) -> bool:
    """Whether the result may be held in memory, as far as its inputs tell."""
    if not asset.inputs:
        return "SCAN" not in frame.explain(optimized=False)
    datasets: Mapping[DatasetKey, DatasetDefinition] = scope.graph.datasets
    rows = sum(scope.made.rows(datasets[read.dataset]) for read in asset.inputs)
    room = max(scope.handover.free_bytes, _SMALL_BYTES)
    return rows * len(schema.fields) * _BYTES_A_VALUE <= room
