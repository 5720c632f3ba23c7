"""A dataset's table in a warehouse, as the engine knows tables: staged, checked, published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace as replaced
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Field, Schema
from flowforge_assets.core.schema_change import SchemaChange, columns_of, comments_of
from flowforge_assets.core.schema_text import parse_type
from flowforge_assets.core.table_name import staged_name
from flowforge_assets.core.warehouse_script import state_text
from flowforge_assets.errors.storage import BaseMovedError, NoTableError, NoVersionError
from flowforge_assets.errors.warehouse import WarehouseStateError
from flowforge_assets.sdk.warehouse import NOBODY
from flowforge_assets.storage.evolution import refuse_change, refuse_unlike
from flowforge_assets.storage.made_json import write_made
from flowforge_assets.storage.partition_rows import refuse_strays
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.past import Version, version_of
from flowforge_assets.storage.request import Request
from flowforge_assets.storage.same_steps import refuse_made
from flowforge_assets.storage.store import Everything, Replace, Staged
from flowforge_assets.storage.touched import telling
from flowforge_assets.storage.upkeep import Upkeep, Upkept
from flowforge_assets.warehouse.columns import table_columns
from flowforge_assets.warehouse.conditions import rows_in
from flowforge_assets.warehouse.kept_state import KeptState
from flowforge_assets.warehouse.landing import Landing
from flowforge_assets.warehouse.publishing import Publishing
from flowforge_assets.warehouse.rows import WarehouseRows
from flowforge_assets.warehouse.staged import Found, WarehouseStaged
from flowforge_assets.warehouse.state import TableState, read_state

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.sdk.warehouse import TableFacts
    from flowforge_assets.sql.portable.statements.statements import Statements
    from flowforge_assets.storage.store import Base, TableSpec

_TRIES: Final = 5


class WarehouseTable:
    """One dataset's table; its newest version alone can be read."""

    keeps_views = True

    def __init__(
        self, spec: TableSpec, name: TableName, landing: Landing, statements: Statements
    ) -> None:
        """Of a table that may not be there yet; nobody is asked."""
        self._spec = spec
        self.name = name
        self.landing = landing
        self.warehouse = landing.warehouse
        self.statements = statements
        self.rows = WarehouseRows(self.warehouse, statements, spec.schema)
        self.kept = KeptState(self.warehouse, statements, name)

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self._spec

    @property
    def uri(self) -> str:
        """`postgres://db.example/sales/gold.orders`."""
        return f"{self.warehouse.uri}/{self.name}"

    def version(self) -> TableVersion | None:
        """The newest version, or None before the first commit.

        Raises:
            WarehouseTableError: a table is there that FlowForge did not make (FF-682).
        """
        state = self.state()
        return None if state is None or state.version < 0 else state.at()

    def state(self) -> TableState | None:
        """What the table says of itself; None where none is."""
        facts = self.warehouse.look(self.name)
        try:
            return self._state_of(facts)
        except WarehouseStateError:
            again = self.warehouse.look(self.name)
            if again == facts:
                raise
            return self._state_of(again)  # it was published anew, and what it said is gone

    def found(self) -> Found:
        """What is there now: nothing, a table of the declared columns, or of others."""
        state = self.state()
        if state is None:
            return "absent"
        return "same" if state.schemas[-1].columns == columns_of(self._spec.schema) else "other"

    def make_empty(self) -> None:
        """Makes an empty table that has no version yet, unless one is there."""
        if self.warehouse.look(self.name) is not None:
            return
        spec = self._spec
        now = SchemaChange(-1, datetime.now(UTC), columns_of(spec.schema))
        comment = state_text(TableState(schemas=(now,)).write())
        made = Publishing(self.statements, self.name, table_columns(spec))
        for statement in self.statements.prepared(self.name):
            self.warehouse.execute(statement, NOBODY)
        statements = made.recorded(comment, is_there=False)
        self.warehouse.publish(self.name, statements, NOBODY, expected=None)

    def columns(self) -> pl.Schema | None:
        """The columns of its rows, or None where no table is."""
        state = self.state()
        return None if state is None else polars_schema(self._stored(state))

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The rows of `partitions` (None: all), read by one query when the frame is collected.

        Raises:
            NoTableError: nothing was committed yet (FF-602).
            NoVersionError: another version is asked for than the newest (FF-603).
        """
        state = self.state()
        if state is None or state.version < 0:
            hint = f"make it: `flowforge run -s {self._spec.key}`"
            raise NoTableError(f"`{self._spec.key}` has no table yet", hint=hint)
        self._refuse_older(state, state.version if version is None else version)
        where = (
            "" if partitions is None else rows_in(partitions, self._spec.schema, self.statements)
        )
        return self.rows.scan(self.name, where)

    def stage(self, frame: pl.DataFrame | pl.LazyFrame) -> WarehouseStaged:
        """Loads `frame` into a table of its own, in batches.

        Raises:
            StagedSchemaError: its columns are not the dataset's (FF-612).
            WarehouseTypeError: a column has a type that no warehouse holds exactly (FF-684).
        """
        refuse_unlike(frame.collect_schema(), polars_schema(self._spec.schema), self._spec)
        own = uuid4().hex
        name = staged_name(self.name, f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{own[:4]}/{own}")
        stats = self.landing.load(self._spec, name, frame, NOBODY)
        return WarehouseStaged(name, stats.rows or 0, self.rows, NOBODY, stats=stats)

    def commit(
        self, staged: Staged, *, replace: Replace, made: Made, base: Base | None = None
    ) -> Made:
        """Makes the staged rows the table's and records `made`: see `Warehouse.publish`.

        Raises:
            StrayRowsError: a staged row lies outside of the set `replace` (FF-613).
            SchemaChangeError: rows that stay have other columns than are declared now (FF-611).
            BaseMovedError: the table is not as `base` says, or others publish at once (FF-621).
        """
        mine = staged if isinstance(staged, WarehouseStaged) else self.stage(staged.scan())
        if isinstance(replace, PartitionSet) and replace.dimensions and replace:
            refuse_strays(self._partition_values(mine.name), replace, self._spec)
        done = self._commit(Request(mine, replace, made, base))
        self._clean(mine)
        return done

    def record(self, made: Made, *, base: TableVersion | None = None) -> Made:
        """Records `made` and changes no row; makes an empty table where none is.

        Raises:
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        return self._commit(Request[WarehouseStaged].of_record(made, base))

    def discard(self, staged: Staged) -> None:
        """Drops the staged table, and what was made beside it."""
        if isinstance(staged, WarehouseStaged):
            self._clean(staged)

    def made(self) -> Sequence[Made]:
        """What was made: each partition once, by its last commit, oldest first."""
        state = self.state()
        return [] if state is None else state.made(self._spec)

    def schema_history(self) -> Sequence[SchemaChange]:
        """The columns that it had, oldest first."""
        state = self.state()
        return () if state is None else state.schemas

    def versions(self) -> Sequence[Version]:
        """The newest: a warehouse keeps no other for us."""
        state = self.state()
        if state is None or state.version < 0:
            return []
        newest = {made.table.version: made for made in state.made(self._spec)}.get(state.version)
        at = state.schemas[-1].at if newest is None else newest.at
        return [Version(state.version, at, newest)]

    def made_by(self, version: int) -> Sequence[Made]:
        """What was made by the newest version.

        Raises:
            NoVersionError: it is another (FF-603).
        """
        version_of(self.versions(), version, self._spec.key)
        return self.made()

    def restore(self, version: int, made: Made) -> Made:
        """Nothing: older versions are not kept.

        Raises:
            NoVersionError: always, but for the newest version (FF-603).
        """
        version_of(self.versions(), version, self._spec.key)
        return self.record(replaced(made, touched=PartitionSet.none(self._spec.dimensions)))

    def maintain(self, upkeep: Upkeep) -> Upkept:
        """Drops what killed runs have staged; a warehouse keeps its tables in order itself."""
        read = {key for made in self.made() for key in made.inputs}
        beside = [self.name, *(self.landing.beside(key) for key in sorted(read))]
        swept = self.landing.sweeping.kept_up(beside, self._spec.key, upkeep)
        facts = self.warehouse.look(self.name)
        if facts is not None:
            old = upkeep.swept_before
            swept += self.kept.sweep(facts.comment, old, is_dry=upkeep.is_dry)
        return Upkept(swept=swept)

    def _commit(self, request: Request[WarehouseStaged]) -> Made:
        tries = 0
        while True:
            facts = self.warehouse.look(self.name)
            state = self._state_of(facts) or TableState()
            step_id = request.made.step_id
            if step_id in state.steps:
                return request.done(
                    self._record_of(state, step_id), state.at(state.steps[step_id]), self._spec
                )
            request.refuse_moved(None if state.version < 0 else state.at(), self._spec)
            refuse_made(request, state.made(self._spec), self._spec)
            made = self._touching(request, has_rows=facts is not None)
            try:
                return self._publish(
                    request, replaced(made, table=state.at(state.version + 1)), state, facts
                )
            except BaseMovedError:
                tries += 1
                if tries >= _TRIES:
                    raise

    def _publish(
        self,
        request: Request[WarehouseStaged],
        made: Made,
        state: TableState,
        facts: TableFacts | None,
    ) -> Made:
        spec = self._spec
        now = SchemaChange(
            made.table.version,
            made.at,
            columns_of(spec.schema),
            made.run_id,
            comments_of(spec.comments),
        )
        mine = request.staged
        if facts is not None and self._keeps_rows(request):
            refuse_change(polars_schema(self._stored(state)), spec)
        is_alike = facts is not None and state.schemas[-1].columns == now.columns
        found: Found = "absent" if facts is None else "same" if is_alike else "other"
        publishing = Publishing(self.statements, self.name, table_columns(spec))
        for statement in () if facts is not None else self.statements.prepared(self.name):
            self.warehouse.execute(statement, NOBODY)
        tag = NOBODY if mine is None else mine.tag
        text = self.kept.short(state.after(made, spec, now).write(), tag)
        comment = state_text(text)
        if mine is not None and mine.publish is not None:
            statements = publishing.without_transaction(mine.publish(text, found))
        elif mine is None:
            statements = publishing.recorded(comment, is_there=facts is not None)
        else:
            kept = None if not self._keeps_rows(request) else self._condition(request.replace)
            statements = publishing.published(
                mine.name, comment, kept=kept, keys=_keys(request.replace),
                found=found,
            )  # fmt: skip
        expected = None if facts is None else facts.comment
        try:
            stats = self.warehouse.publish(self.name, statements, tag, expected=expected)
        except BaseMovedError:
            self.kept.forget(comment)
            raise
        if expected is not None and expected != comment:
            self.kept.forget(expected)
        if mine is not None:
            mine.stats += stats
        return made

    def _keeps_rows(self, request: Request[WarehouseStaged]) -> bool:
        """Whether rows stay in the table that were there before."""
        what = request.replace
        if request.staged is None:
            return False
        return not (
            isinstance(what, Everything) or (isinstance(what, PartitionSet) and what == WHOLE)
        )

    def _condition(self, what: Replace) -> str:
        """Which rows go, where a set of partitions says so."""
        if isinstance(what, PartitionSet) and what:
            return rows_in(what, self._spec.schema, self.statements)
        return ""

    def _touching(self, request: Request[WarehouseStaged], *, has_rows: bool) -> Made:
        """The record with what it touches: what is replaced, or where the staged rows lie."""
        made, what, spec = request.made, request.replace, self._spec
        if made.touched is not None or request.staged is None:
            return made
        if not spec.dimensions:
            return telling(made, WHOLE)
        if isinstance(what, PartitionSet) and what:
            return telling(made, what)
        touched = partitions_of(self._partition_values(request.staged.name), spec.dimensions)
        if has_rows and not isinstance(what, PartitionSet):
            touched |= partitions_of(self._partition_values(self.name), spec.dimensions)
        return telling(made, touched)

    def _partition_values(self, name: TableName) -> pl.DataFrame:
        return self.rows.distinct(name, [d.column for d in self._spec.dimensions])

    def _state_of(self, facts: TableFacts | None) -> TableState | None:
        if facts is None:
            return None
        return read_state(facts.comment, self._spec, self.name, self.kept.whole)

    def _record_of(self, state: TableState, step_id: str) -> Mapping[str, object] | None:
        found = (made for made in state.made(self._spec) if made.step_id == step_id)
        made = next(found, None)
        return None if made is None else write_made(made)

    def _stored(self, state: TableState) -> Schema:
        """The columns that the table says it has."""
        fields: list[Field] = []
        for name, spelled in state.schemas[-1].columns:
            data_type, nullable = parse_type(spelled)
            fields.append(Field(name, data_type, nullable=nullable))
        return Schema(tuple(fields))

    def _refuse_older(self, state: TableState, version: int) -> None:
        if version != state.version:
            message = f"`{self._spec.key}` has no version {version}"
            hint = f"a warehouse keeps the newest alone, which is {state.version}"
            raise NoVersionError(message, hint=hint)

    def _clean(self, staged: WarehouseStaged) -> None:
        made = Publishing(self.statements, self.name, ())
        for statement in staged.clean or made.cleaned(staged.name):
            self.warehouse.execute(statement, staged.tag)


def _keys(what: Replace) -> tuple[str, ...]:
    """The columns by which rows are matched; none where they are not."""
    return () if isinstance(what, (PartitionSet, Everything)) else what.columns
