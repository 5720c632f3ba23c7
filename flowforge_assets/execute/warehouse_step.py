"""Makes a SQL asset in the environment's warehouse: load, stage, test; the commit publishes.

Its query never leaves the warehouse: what it reads there is read there, and what lies in the lake
is loaded first, once a run. The statements are those that `flowforge compile --to sql` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from flowforge_assets.compile.warehouse_sql import warehouse_script
from flowforge_assets.compile.warehouse_step import WarehouseStep
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.result import Examination, Finding
from flowforge_assets.core.rule import References
from flowforge_assets.core.table_name import TableName
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, Input
from flowforge_assets.declare.mapping import All
from flowforge_assets.errors.warehouse import WarehouseAssetError
from flowforge_assets.execute.call import within_timeout
from flowforge_assets.execute.inputs import Inputs
from flowforge_assets.execute.judge import Judge
from flowforge_assets.execute.row_promises import refuse_few
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.spec import spec_of
from flowforge_assets.execute.unit import Prepared, PreparedOutput
from flowforge_assets.quality.examine import examine
from flowforge_assets.sdk.warehouse import JobStats, Tag
from flowforge_assets.sql.file import query_file
from flowforge_assets.sql.parse import parse
from flowforge_assets.sql.step_parameters import parameter_values
from flowforge_assets.storage.store import NO_TABLE, Everything, Known, Matching, Staged, Table
from flowforge_assets.warehouse.columns import refuse_other_columns
from flowforge_assets.warehouse.staged import Found, WarehouseStaged
from flowforge_assets.warehouse.table import WarehouseTable

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.warehouse_script import WarehouseScript
    from flowforge_assets.sql.result import ParameterValue


def runs_in_warehouse(scope: RunScope, asset: AssetDefinition) -> bool:
    """Whether the asset asks for a warehouse, and the environment has one."""
    if not asset.warehouse:
        return False
    return isinstance(scope.table(scope.graph.datasets[asset.id]), WarehouseTable)


def prepare_in_warehouse(
    scope: RunScope,
    asset: AssetDefinition,
    inputs: Inputs,
    unit: PartitionSet,
    *,
    step_id: str,
    attempt: int,  # noqa: ARG001 - as `prepare`; the staged table is the same for each try
) -> Prepared:
    """Stages the rows of `unit` in the warehouse, and counts there what breaks its promises.

    Raises:
        FlowForgeError: it could not be made; the class says why. Nothing staged is left.
    """
    work = _Work(scope, asset, inputs, unit, step_id)
    return within_timeout(asset, work.prepared)


def publish(  # noqa: PLR0913 - as `write`, in whose place it stands
    table: Table,
    rows: pl.DataFrame | Staged,
    *,
    asset: AssetDefinition,
    dataset: DatasetDefinition,
    replaced: PartitionSet,
    made: Made,
    now: datetime,  # noqa: ARG001 - as above
    removed: pl.DataFrame | None = None,  # noqa: ARG001 - as above
    known: Callable[[], Known | None] = lambda: None,
) -> Made:
    """Commits rows that are staged in the warehouse; the step's statements write as the asset does.

    Raises:
        StorageError: the commit fails (FF-6xx).
        BaseMovedError: another run has made these steps meanwhile, where that matters (FF-621).
    """
    assert isinstance(rows, WarehouseStaged)  # noqa: S101 - else it is `write` that is called
    if made.restart:
        return table.commit(rows, replace=Everything(), made=made)
    if asset.write in {"overwrite", "view"}:
        return table.commit(rows, replace=replaced, made=made)
    if asset.write == "append":
        none = PartitionSet.none(dataset.partitioning.dimensions)
        return table.commit(rows, replace=none, made=made, base=known())
    by_key = Matching(dataset.key_columns, is_unique=True)
    return table.commit(rows, replace=by_key, made=made, base=known())


class _Work:
    """One unit of one asset."""

    def __init__(
        self,
        scope: RunScope,
        asset: AssetDefinition,
        inputs: Inputs,
        unit: PartitionSet,
        step_id: str,
    ) -> None:
        table = scope.table(scope.graph.datasets[asset.id])
        assert isinstance(table, WarehouseTable)  # noqa: S101 - the caller has looked
        self.scope = scope
        self.asset = asset
        self.inputs = inputs
        self.unit = unit
        self.step_id = step_id
        self.table = table
        self.warehouse = table.warehouse
        self.dataset = scope.graph.datasets[asset.id]
        seconds = None if asset.timeout is None else asset.timeout.total_seconds()
        self.tag = Tag(scope.run_id, asset.name, step_id, seconds)
        self.stats = JobStats()

    def prepared(self) -> Prepared:
        """The staged rows, judged."""
        landing = self.table.landing
        read = [landing.beside(each.dataset) for each in self.asset.inputs]
        landing.sweeping.once([self.table.name, *read], self.dataset.key, self.scope.is_over)
        step = self._step()
        script = warehouse_script(step)
        staged = WarehouseStaged(
            step.staged,
            0,
            self.table.rows,
            self.tag,
            publish=partial(self._publish, step),
            clean=script.clean,
        )
        try:
            warnings = self._staged(script, staged)
        except BaseException:
            self.table.discard(staged)
            raise
        staged.stats += self.stats
        output = PreparedOutput(
            self.dataset.schema, staged=staged, table=self.table, warnings=warnings
        )
        return Prepared((output,))

    def _staged(self, script: WarehouseScript, staged: WarehouseStaged) -> tuple[Finding, ...]:
        """Runs the query into the staged table; one query each counts what breaks a promise."""
        for statement in script.stage:
            self.stats += self.warehouse.execute(statement, self.tag)
        facts = self.warehouse.look(staged.name)
        if facts is not None:
            where = f"the result of `{self.asset.name}`"
            refuse_other_columns(facts, self.table.spec, self.warehouse.target, where)
        staged.rows = self.warehouse.number(script.count, self.tag)
        self.stats = replace(self.stats, rows=staged.rows)
        judge = Judge(self.scope, self.asset, self.dataset, self.unit)
        counted = [(test, self.warehouse.number(test.text, self.tag)) for test in script.tests]
        found = [
            Finding(test.name, "rule", (test.column,) if test.column else (), broken)
            for test, broken in counted
            if broken
        ]
        if self.scope.graph.checks.get(self.dataset.key):
            # checks of Python need the rows: they are read back in batches
            rows = staged.scan()
            found += examine(rows, (), checks=judge.checks(rows)).findings
        refuse_few(self.scope, self.asset, self.dataset, self.unit, staged.rows)
        examination = Examination(staged.rows, tuple(found))
        if examination.failed:
            judge.refuse(examination)
        return examination.warnings

    def _publish(self, step: WarehouseStep, state: str, found: Found) -> Sequence[str]:
        is_first = found == "absent" or step.restarts
        return warehouse_script(replace(step, state=state, found=found, restarts=is_first)).publish

    def _step(self) -> WarehouseStep:
        self._refuse_what_runs_here()
        if self.asset.deletes is not None:
            self.table.make_empty()  # the mark of rows to be removed must not become a column
        found = self.table.found()
        parsed = parse(query_file(self.asset))
        return WarehouseStep(
            asset=self.asset,
            graph=self.scope.graph,
            target=self.warehouse.target,
            query=parsed,
            unit=self.unit,
            now=self.scope.now,
            step_id=self.step_id,
            tables=self._tables(),
            parameters=self._parameters(),
            found=found,
            restarts=found == "absent" or self.scope.made.is_rebuilding(self.dataset.key),
            runs_checks=True,
        )

    def _tables(self) -> dict[DatasetKey, TableName]:
        """Where the warehouse has what the statements read; what it lacks is loaded."""
        found = {self.dataset.key: self.table.name}
        for read in (*self.asset.inputs, *self._looked_up()):
            if read.dataset in found:
                continue
            wanted = self.inputs.wanted(read, self.unit)
            dataset = self.scope.graph.datasets[read.dataset]
            source = self.scope.reader(dataset)
            if isinstance(source, WarehouseTable) and source.warehouse is self.warehouse:
                facts = self.warehouse.look(source.name)
                if facts is not None:
                    where = f"the table `{source.name}`"
                    refuse_other_columns(facts, source.spec, self.warehouse.target, where)
                found[read.dataset] = source.name
            else:
                none = PartitionSet.none(dataset.partitioning.dimensions)
                found[read.dataset] = self._loaded(
                    read, dataset, none if wanted is None else wanted
                )
        return found

    def _looked_up(self) -> list[Input]:
        """What foreign keys refer to, as inputs that are read whole."""
        targets = {r.target for r in self.dataset.rules if isinstance(r, References)}
        return [Input(key, key, "frame", All(), optional=True) for key in sorted(targets)]

    def _loaded(self, read: Input, dataset: DatasetDefinition, wanted: PartitionSet) -> TableName:
        """The table that those partitions are loaded into, once a run and version."""
        version = self.inputs.versions.get(dataset.key, NO_TABLE)
        what = f"{self.scope.run_id} {version.table_id} {version.version} {wanted.render(None)}"
        name, stats = self.table.landing.land(
            spec_of(dataset), what, partial(self.inputs.rows, read, wanted), self.tag
        )
        self.stats += stats
        return name

    def _parameters(self) -> Mapping[str, ParameterValue]:
        return parameter_values(self.unit, self.asset.variables)

    def _refuse_what_runs_here(self) -> None:
        asset = self.asset
        if asset.bad_rows == "quarantine":
            message = f"`{asset.name}` sets bad rows aside, which it cannot in a warehouse"
            hint = 'take `warehouse = true` away, or let bad rows stop it: `bad_rows = "stop"`'
            raise WarehouseAssetError(message, place=asset.place, hint=hint)
        if self.dataset.extra == "keep":
            message = f"`{asset.name}` keeps columns that are not declared, which no warehouse can"
            hint = "declare them, or take `warehouse = true` away"
            raise WarehouseAssetError(message, place=asset.place, hint=hint)
