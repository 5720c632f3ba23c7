"""The one way in which anything is made: load, call, stage, check, commit.

Prefect tasks, the local runner and tests all go through `make_batch`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.record import RecordError
from flowforge_assets.execute.artifacts import commit_files
from flowforge_assets.execute.inputs import Inputs
from flowforge_assets.execute.judge import Judge
from flowforge_assets.execute.outcome import Committed, UnitOutcome, unit_id
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.unit import Prepared, PreparedOutput, prepare, together
from flowforge_assets.execute.upserts import Part, one_a_key
from flowforge_assets.execute.writes import write
from flowforge_assets.plan.rows import may_touch, rows_of
from flowforge_assets.plan.step import Step
from flowforge_assets.warehouse.staged import WarehouseStaged

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.storage.store import Staged

_NOWHERE: Final = TableVersion("", -1)
_MOST_BYTES_HELD: Final = 64_000_000
LONGEST_HELD_SECONDS: Final = 5.0
"""What took longer to make than this is committed: a kill would have it made again."""

T = TypeVar("T")


class Attempt(Protocol):
    """Calls `make` with the number of the attempt, as often as the asset allows."""

    def __call__(self, make: Callable[[int], T], /) -> T:
        """What `make` gives in the end."""
        ...


def make_batch(
    scope: RunScope,
    step: Step,
    units: Iterable[PartitionSet],
    batch: PartitionSet,
    *,
    attempt: Attempt,
    on_commit: Callable[[Committed], None],
    on_failure: Callable[[UnitOutcome], None],
) -> None:
    """Makes `units` of the step's asset, each by a call of its own, and commits them together.

    `batch` is the union of the units. Each unit is judged by itself: one that fails is reported
    and left out. What is committed is told at once. Rows are held until the commit up to 64 MB,
    or until they took 5 seconds to make;
    a result that is too large to be held is staged in files and committed alone.

    Whatever fails, a table is as it was or has whole partitions. A commit that is tried again (a
    retry, a resumed run) is not made twice.
    """
    asset = scope.graph.assets[step.asset_id]
    inputs = Inputs(scope, asset, asset.inputs, batch)
    writer = _Writer(
        scope, step, inputs, attempt=attempt, on_commit=on_commit, on_failure=on_failure
    )
    for unit in units:
        start = time.perf_counter()
        step_id = unit_id(scope.run_id, step, unit)
        try:
            make = _maker(scope, asset)
            call = partial(make, scope, asset, inputs, unit, step_id=step_id)
            prepared = attempt(lambda number, call=call: call(attempt=number))  # type: ignore[misc]  # mypy cannot infer defaults
        except FlowForgeError as error:
            on_failure(UnitOutcome(unit, time.perf_counter() - start, error=error))
            continue
        writer.add(unit, prepared, time.perf_counter() - start)
    writer.flush()


def _maker(scope: RunScope, asset: AssetDefinition) -> Callable[..., Prepared]:
    """What calls the asset, here or in the warehouse."""
    if asset.warehouse:
        # duckdb and sqlglot: what is made here may need neither
        from flowforge_assets.execute.warehouse_step import prepare_in_warehouse, runs_in_warehouse

        if runs_in_warehouse(scope, asset):
            return prepare_in_warehouse
    return prepare


def _way_to_commit(staged: Staged | None) -> Callable[..., Made]:
    """What commits the rows, here or in the warehouse."""
    if isinstance(staged, WarehouseStaged):
        from flowforge_assets.execute.warehouse_step import publish  # as above

        return publish
    return write


def _work_of(prepared: Prepared) -> Mapping[str, object] | None:
    """What was done for it in a warehouse, by now."""
    staged = prepared.outputs[0].staged
    return staged.stats.as_json() if isinstance(staged, WarehouseStaged) else None


class _Writer:
    """Holds judged rows and commits them: several units by one commit a dataset."""

    def __init__(
        self,
        scope: RunScope,
        step: Step,
        inputs: Inputs,
        *,
        attempt: Attempt,
        on_commit: Callable[[Committed], None],
        on_failure: Callable[[UnitOutcome], None],
    ) -> None:
        self.scope = scope
        self.step = step
        self.asset = scope.graph.assets[step.asset_id]
        self.inputs = inputs
        self.attempt = attempt
        self.on_commit = on_commit
        self.on_failure = on_failure
        self.held: list[tuple[PartitionSet, Prepared, float]] = []
        self.bytes_held = 0
        self.seconds_held = 0.0

    def add(self, unit: PartitionSet, prepared: Prepared, seconds: float) -> None:
        """Holds the unit's rows; commits when they are many, or lie in files."""
        if prepared.is_in_files:
            self.flush()
        self.held.append((unit, prepared, seconds))
        self.bytes_held += prepared.bytes_held
        self.seconds_held += seconds
        is_long = self.seconds_held > LONGEST_HELD_SECONDS
        if prepared.is_in_files or is_long or self.bytes_held > _MOST_BYTES_HELD:
            self.flush()

    def flush(self) -> None:
        """Commits what is held."""
        held, self.held, self.bytes_held, self.seconds_held = self.held, [], 0, 0.0
        if not held:
            return
        start = time.perf_counter()
        try:
            made = self.attempt(lambda _: self._committed(held))
        except RecordError:
            # The run may commit no more, or cannot know it: it ends here.
            for _, prepared, _ in held:
                prepared.discard()
            raise
        except FlowForgeError as error:
            for unit, prepared, seconds in held:
                prepared.discard()
                self.on_failure(UnitOutcome(unit, seconds, error=error, in_doubt=True))
            return
        except BaseException:
            for _, prepared, _ in held:
                prepared.discard()
            raise
        share = (time.perf_counter() - start) / len(held)
        units = tuple(
            UnitOutcome(
                unit,
                seconds + share,
                rows=prepared.rows,
                bad_rows=prepared.bad_rows,
                warnings=prepared.warnings,
                new_columns=prepared.new_columns,
                work=_work_of(prepared),
            )
            for unit, prepared, seconds in held
        )
        self.on_commit(Committed(tuple(made), units))
        for _, prepared, _ in held:
            prepared.committed()

    def _committed(self, held: list[tuple[PartitionSet, Prepared, float]]) -> list[Made]:
        done = held[0][0]
        for unit, _, _ in held[1:]:
            done |= unit
        made: list[Made] = []
        for place, output in enumerate(self.asset.makes):
            self.scope.still_mine()
            if self.step.commits and output.dataset not in self.step.commits:
                for _, prepared, _ in held:
                    prepared.outputs[place].discard()
                continue  # it was committed by the run that is taken up
            dataset = self.scope.graph.datasets[output.dataset]
            parts = [(unit, prepared.outputs[place]) for unit, prepared, _ in held]
            if dataset.kind == "artifact":
                made.append(self._commit_files(dataset, parts, done))
                continue
            if self.asset.bad_rows == "quarantine":
                bad = [part.bad for _, part in parts if part.bad is not None]
                judge = Judge(self.scope, self.asset, dataset, done)
                judge.set_aside(bad, self._record(dataset.key, done, rows=0))
            # a commit by columns that another thread has widened meanwhile would be refused
            with self.scope.widening if dataset.extra == "keep" else nullcontext():
                committed, frame = self._write(dataset, parts, done)
            made.append(committed)
            self._hand_over(dataset, committed, frame)
        return made

    def _write(
        self,
        dataset: DatasetDefinition,
        parts: Sequence[tuple[PartitionSet, PreparedOutput]],
        done: PartitionSet,
    ) -> tuple[Made, pl.DataFrame | None]:
        """Commits rows that were judged; gives the commit, and the rows if they are in memory.

        Of units whose rows are as they were only the record is written.
        """
        table = self.scope.table(dataset)
        made = self._record(dataset.key, done, rows=sum(part.rows for _, part in parts))
        if self.inputs.taken is not None:
            table = self.inputs.taken.guarding(table, done, made.step_id)
        restarts = self.scope.made.is_rebuilding(dataset.key)
        if restarts or parts[0][1].meta:
            made = replace(made, restart=restarts, meta=parts[0][1].meta)
        new = [(unit, part) for unit, part in parts if restarts or not part.is_unchanged]
        frames = [part for _, part in parts if part.frame is not None]
        frame = together(frames, table.spec.schema) if len(frames) == len(parts) else None
        if parts[0][1].is_view:
            return table.record(made), None
        if parts[0][1].rows_in_place is not None:
            touched = may_touch(self.asset, dataset, done, self.scope.now)
            made = made if dataset.steps is None else replace(made, touched=touched)
            return table.record(made), None
        if not new:
            for _, part in parts:
                part.discard()
            nothing = PartitionSet.none(dataset.partitioning.dimensions)
            return table.record(replace(made, touched=nothing)), frame
        changed = new[0][0]
        for unit, _ in new[1:]:
            changed |= unit
        replaced = rows_of(dataset, changed, self.scope.now)
        if self.asset.write == "overwrite" and (dataset.steps is not None or changed != done):
            made = replace(made, touched=replaced)
        staged = new[0][1].staged
        rows: pl.DataFrame | Staged
        rows, removed = (
            self._rows(dataset, new, frame if len(new) == len(parts) else None)
            if staged is None
            else (staged, None)
        )
        committed = _way_to_commit(staged)(
            table,
            rows,
            asset=self.asset,
            dataset=dataset,
            replaced=replaced,
            made=made,
            now=self.scope.now,
            removed=removed,
            known=lambda: self.scope.made.known(dataset.key, done),
        )
        return committed, frame

    def _commit_files(
        self,
        dataset: DatasetDefinition,
        parts: Sequence[tuple[PartitionSet, PreparedOutput]],
        done: PartitionSet,
    ) -> Made:
        """Commits the files of an artifact."""
        now = self.scope.now
        files = [(rows_of(dataset, unit, now), p.file) for unit, p in parts if p.file is not None]
        made = self._record(dataset.key, done, rows=0)
        return commit_files(self.scope.artifacts(dataset), files, made)

    def _rows(
        self,
        dataset: DatasetDefinition,
        parts: Sequence[tuple[PartitionSet, PreparedOutput]],
        rows: pl.DataFrame | None,
    ) -> Part:
        """The rows of several units, put together before or here; one a key where that counts."""
        if rows is None:
            schema = self.scope.table(dataset).spec.schema
            rows = together([part for _, part in parts], schema)
        if self.asset.write in {"merge", "insert"}:
            heights = [part.rows for _, part in parts]
            removed = [part.removed for _, part in parts]
            return one_a_key(rows, heights, removed, dataset, self.asset)
        return rows, None

    def _record(self, key: DatasetKey, done: PartitionSet, *, rows: int) -> Made:
        return Made(
            dataset=key,
            partitions=done,
            asset=self.asset.name,
            run_id=self.scope.run_id,
            step_id=unit_id(self.scope.run_id, self.step, done),
            fingerprint=self.scope.fingerprints[self.asset.id],
            inputs=self.inputs.versions,
            at=self.scope.clock(),
            rows=rows,
            table=_NOWHERE,
            source=self.scope.observed.get(self.asset.id, ""),
        )

    def _hand_over(
        self, dataset: DatasetDefinition, made: Made, frame: pl.DataFrame | None
    ) -> None:
        is_all = self.asset.write == "overwrite" and dataset.steps is None
        if frame is not None and is_all and self.scope.readers.get(dataset.key):
            names = list(dataset.schema.names)
            declared = frame if frame.columns == names else frame.select(names)
            self.scope.handover.keep(dataset.key, made.partitions, declared, made.table)
