"""`flowforge show KEY`: all there is to know of a dataset, and its first rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, validators

from flowforge_assets.cli.options import (
    COMMON,
    At,
    Common,
    Flag,
    Key,
    Partition,
    Version,
    when_asked,
)
from flowforge_assets.cli.paint import Text
from flowforge_assets.cli.show_artifact import show_artifact
from flowforge_assets.cli.words import byte_size, counted, ends, moment
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.rule import NotNull, Unique
from flowforge_assets.execute.as_of import history_at, table_at
from flowforge_assets.plan.rows import there
from flowforge_assets.project.sampling import shown_share
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.storage.failure import reading

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.api import Project
    from flowforge_assets.cli.terminal import Terminal
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.core.made import Made, TableVersion
    from flowforge_assets.core.schema_change import SchemaChange
    from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
    from flowforge_assets.record.history import History
    from flowforge_assets.storage.external import ReadTable


@dataclass(frozen=True, slots=True)
class TableDescription:
    """A dataset as declared and as stored; `version`, `rows` and `head` are of the table.

    `made` are its current commits, newest first; `schemas` the columns that it had, oldest first.
    `asset` is None where someone else makes it. Assets read the `share` of its rows. `gone` are
    the external datasets that its asset reads and that are not there.
    """

    dataset: DatasetDefinition
    asset: AssetDefinition | None
    checks: tuple[str, ...]
    uri: str
    version: TableVersion | None
    rows: int | None
    partitions: PartitionSet
    declared: PartitionSet
    made: tuple[Made, ...]
    head: pl.DataFrame | None
    schemas: tuple[SchemaChange, ...] = ()
    share: float = 1.0
    gone: frozenset[DatasetKey] = frozenset()

    def as_json(self) -> dict[str, object]:
        """The dataset as `show --json` has it."""
        dataset = self.dataset
        first, last = ends(self.partitions)
        return {
            "key": dataset.key,
            "description": dataset.description,
            "asset": self.asset.name if self.asset else None,
            "uri": self.uri,
            "in_place": self.asset is not None and self.asset.in_place,
            "sample": self.share,
            "version": self.version.version if self.version else None,
            "rows": self.rows,
            "schema": [
                {
                    "name": column.field.name,
                    "type": str(column.field.type),
                    "nullable": column.field.nullable,
                    "key": column.is_key,
                    "unit": column.unit or None,
                    "doc": column.doc or None,
                    "tags": list(column.tags),
                }
                for column in dataset.columns
            ],
            "partitions": {
                "by": [dimension.column for dimension in self.declared.dimensions],
                "count": self.partitions.count() if self.declared.dimensions else None,
                "declared": self.declared.count() if self.declared.dimensions else None,
                "first": first,
                "last": last,
            },
            "schema_history": [
                {
                    "version": entry.version,
                    "at": entry.at,
                    "run_id": entry.run_id or None,
                    "columns": dict(entry.columns),
                }
                for entry in self.schemas
            ],
            "rules": [str(rule) for rule in dataset.rules],
            "checks": list(self.checks),
            "made_at": self.made[0].at if self.made else None,
            "run_id": self.made[0].run_id if self.made else None,
            "bytes_written": self.made[0].bytes_written if self.made else None,
            "head": [] if self.head is None else self.head.to_dicts(),
        }


def show(
    key: Key,
    /,
    *,
    partition: Partition = None,
    bad: Annotated[Flag, Parameter(help="The rows that were set aside, and why.")] = False,
    limit: Annotated[
        int,
        Parameter(
            name=["--limit", "-n"], help="How many rows.", validator=validators.Number(gte=0)
        ),
    ] = 10,
    version: Version = None,
    at: At = None,
    common: Common = COMMON,
) -> int:
    """Show a dataset's columns, rules, partitions and first rows; of an artifact its files."""
    terminal, project = common.terminal(), common.load()
    dataset = project.dataset(key)
    when = when_asked(version, at)
    wanted = None
    if partition is not None:
        wanted = dataset.partitioning.parse(partition, project.clock())
    if dataset.kind == "artifact":
        return show_artifact(terminal, project, dataset, wanted=wanted, when=when)
    table = project.reader(dataset, None if bad else when)
    if bad:
        from flowforge_assets.execute.bad_rows import bad_table  # engines, on use

        table = bad_table(project.store, dataset)
        table = table if when is None else table_at(project.graph, table, when)
    found = describe_table(project, dataset, table, wanted=wanted, limit=limit)
    if terminal.json:
        terminal.data(found.as_json())
    elif bad:
        _show_bad(terminal, found)
    else:
        _show(terminal, found)
    return 0


def describe_table(
    project: Project,
    dataset: DatasetDefinition,
    table: ReadTable,
    *,
    wanted: PartitionSet | None,
    limit: int,
) -> TableDescription:
    """What is known of `dataset`, with the rows of `table`: its own, or its quarantine's."""
    version = table.version()
    rows, head = None, None
    if version is not None:
        rows, head = _read(project, dataset, table, wanted, limit)
    history = history_at(project.graph, dataset, table, project.history())
    made = tuple(history.lookup(dataset.key))
    partitions = there(project.graph, history, dataset.key, project.clock())
    return TableDescription(
        dataset=dataset,
        asset=project.graph.assets.get(project.graph.maker.get(dataset.key, dataset.key)),
        checks=tuple(check.name for check in project.graph.checks.get(dataset.key, ())),
        uri=table.uri,
        version=version,
        rows=rows,
        partitions=partitions if wanted is None else partitions & wanted,
        declared=dataset.partitioning.all(project.clock()),
        made=made,
        head=head,
        schemas=_schemas(project, dataset),
        share=_share(project, dataset, history),
        gone=_gone(project, dataset, history),
    )


def _schemas(project: Project, dataset: DatasetDefinition) -> tuple[SchemaChange, ...]:
    if not project.environment.has_ledger:
        return ()
    with Ledger.open(project.environment.ledger) as ledger:
        return tuple(ledger.schemas(dataset.key))


def _share(project: Project, dataset: DatasetDefinition, history: History) -> float:
    """The share of its rows that assets read in this environment."""
    readers = [
        asset.id
        for asset in project.graph.assets.values()
        if any(read.dataset == dataset.key for read in asset.inputs)
    ]
    return project.outside(readers).share(dataset.key, history)


def _gone(project: Project, dataset: DatasetDefinition, history: History) -> frozenset[DatasetKey]:
    maker = project.graph.maker.get(dataset.key)
    if maker is None:
        return frozenset()
    return frozenset(project.outside([maker]).loans_to_read(history).gone)


def _read(
    project: Project,
    dataset: DatasetDefinition,
    table: ReadTable,
    wanted: PartitionSet | None,
    limit: int,
) -> tuple[int, pl.DataFrame]:
    import polars as pl  # heavy: only a table with rows needs it

    if project.graph.is_view(dataset.key):
        viewed = project.view(dataset, wanted)
        return viewed.height, viewed.head(limit)
    with reading(table):
        lazy = table.scan(wanted)
        rows: int = lazy.select(pl.len()).collect().item()
        return rows, lazy.head(limit).collect()


def _show(terminal: Terminal, found: TableDescription) -> None:
    dataset = found.dataset
    terminal.say(Text(dataset.key, "bold"))
    for line in dataset.description.strip().splitlines():
        terminal.say(line)
    terminal.say()
    terminal.table([(Text(name, "dim"), said) for name, said in _facts(found) if said])
    terminal.say()
    header: list[Text | str] = [Text(name, "dim") for name in ("column", "type", "", "", "")]
    columns: list[list[Text | str]] = [header]
    for column in dataset.columns:
        optional = " optional" if column.field.optional else ""
        columns.append(
            [
                Text(column.field.name, "bold"),
                f"{column.field.type}{'?' if column.field.nullable else ''}{optional}",
                "key" if column.is_key else "",
                column.unit,
                Text(" ".join([column.doc, *(f"#{tag}" for tag in column.tags)]).strip(), "dim"),
            ]
        )
    terminal.table(columns)
    if len(found.schemas) > 1:
        terminal.say()
        terminal.say(Text("schema history", "dim"))
        terminal.table(list(_schema_lines(found.schemas)))
    keeps_states = found.asset is not None and found.asset.write in {"scd2", "snapshot"}
    rules = [
        f"{rule} in each state" if keeps_states and isinstance(rule, Unique) else str(rule)
        for rule in dataset.rules
        if not isinstance(rule, NotNull)
    ]
    for title, names in (("rules", rules), ("checks", found.checks)):
        if names:
            terminal.say()
            terminal.say(Text(title, "dim"))
            for name in names:
                terminal.say("  ", name)
    if found.head is not None:
        terminal.say()
        terminal.say(drawn_rows(found.head))


def _schema_lines(schemas: Sequence[SchemaChange]) -> Iterator[list[Text | str]]:
    """A line a change: version, instant, and what came and went."""
    for before, entry in pairwise([None, *schemas]):
        assert entry is not None  # noqa: S101 - only the first of all pairs begins with None
        what = ", ".join(entry.since(before)) if before else counted(len(entry.columns), "column")
        run = Text(f"run {entry.run_id}" if entry.run_id else "", "dim")
        yield [f"  version {entry.version}", Text(moment(entry.at), "dim"), run, what]


def _show_bad(terminal: Terminal, found: TableDescription) -> None:
    if not found.rows:
        terminal.note(f"no row of `{found.dataset.key}` was set aside")
        return
    terminal.say(Text(counted(found.rows, "bad row"), "bold"), f" of {found.dataset.key}")
    if found.head is not None:
        has_changed = found.head["_changed"].count() > 0
        terminal.say(drawn_rows(found.head if has_changed else found.head.drop("_changed")))


def _facts(found: TableDescription) -> list[tuple[str, str]]:
    """What stands on top, a name and a line each; what has nothing to say is empty."""
    dataset, asset = found.dataset, found.asset
    newest = found.made[0] if found.made else None
    reads = dict.fromkeys(read.dataset for read in asset.inputs) if asset else ()
    in_place = asset is not None and asset.in_place
    none = "never made" if asset else "not there"
    maker = f"{asset.name}  {asset.place.file}:{asset.place.line}" if asset else "someone else"
    return [
        ("made by", maker),
        ("reads", ", ".join(f"{key} (not there)" if key in found.gone else key for key in reads)),
        ("was called", ", ".join(dataset.aliases)),
        ("stored in", found.uri),
        ("sample", f"assets read {shown_share(found.share)} of it" if found.share < 1 else ""),
        ("in place", "not atomic: a job writes the table itself" if in_place else ""),
        ("version", none if found.version is None else str(found.version.version)),
        ("rows", "" if found.rows is None else f"{found.rows:,}"),
        ("last made", _last_made(newest) if newest else ""),
        ("partitions", _partitions(found)),
        ("owners", ", ".join(dataset.owners)),
        ("tags", ", ".join(dataset.tags)),
    ]


def _last_made(newest: Made) -> str:
    written = newest.bytes_written
    size = "" if written is None else f", {byte_size(written)} written"
    return f"{moment(newest.at)} in run {newest.run_id}{size}"


def _partitions(found: TableDescription) -> str:
    if not found.declared.dimensions:
        return ""
    by = ", ".join(dimension.column for dimension in found.declared.dimensions)
    made = f" ({found.partitions.render()})" if found.partitions else ""
    return f"by {by}: {found.partitions.count():,} of {found.declared.count():,} made{made}"


def drawn_rows(rows: pl.DataFrame) -> str:
    """The rows as a table of polars, without its type line: that is above."""
    import polars as pl  # heavy: only a table with rows needs it

    options: dict[str, Any] = {  # the names are polars' own, of several types
        "tbl_hide_dataframe_shape": True,
        "tbl_hide_column_data_types": True,
        "tbl_rows": -1,
        "tbl_cols": 12,
        "fmt_str_lengths": 40,
        "tbl_formatting": "UTF8_FULL_CONDENSED",
    }
    with pl.Config(**options):
        return str(rows)
