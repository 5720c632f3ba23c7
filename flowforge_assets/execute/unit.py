"""One call of an asset: its rows, held against their promises, ready to be committed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.result import Finding
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import raise_all
from flowforge_assets.execute.call import call_asset, users_code
from flowforge_assets.execute.contract import Frame, as_frame, fitted
from flowforge_assets.execute.inputs import Inputs
from flowforge_assets.execute.judge import Judge
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.spec import spec_of
from flowforge_assets.quality.verdict import refusals
from flowforge_assets.storage.store import Staged, Table

_BYTES_A_VALUE: Final = 16  # a guess on the safe side: numbers have 8, short strings about 16
_SMALL_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class PreparedOutput:
    """The good rows of one dataset, in memory or staged in files, and those set aside.

    `schema` is what the table has after the write: with `extra="keep"` more than is declared.
    """

    schema: Schema
    frame: pl.DataFrame | None = None
    staged: Staged | None = None
    table: Table | None = None
    bad: pl.DataFrame | None = None
    warnings: tuple[Finding, ...] = ()

    @property
    def rows(self) -> int:
        """How many good rows."""
        if self.frame is not None:
            return self.frame.height
        return self.staged.rows if self.staged is not None else 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """All outputs of one call."""

    outputs: tuple[PreparedOutput, ...]

    @property
    def rows(self) -> int:
        """How many good rows in all."""
        return sum(output.rows for output in self.outputs)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What checks found that does not block."""
        return tuple(finding for output in self.outputs for finding in output.warnings)

    @property
    def is_in_files(self) -> bool:
        """Whether rows were staged already, so that they are committed alone."""
        return any(output.staged is not None for output in self.outputs)

    @property
    def bytes_held(self) -> int:
        """What the rows take in memory."""
        return sum(
            int(output.frame.estimated_size())
            for output in self.outputs
            if output.frame is not None
        )

    def discard(self) -> None:
        """Removes what was staged."""
        for output in self.outputs:
            if output.staged is not None and output.table is not None:
                output.table.discard(output.staged)


def prepare(
    scope: RunScope,
    asset: AssetDefinition,
    inputs: Inputs,
    unit: PartitionSet,
    *,
    step_id: str,
    attempt: int,
) -> Prepared:
    """Calls the asset for `unit` and judges what it gives.

    Raises:
        FlowForgeError: it could not be made; the class says why.
    """
    loaded = inputs.load(unit)
    returned = call_asset(scope, asset, unit, loaded, step_id=step_id, attempt=attempt)
    values = (returned,) if len(asset.makes) == 1 else returned
    outputs: list[PreparedOutput] = []
    for output, value in zip(asset.makes, values, strict=True):  # type: ignore[arg-type, call-overload]  # a tuple of outputs
        dataset = scope.graph.datasets[output.dataset]
        frame = users_code(
            asset, lambda v=value, o=output, d=dataset: as_frame(v, o.form, d, asset)
        )  # type: ignore[misc]  # mypy cannot infer defaults
        outputs.append(_prepared(scope, asset, dataset, frame, unit))
    return Prepared(tuple(outputs))


def _prepared(
    scope: RunScope,
    asset: AssetDefinition,
    dataset: DatasetDefinition,
    frame: Frame,
    unit: PartitionSet,
) -> PreparedOutput:
    frame, schema = users_code(asset, lambda: fitted(frame, dataset, asset))
    judge = Judge(scope, asset, dataset, unit)
    if isinstance(frame, pl.LazyFrame):
        lazy = frame
        if not _is_small(scope, asset, lazy, schema):
            return _in_files(scope, judge, lazy, schema)
        frame = users_code(asset, lazy.collect)
    return _in_memory(judge, frame, schema)


def _in_memory(judge: Judge, frame: pl.DataFrame, schema: Schema) -> PreparedOutput:
    """Rows in memory are judged before they are staged."""
    examination = judge.examine(frame)
    bad = None
    if examination.failed:
        frame, bad = judge.divided(frame, examination)
    return PreparedOutput(schema, frame=frame, bad=bad, warnings=examination.warnings)


def _in_files(scope: RunScope, judge: Judge, frame: pl.LazyFrame, schema: Schema) -> PreparedOutput:
    """Rows that may be many are streamed into files and judged by one scan of those."""
    table = scope.store.table(replace(spec_of(judge.dataset), schema=schema))
    staged = users_code(judge.asset, lambda: table.stage(frame))
    bad = None
    try:
        examination = judge.examine(staged.scan())
        if examination.failed:
            if judge.asset.bad_rows != "quarantine":
                raise_all(refusals(examination, judge.dataset.key, place=judge.asset.place))
            good, bad = judge.divided(staged.scan().collect(), examination)
            again = table.stage(good)
            table.discard(staged)
            staged = again
    except BaseException:
        table.discard(staged)
        raise
    return PreparedOutput(
        schema, staged=staged, table=table, bad=bad, warnings=examination.warnings
    )


def _is_small(scope: RunScope, asset: AssetDefinition, frame: pl.LazyFrame, schema: Schema) -> bool:
    """Whether the result may be held in memory, as far as its inputs tell."""
    if not asset.inputs:
        return "SCAN" not in frame.explain(optimized=False)
    rows = sum(scope.made.rows(scope.graph.datasets[read.dataset]) for read in asset.inputs)
    room = max(scope.handover.free_bytes, _SMALL_BYTES)
    return rows * len(schema.fields) * _BYTES_A_VALUE <= room
