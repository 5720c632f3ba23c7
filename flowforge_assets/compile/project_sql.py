"""The SQL assets of a project as steps of a warehouse that nobody has seen yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flowforge_assets.compile.warehouse_step import WarehouseStep
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.rule import References
from flowforge_assets.core.table_name import TableName, same_names, table_name
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import did_you_mean, raise_all
from flowforge_assets.errors.sql import SqlTargetError
from flowforge_assets.errors.sql_script import NotSqlError, ScriptPartitionError, TableNameError
from flowforge_assets.graph.build import Graph
from flowforge_assets.sql.file import query_file
from flowforge_assets.sql.parse import ParsedSql, parse
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.sql.step_parameters import parameter_values


@dataclass(frozen=True, slots=True)
class ProjectSql:
    """Makes steps of the SQL assets of a project, for one target.

    `prefix` stands before each schema. `partitions` is what was asked for, None: everything.
    """

    graph: Graph
    target: str
    now: datetime
    prefix: str = ""
    partitions: str | None = None

    def __post_init__(self) -> None:
        """Refuses a target that there is not.

        Raises:
            SqlTargetError: there is none of that name (FF-456).
        """
        if self.target not in STATEMENTS:
            hint = did_you_mean(self.target, STATEMENTS) or f"there are {', '.join(STATEMENTS)}"
            raise SqlTargetError(f"no target `{self.target}`", hint=hint)

    def tables(self, ids: Iterable[DatasetKey]) -> dict[DatasetKey, TableName]:
        """Where the warehouse has what these assets make, read and refer to.

        Raises:
            TableNameError: two of them would have one name (FF-473).
        """
        keys = sorted({key for id_ in ids for key in needed(self.graph, id_)})
        shared = same_names(keys, prefix=self.prefix)
        raise_all(
            TableNameError(
                f"`{those[0]}` and `{those[1]}` would both be the table `{name}`",
                place=self.graph.datasets[those[1]].place,
                hint="give one of them another name",
            )
            for name, those in shared.items()
        )
        return {key: table_name(key, prefix=self.prefix) for key in keys}

    def steps(
        self, asset: AssetDefinition, tables: Mapping[DatasetKey, TableName]
    ) -> Iterator[WarehouseStep]:
        """The steps of an asset: one, or one a partition where its query asks for the key.

        Raises:
            SqlError: its query cannot be read (FF-41x).
            ScriptPartitionError: nobody has said which partition (FF-477).
            ProjectError: the partitions cannot be read (FF-83x).
        """
        query = parsed_query(asset)
        cut = self.graph.steps(asset)
        asked = self.partitions if cut.dimensions else None
        unit = cut.all(self.now) if asked is None else cut.parse(asked, self.now)
        keys = [ref for ref in query.parameters if ref.name not in asset.variables]
        if not keys:
            yield self._step(asset, query, unit, tables)
            return
        if asked is None:
            name = keys[0].name
            message = f"`{asset.id}` is made a partition at a time: its query asks for `${name}`"
            hint = "say which: `-p 2026-01-01..2026-01-31`"
            place = query.file.place(keys[0].offset)
            raise ScriptPartitionError(message, place=place, hint=hint)
        for point in unit.points():
            yield self._step(asset, query, unit.single(point), tables)

    def _step(
        self,
        asset: AssetDefinition,
        query: ParsedSql,
        unit: PartitionSet,
        tables: Mapping[DatasetKey, TableName],
    ) -> WarehouseStep:
        values = parameter_values(unit, asset.variables)
        return WarehouseStep(
            asset=asset,
            graph=self.graph,
            target=self.target,
            query=query,
            unit=unit,
            now=self.now,
            step_id=f"{asset.id} {unit.render(None)}".strip() if self.partitions else asset.id,
            tables={key: tables[key] for key in needed(self.graph, asset.id)},
            parameters={ref.name: values[ref.name] for ref in query.parameters},
            restarts=self.partitions is None and asset.write == "overwrite",
        )


def needed(graph: Graph, id_: DatasetKey) -> list[DatasetKey]:
    """What an asset makes, reads and refers to; sorted."""
    asset = graph.assets[id_]
    keys = {id_} | {read.dataset for read in asset.inputs}
    rules = graph.datasets[id_].rules
    return sorted(keys | {rule.target for rule in rules if isinstance(rule, References)})


def parsed_query(asset: AssetDefinition) -> ParsedSql:
    """The query of a SQL asset.

    Raises:
        NotSqlError: it is none (FF-479).
        SqlError: it cannot be read (FF-4xx).
    """
    if asset.sql_path is None:
        made = "a function makes it" if asset.kind == "python" else "a file of rows makes it"
        message = f"`{asset.id}` has no query: {made}"
        hint = "`flowforge ls -s kind:sql` lists what queries make"
        raise NotSqlError(message, place=asset.place, hint=hint)
    return parse(query_file(asset))
