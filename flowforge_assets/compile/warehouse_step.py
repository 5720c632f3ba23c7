"""One step of a SQL asset in a warehouse: what it reads and writes there, under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from flowforge_assets.compile.duckdb_text import partition_condition
from flowforge_assets.core.dimension import Kind as PartitionKind
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.core.sql_types import duckdb_type
from flowforge_assets.core.table_name import TableName, staged_name
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.sql_script import ColumnNotHeldError, WriteNotSqlError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.plan.rows import rows_of
from flowforge_assets.sql.portable.condition import written_condition
from flowforge_assets.sql.portable.emit import emit_file, emit_query
from flowforge_assets.sql.portable.emitted import Emitted, Refusal
from flowforge_assets.sql.portable.placed import Placed, Placing, shaped
from flowforge_assets.sql.portable.refusal import Refused
from flowforge_assets.sql.portable.scope import Columns, Names
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.sql.portable.statements.statements import Layout, Statements, TableColumn
from flowforge_assets.sql.portable.tree import At, Query
from flowforge_assets.sql.portable.tree import Literal as Constant
from flowforge_assets.sql.portable.types import BOOL, OTHER, TIMESTAMP, Kind, SqlType, find_type

if TYPE_CHECKING:
    from flowforge_assets.sql.parse import ParsedSql
    from flowforge_assets.sql.result import ParameterValue

Found: TypeAlias = Literal["unknown", "absent", "same", "other"]
"""What is known of the table before: nothing, that there is none, that its columns are the same,
or that they are others."""

STAGED: Final = "staged"
STORED: Final = "stored"
_INSTANT: Final = Plain("timestamp")
_NO_VALUES: Final[Mapping[str, ParameterValue]] = {}


@dataclass(frozen=True)
class WarehouseStep:
    """A step of a SQL asset as a warehouse runs it.

    `unit` are its partitions, as steps are
    cut. `tables` say where the warehouse has the dataset itself, what the query reads and what
    foreign keys refer to. `state` is kept with the table. `restarts` says that all that was in the
    table goes. `runs_checks` says that the caller runs checks of Python on the staged rows.
    """

    asset: AssetDefinition
    graph: Graph
    target: str
    query: ParsedSql
    unit: PartitionSet
    now: datetime
    step_id: str
    tables: Mapping[DatasetKey, TableName]
    parameters: Mapping[str, ParameterValue] = field(default_factory=lambda: dict(_NO_VALUES))
    state: str = ""
    found: Found = "unknown"
    restarts: bool = False
    runs_checks: bool = False

    @property
    def dataset(self) -> DatasetDefinition:
        """What it makes."""
        return self.graph.datasets[self.asset.id]

    @property
    def statements(self) -> Statements:
        """The words of its target."""
        return STATEMENTS[self.target]

    @property
    def table(self) -> TableName:
        """The table that it publishes."""
        return self.tables[self.asset.id]

    @property
    def staged(self) -> TableName:
        """Where its rows are before they are published."""
        return staged_name(self.table, self.step_id)

    @property
    def work(self) -> TableName:
        """The table whose rows it changes: a copy, where statements cannot be one transaction."""
        if self.statements.publishing == "replace":
            return staged_name(self.table, self.step_id, purpose="next")
        return self.table

    @property
    def replaced(self) -> PartitionSet:
        """The partitions of the dataset that an overwrite replaces."""
        return rows_of(self.dataset, self.unit, self.now)

    @property
    def replaces_all(self) -> bool:
        """Whether nothing of what was in the table stays."""
        if self.restarts or self.asset.write == "view":
            return True
        return self.asset.write == "overwrite" and not self.dataset.partitioning.dimensions

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:
        """The columns of the table.

        Raises:
            ColumnNotHeldError: the target cannot hold one (FF-475).
        """
        docs = {column.field.name: column.doc for column in self.dataset.columns}
        return tuple(self._column(each, docs) for each in self.dataset.schema)

    @cached_property
    def staged_columns(self) -> tuple[TableColumn, ...]:
        """Those of the staged table: the mark of rows to be removed stands last."""
        mark = self.asset.deletes
        if mark is None:
            return self.columns
        return (*self.columns, self._column(Field(mark, Plain("bool")), {}))

    @property
    def given_columns(self) -> list[tuple[str, SqlType]]:
        """Names and types of what the query gives: all but what the writer makes."""
        made = {column.field.name for column in self.dataset.columns if column.writer is not None}
        return [(c.name, c.type) for c in self.staged_columns if c.name not in made]

    @property
    def layout(self) -> Layout:
        """How the rows of its table lie: as is said, else cut by its partition, spread by its key.

        What cuts the table cuts it by the partition's unit, or by days.
        """
        said = self.asset.layout
        times = [each for each in self.dataset.partitioning.dimensions if each.is_time]
        others = [d.column for d in self.dataset.partitioning.dimensions if not d.is_time]
        keys = self.dataset.key_columns
        units: dict[str, PartitionKind] = {time.column: time.kind for time in times}
        cut = said.partition_by or next(iter(units), "")
        return Layout(
            spread=said.distribute or (keys[0] if keys else ""),
            cut=cut,
            unit=units.get(cut, "day") if cut else None,
            sort=said.cluster_by or tuple(others),
        )

    @property
    def layout_notes(self) -> tuple[str, ...]:
        """A sentence for each part of the layout that was asked for and the target does without."""
        asked = (option for option, columns in self.asset.layout.columns.items() if columns)
        return tuple(
            f"{self.target} has no word for `{option}`: the table lies as it would without"
            for option in asked
            if option not in self.statements.laid_by
        )

    @cached_property
    def schema(self) -> dict[str, dict[str, str]]:
        """The columns of all that statements read, with DuckDB's types, by the names they use."""
        known = {str(key): _types(self.graph.datasets[key].schema) for key in self.tables}
        own = {c.name: str(c.type) for c in self.columns}
        return {**known, STAGED: {c.name: str(c.type) for c in self.staged_columns}, STORED: own}

    def placed(self, *, restricted: bool = False) -> dict[str, Placed]:
        """Where each of those is; `restricted`: to the partitions that the step reads."""
        places = {STAGED: self.staged, STORED: self.work} | dict(self.tables.items())
        only = self._only() if restricted else {}
        return {
            name: Placed(table, sql_columns(self.schema[name]), only.get(name, ""))
            for name, table in places.items()
        }

    def emitted(self, query: str, *, on: TableName | None = None) -> Emitted:
        """A query over `staged`, `stored` and datasets by their keys, for the target.

        `stored` is the table that is changed, or `on`.
        """
        places = self.placed()
        if on is not None:
            places[STORED] = Placed(on, places[STORED].columns)
        return emit_query(
            query,
            self.schema,
            self.target,
            "duckdb",
            adjust=lambda q, n: Placing(places, n).query(q),
        )

    def emitted_query(self) -> Emitted:
        """The asset's own query: over the tables it reads, with the columns promised."""
        places = self.placed(restricted=True)
        optional = {each.name for each in self.dataset.schema if each.optional}

        def adjust(query: Query, names: Names) -> Query:
            made = shaped(query, self.given_columns, names, may_lack=optional)
            return Placing(places, names).query(made)

        return emit_file(
            self.query.file, self.schema, self.target, parameters=self.parameters, adjust=adjust
        )

    def place(self, refusal: Refusal) -> Place:
        """Where in its file the query is refused."""
        file, line = self.query.file, refusal.line
        before = file.query_column - 1 if line == 1 else 0
        return file.place_at(file.query_line + line - 1, refusal.column + before)

    def condition(self, condition: str, *aliases: str) -> str:
        """A condition on the rows of tables, as text of the target.

        Each of `aliases` has the columns of the staged table where it is `new`, else of the table.

        Raises:
            WriteNotSqlError: it has no exact form there (FF-476).
        """
        known = {name: sql_columns(self.schema[name]) for name in (STAGED, STORED)}
        sources = {each: known[STAGED if each == "new" else STORED] for each in aliases}
        try:
            return written_condition(
                condition, self.statements.target, sources=sources, tables=self.placed()
            )
        except Refused as refused:
            raise self.not_written(refused.refusal) from refused

    def not_written(self, refusal: Refusal) -> WriteNotSqlError:
        """Why the asset's way of writing has no script."""
        message = f"`{self.asset.id}` cannot be written on {self.target}: {refusal.message}"
        return WriteNotSqlError(message, place=self.asset.place, hint=refusal.hint)

    def constant(self, value: datetime, column: TableColumn) -> str:
        """A time as the column holds it."""
        if column.is_instant:
            return self.statements.moment(value.astimezone(UTC).isoformat())
        held = value.date() if column.type.kind is Kind.DATE else value.astimezone(UTC)
        plain = held.replace(tzinfo=None) if isinstance(held, datetime) else held
        written = self.statements.target.literal(Constant(plain, column.type, At(1, 1)))
        assert written is not None  # noqa: S101 - every target has dates and times
        return written

    def truth(self, *, value: bool) -> str:
        """A constant that is true or false."""
        return self.statements.target.literal(Constant(value, BOOL, At(1, 1))) or ""

    def column(self, name: str) -> TableColumn:
        """A column of the staged table."""
        return next(each for each in self.staged_columns if each.name == name)

    def _only(self) -> dict[str, str]:
        """The condition on the rows of each input, where the step does not read them all."""
        found: dict[str, str] = {}
        for read in self.asset.inputs:
            dataset = self.graph.datasets[read.dataset]
            up = dataset.partitioning
            wanted = reads(self.unit, up=up, mapping=read.mapping, now=self.now)
            if up.all(self.now) - wanted:
                found[read.dataset] = partition_condition(wanted, dataset)
        return found

    def _column(self, field_: Field, docs: Mapping[str, str]) -> TableColumn:
        is_instant = field_.type == _INSTANT
        known = TIMESTAMP if is_instant else find_type(duckdb_type(field_.type))
        if known is None or (not is_instant and self.statements.target.types(known) is None):
            message = f"`{self.asset.id}.{field_.name}` is `{field_.type}`, which no table of"
            hint = "cast it in the query to a type that every warehouse has"
            raise ColumnNotHeldError(
                f"{message} {self.target} holds as it is", place=self.asset.place, hint=hint
            )
        return TableColumn(field_.name, known, is_instant=is_instant, doc=docs.get(field_.name, ""))


def sql_columns(columns: Mapping[str, str]) -> Columns:
    """The columns with their types as portable SQL knows them."""
    return tuple((name, find_type(spelled) or OTHER) for name, spelled in columns.items())


def _types(schema: Schema) -> dict[str, str]:
    return {each.name: duckdb_type(each.type) for each in schema}
