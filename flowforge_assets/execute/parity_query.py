"""The query of a SQL asset, over tables of a fixture instead of its inputs: here and elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

import duckdb
import polars as pl
from sqlglot import exp

from flowforge_assets.compile.project_sql import ProjectSql, needed, parsed_query
from flowforge_assets.core.conform import conform
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.rule import Unique
from flowforge_assets.core.schema import Field, Schema
from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.core.table_name import TableName
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.sql_parity import ParityFixtureError
from flowforge_assets.quality.hostile_columns import FixtureTable
from flowforge_assets.quality.hostile_values import hostile_values
from flowforge_assets.sql.asked_values import AskedValues, asked_values
from flowforge_assets.sql.portable.emit import emit_file
from flowforge_assets.sql.portable.placed import Placing
from flowforge_assets.sql.session import FrameInput
from flowforge_assets.storage.store import TableSpec

if TYPE_CHECKING:
    from flowforge_assets.compile.warehouse_step import WarehouseStep
    from flowforge_assets.sql.engine import SqlEngine
    from flowforge_assets.sql.portable.emitted import Emitted
    from flowforge_assets.sql.result import ParameterValue

Frames = Mapping[DatasetKey, pl.DataFrame]
_FAR: Final = 40  # a partition that has others before it, for queries that look back


@dataclass(frozen=True)
class ParityQuery:
    """One query as a step for one target; its tables are a fixture's."""

    asset: AssetDefinition
    step: WarehouseStep

    @classmethod
    def of(cls, source: ProjectSql, asset: AssetDefinition, names: str) -> ParityQuery:
        """The query of the asset, its tables called `names` and a number.

        One that asks for the key of its step has that of an early one, if `source` names none.

        Raises:
            SqlError: it cannot be read, or no query makes it (FF-4xx).
        """
        keys = needed(source.graph, asset.id)
        tables = {
            key: TableName((f"{source.prefix}{SCHEMA}", f"{names}_{number}"))
            for number, key in enumerate(keys)
        }
        asked = [ref for ref in parsed_query(asset).parameters if ref.name not in asset.variables]
        if asked and source.partitions is None:
            every = source.graph.steps(asset).all(source.now)
            point = list(islice(every.points(), _FAR))[-1:]
            source = replace(
                source, partitions=every.single(point[0]).render(None) if point else None
            )
        return cls(asset, next(source.steps(asset, tables)))

    @property
    def reads(self) -> list[DatasetKey]:
        """The datasets that it reads."""
        return sorted({read.dataset for read in self.asset.inputs})

    @cached_property
    def promised(self) -> Schema:
        """The columns that it gives; each may be null, since rules are not what is tried."""
        given = self.asset.returns(self.step.dataset)
        return Schema(tuple(replace(field, nullable=True) for field in given))

    # --- the fixture ----------------------------------------------------------------------------

    @cached_property
    def fixture_tables(self) -> list[FixtureTable]:
        """The datasets that it reads, without columns of types that no fixture has."""
        found: list[FixtureTable] = []
        for key in self.reads:
            dataset = self.step.graph.datasets[key]
            held = [f for f in dataset.schema if hostile_values(f.type, extremes=True)]
            names = {field.name for field in held}
            unique = [rule.columns for rule in dataset.rules if isinstance(rule, Unique)]
            whole = tuple(columns for columns in unique if names.issuperset(columns))
            rules = tuple(rule for rule in dataset.rules if getattr(rule, "column", "") in names)
            found.append(FixtureTable(key, Schema(tuple(held)), rules, whole))
        return found

    def asked(self) -> AskedValues:
        """What it, and the partitions that it reads, ask of columns."""
        conditions = [only for only in self._only.values() if only]
        return asked_values(self.step.query, self.step.parameters, also=conditions)

    def keys(self, rows: int, shared: int, most: int) -> int:
        """How many keys tables of `rows` rows need so that joining them all gives at most `most`.

        `shared` is how many rows of a table have the same key at most.
        """
        joins = sum(1 for _ in self.step.query.tree().find_all(exp.Table)) - 1
        fitting = int((most / rows) ** (1 / max(1, joins)))
        return max(2, rows // max(2, min(shared, fitting)))

    def spec(self, table: FixtureTable) -> TableSpec:
        """The fixture's table as a warehouse makes it: nothing but columns."""
        return TableSpec(table.key, table.schema)

    # --- running it -----------------------------------------------------------------------------

    def here(self, engine: SqlEngine, fixture: Frames) -> pl.DataFrame:
        """The rows that DuckDB gives, with the promised columns.

        Raises:
            SqlError: it stops on these rows (FF-4xx).
            ParityFixtureError: its columns are not those that are promised (FF-472).
        """
        read = {key: FrameInput(self._restricted(key, rows)) for key, rows in fixture.items()}
        parameters: dict[str, ParameterValue] = dict(self.step.parameters)
        found = engine.run(self.step.query, read, parameters=parameters)
        rows, differences = conform(
            found.select([name for name in found.columns if self.promised.find(name)]),
            self.promised,
        )
        if differences:
            message = f"its columns are not those of `{self.asset.id}`: {differences[0]}"
            raise ParityFixtureError(message, hint="`flowforge check` says more")
        return rows

    def emitted(self) -> Emitted:
        """Its text for the target, over the fixture's tables there: rows in no order."""
        return self.step.emitted_query()

    def ordered(self) -> tuple[Emitted, Schema] | None:
        """The same with the order that the query says, and its own columns; None without one."""
        if not self.order:
            return None
        places = self.step.placed(restricted=True)
        found = emit_file(
            self.step.query.file,
            self.step.schema,
            self.step.target,
            parameters=self.step.parameters,
            adjust=lambda query, names: Placing(places, names).query(query),
        )
        fields = [
            self.promised.find(name) or Field(name, from_duckdb(spelled), nullable=True)
            for name, spelled in found.columns
        ]
        return found, Schema(tuple(fields))

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The columns of the result that its rows are ordered by, as far as they are columns."""
        tree = self.step.query.tree()
        order, found = tree.args.get("order"), list[str]()
        items = tree.selects if isinstance(tree, exp.Query) else []
        names = [each.alias_or_name for each in items]
        for key in order.expressions if order is not None else ():
            at, name = key.this, ""
            if isinstance(at, exp.Literal) and at.is_int and int(at.name) <= len(names):
                name = names[int(at.name) - 1]
            elif isinstance(at, exp.Column):
                name = at.name
            known = next((f.name for f in self.promised if f.name.lower() == name.lower()), None)
            if known is None:
                break
            found.append(known)
        return tuple(found)

    @cached_property
    def _only(self) -> dict[DatasetKey, str]:
        """The condition on the rows of each input; empty where all are read."""
        placed = self.step.placed(restricted=True)
        return {key: placed[str(key)].only for key in self.reads}

    def _restricted(self, key: DatasetKey, rows: pl.DataFrame) -> pl.DataFrame:
        only = self._only[key]
        if not only:
            return rows
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            connection.execute("SET TimeZone='UTC'")
            connection.register("given", rows)
            found = connection.sql(f"SELECT * FROM given WHERE {only}").to_arrow_table()  # noqa: S608 - ours
            return pl.DataFrame(found).cast(rows.schema)


SCHEMA: Final = "flowforge_parity"
"""Where the fixture's tables are in a warehouse: in no schema that has others."""


def frame_of(table: FixtureTable, rows: list[tuple[object, ...]]) -> pl.DataFrame:
    """Rows of a fixture as a frame."""
    return pl.DataFrame(rows, schema=polars_schema(table.schema), orient="row")
