"""One call of an asset: its rows, held against their promises, ready to be committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import polars as pl

from flowforge_assets.core.conform import conform
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.result import Finding
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, Output
from flowforge_assets.errors.run import StepFailedError
from flowforge_assets.execute.artifacts import MadeFile, folder_for, made_file
from flowforge_assets.execute.call import (
    Surroundings,
    call_asset,
    users_code,
    within_timeout,
)
from flowforge_assets.execute.changed_types import set_apart
from flowforge_assets.execute.contract import Frame, as_frame, fitted, returned_values
from flowforge_assets.execute.inputs import Inputs, Loaded
from flowforge_assets.execute.isolated import call_isolated, room_for
from flowforge_assets.execute.judge import Judge
from flowforge_assets.execute.row_promises import refuse_few
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.spec import spec_of, with_extra
from flowforge_assets.execute.states import stamped
from flowforge_assets.execute.upserts import told_apart
from flowforge_assets.execute.written import WrittenStep, examined_in_place, with_jobs
from flowforge_assets.plan.needs import siblings_first
from flowforge_assets.plan.state_time import time_of
from flowforge_assets.quality.verdict import refuse_too_many
from flowforge_assets.storage.partition_rows import refuse_strays
from flowforge_assets.storage.store import Staged, Table

_BYTES_A_VALUE: Final = 16  # a guess on the safe side: numbers have 8, short strings about 16
_SMALL_BYTES: Final = 16_000_000
_FEW_ROWS: Final = 20_000

Engine: TypeAlias = Literal["auto", "in-memory"]


def _nothing_left() -> None:
    """There is nothing to remove."""


@dataclass(frozen=True, slots=True)
class PreparedOutput:
    """The good rows of one dataset, in memory or staged in files, and those set aside.

    `schema` is what the table has after the write: with `extra="keep"` more than is declared.
    `is_unchanged` says that the table has just these rows. A view has none: `is_view`. Of what
    was written in place only `rows_in_place` is known. `meta` is kept with the commit. An artifact
    has a `file` instead of rows. `removed` has the keys of rows that a merge removes.
    """

    schema: Schema
    frame: pl.DataFrame | None = None
    staged: Staged | None = None
    table: Table | None = None
    bad: pl.DataFrame | None = None
    removed: pl.DataFrame | None = None
    warnings: tuple[Finding, ...] = ()
    new_columns: tuple[str, ...] = ()
    is_unchanged: bool = False
    is_view: bool = False
    rows_in_place: int | None = None
    meta: Mapping[str, object] = field(default_factory=dict[str, object])
    file: MadeFile | None = None

    def discard(self) -> None:
        """Removes what was staged."""
        if self.file is not None:
            self.file.discard()
        if self.staged is not None and self.table is not None:
            self.table.discard(self.staged)

    def scan(self) -> pl.LazyFrame | None:
        """The good rows; None of a file, a view and of what was written in place."""
        if self.frame is not None:
            return self.frame.lazy()
        return self.staged.scan() if self.staged is not None else None

    @property
    def rows(self) -> int:
        """How many good rows."""
        if self.frame is not None:
            return self.frame.height
        if self.rows_in_place is not None:
            return self.rows_in_place
        return self.staged.rows if self.staged is not None else 0

    @property
    def delivered(self) -> int | None:
        """How many rows were given, those to be removed among them; None of files and views."""
        if self.file is not None or self.is_view:
            return None
        return self.rows + (0 if self.removed is None else self.removed.height)


@dataclass(frozen=True, slots=True)
class Prepared:
    """All outputs of one call; `committed` is to be called when they are."""

    outputs: tuple[PreparedOutput, ...]
    committed: Callable[[], None] = _nothing_left

    @property
    def rows(self) -> int:
        """How many good rows in all."""
        return sum(output.rows for output in self.outputs)

    @property
    def bad_rows(self) -> int:
        """How many rows are set aside."""
        return sum(output.bad.height for output in self.outputs if output.bad is not None)

    @property
    def new_columns(self) -> tuple[str, ...]:
        """The columns that are kept for the first time."""
        return tuple(name for output in self.outputs for name in output.new_columns)

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
            output.discard()


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

    def computed() -> Prepared:
        loaded = inputs.load(unit)
        with folder_for(asset) as folder, room_for(scope, asset) as room:
            given = {**inputs.refs(unit), **folder}
            if room is not None:
                values = call_isolated(
                    scope, asset, unit, loaded, room, given=given, step_id=step_id, attempt=attempt
                )
                return _all_judged(scope, asset, values, unit)
            if not asset.outs:
                return called(loaded, given)
            prepared, committed = with_jobs(
                scope, asset, inputs, unit,
                lambda step: called(loaded, given | step.arguments(), step),
            )  # fmt: skip
            return replace(prepared, committed=committed)

    def called(
        loaded: Loaded, given: Mapping[str, object], written: WrittenStep | None = None
    ) -> Prepared:
        around = Surroundings.of(scope)
        returned = call_asset(
            around, asset, unit, loaded, given=given, step_id=step_id, attempt=attempt
        )
        values = users_code(asset, lambda: returned_values(returned, asset, scope.graph.datasets))
        if written is None:
            return _all_judged(scope, asset, values, unit)
        prepared = _all_judged(scope, asset, written.found(values), unit)
        pairs = zip(prepared.outputs, values, strict=True)
        outputs = (replace(output, meta=written.meta_of(value)) for output, value in pairs)
        return replace(prepared, outputs=tuple(outputs))

    try:
        # what is isolated is killed when its time is over
        return computed() if asset.isolated else within_timeout(asset, computed)
    except StepFailedError as error:
        inputs.refuse_damaged(error.__cause__)
        raise


def _all_judged(
    scope: RunScope, asset: AssetDefinition, values: Sequence[object], unit: PartitionSet
) -> Prepared:
    """What was returned, one value an output, held against its promises and one another."""
    judged: dict[DatasetKey, PreparedOutput] = {}
    given = {
        output.dataset: _fitted(scope, asset, output, value, unit)
        for output, value in zip(asset.makes, values, strict=True)
    }
    beside = {key: each.frame.lazy() for key, each in given.items() if each.is_rows}
    try:
        for key in siblings_first(asset, scope.graph) if len(given) > 1 else given:
            judged[key] = _judged(scope, asset, given[key], unit, siblings=beside)
            refuse_few(scope, asset, given[key].dataset, unit, judged[key].delivered)
            good = judged[key].scan()
            if good is not None:
                beside[key] = good
    except BaseException:
        Prepared(tuple(judged.values())).discard()
        raise
    return Prepared(tuple(judged[output.dataset] for output in asset.makes))


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What a call gave for one dataset, held against its columns and not yet against its rules.

    Of a file and of what was written in place `value` is what was returned, and no rows are there.
    """

    dataset: DatasetDefinition
    value: object
    frame: Frame
    schema: Schema
    apart: pl.DataFrame | None = None
    removed: pl.DataFrame | None = None
    new_columns: tuple[str, ...] = ()
    is_rows: bool = True


def _fitted(
    scope: RunScope, asset: AssetDefinition, output: Output, value: object, unit: PartitionSet
) -> _Fitted:
    dataset = scope.graph.datasets[output.dataset]
    if dataset.kind == "artifact" or (asset.in_place and output.form == "written"):
        return _Fitted(dataset, value, pl.LazyFrame(), dataset.schema, is_rows=False)
    stored = scope.table(dataset).spec.schema

    def promised() -> tuple[Frame, Schema, pl.DataFrame | None, pl.DataFrame | None]:
        form = "frame" if asset.isolated else output.form
        frame, apart, removed = as_frame(value, form, dataset, asset), None, None
        if asset.deletes is not None:
            frame, removed = told_apart(frame, dataset, asset, unit)
        if asset.bad_rows == "quarantine":
            frame, apart = set_apart(frame, dataset, stored=stored)
        return *fitted(frame, dataset, asset, stored=stored), apart, removed

    frame, schema, apart, removed = users_code(asset, promised)
    new_columns = tuple(name for name in schema.names if stored.find(name) is None)
    if dataset.returned is not dataset.schema:
        schema = with_extra(stored, polars_schema(schema))
        frame = stamped(frame.lazy(), dataset, schema, time_of(unit, scope.now))
    if schema is not stored:
        scope.widened(dataset, schema)
    return _Fitted(dataset, value, frame, schema, apart, removed, new_columns)


def _judged(
    scope: RunScope,
    asset: AssetDefinition,
    given: _Fitted,
    unit: PartitionSet,
    *,
    siblings: Mapping[DatasetKey, pl.LazyFrame],
) -> PreparedOutput:
    dataset, frame, schema = given.dataset, given.frame, given.schema
    beside = {key: rows for key, rows in siblings.items() if key != dataset.key}
    judge = Judge(scope, asset, dataset, unit, siblings=beside, removed=given.removed)
    if dataset.kind == "artifact":
        file = made_file(given.value, scope.artifacts(dataset), dataset, asset)
        return PreparedOutput(dataset.schema, file=file)
    if not given.is_rows:
        examination = examined_in_place(judge)
        return PreparedOutput(
            dataset.schema, warnings=examination.warnings, rows_in_place=examination.rows
        )
    if asset.write == "view":
        return _looked_at(judge, frame.lazy(), schema)
    if isinstance(frame, pl.LazyFrame):
        rows = _rows_read(scope, asset, frame)
        room = max(scope.handover.free_bytes, _SMALL_BYTES)
        is_large = rows is None or rows * len(schema.fields) * _BYTES_A_VALUE > room
        if is_large and asset.write in {"overwrite", "append"}:
            return replace(_in_files(scope, judge, frame, schema), new_columns=given.new_columns)
        # the streaming engine takes 0.15 ms longer to begin
        engine: Engine = "in-memory" if rows is not None and 0 < rows < _FEW_ROWS else "auto"
        lazy = frame
        frame = users_code(asset, lambda: lazy.collect(engine=engine))
    found = _in_memory(judge, frame, schema)
    found = replace(found, new_columns=given.new_columns, removed=given.removed)
    return found if given.apart is None else _with_apart(judge, found, given.apart)


def _with_apart(judge: Judge, found: PreparedOutput, apart: pl.DataFrame) -> PreparedOutput:
    """The output with rows that do not fit their types among those that are set aside."""
    bad = apart if found.bad is None else pl.concat([found.bad, apart], how="diagonal")
    asset, key = judge.asset, judge.dataset.key
    refuse_too_many(
        bad.height,
        found.rows + bad.height,
        max_bad=asset.max_bad,
        dataset=key,
        unit=judge.unit,
        place=asset.place,
    )
    return replace(found, bad=bad)


def together(parts: Sequence[PreparedOutput], schema: Schema) -> pl.DataFrame:
    """The rows of several calls as one frame of `schema`, which has the columns of all."""
    held = [(part.frame, part.schema) for part in parts if part.frame is not None]
    frames = [each if its == schema else conform(each, schema)[0] for each, its in held]
    return frames[0] if len(frames) == 1 else pl.concat(frames)


def _in_memory(judge: Judge, frame: pl.DataFrame, schema: Schema) -> PreparedOutput:
    """Rows in memory are judged before they are staged."""
    if judge.must_lie_in.dimensions:
        refuse_strays(frame, judge.must_lie_in, spec_of(judge.dataset))
    examination = judge.examine(frame)
    bad = None
    if examination.failed:
        frame, bad = judge.divided(frame, examination)
    return PreparedOutput(
        schema,
        frame=frame,
        bad=bad,
        warnings=examination.warnings,
        is_unchanged=judge.finds_unchanged(frame, schema),
    )


def _looked_at(judge: Judge, frame: pl.LazyFrame, schema: Schema) -> PreparedOutput:
    """The rows of a view are judged, where anything judges them, and not kept."""
    if not judge.has_anything_to_judge:
        return PreparedOutput(schema, is_view=True)
    rows = users_code(judge.asset, frame.collect)
    examination = judge.examine(rows)
    if examination.failed:
        judge.refuse(examination)
    return PreparedOutput(schema, warnings=examination.warnings, is_view=True)


def _in_files(scope: RunScope, judge: Judge, frame: pl.LazyFrame, schema: Schema) -> PreparedOutput:
    """Rows that may be many are streamed into files and judged by one scan of those."""
    table = scope.widened(judge.dataset, schema)
    staged = users_code(judge.asset, lambda: table.stage(frame))
    bad = None
    try:
        examination = judge.examine(staged.scan())
        if examination.failed:
            if judge.asset.bad_rows != "quarantine":
                judge.refuse(examination)
            parts = judge.parted(staged.scan(), examination)
            bad = parts.bad.collect(engine="streaming")
            judge.refuse_many(bad.height, staged.rows)
            again = table.stage(parts.good)
            table.discard(staged)
            staged = again
    except BaseException:
        table.discard(staged)
        raise
    return PreparedOutput(
        schema,
        staged=staged,
        table=table,
        bad=bad,
        warnings=examination.warnings,
        is_unchanged=judge.finds_unchanged(staged.scan(), schema),
    )


def _rows_read(scope: RunScope, asset: AssetDefinition, frame: pl.LazyFrame) -> int | None:
    """About how many rows the frame is made from; None for a source of unknown size."""
    if asset.isolated:
        return None  # few rows come in memory
    if all(read.form == "file" for read in asset.inputs):
        return None if "SCAN" in frame.explain(optimized=False) else 0
    return sum(scope.made.rows(scope.graph.datasets[read.dataset]) for read in asset.inputs)
