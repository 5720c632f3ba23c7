"""Declarations as frozen values: what collection hands to the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import Partitioning
from flowforge_assets.core.rule import Rule
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.declare.asset import BadRowsPolicy, Dialect, Schedule, Write
from flowforge_assets.declare.column import Writer
from flowforge_assets.declare.dataset import DatasetKind, Extra
from flowforge_assets.declare.layout import NOT_SAID, TableLayout
from flowforge_assets.declare.mapping import Mapping as PartitionMapping
from flowforge_assets.declare.policy import Retries
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import Place

FormName: TypeAlias = Literal[
    "frame",
    "table",
    "rows",
    "arrow",
    "before",  # of its own output: what the step will replace
    "changes",  # its rows that were added or changed since the reader's last step
    "file",  # of an artifact
    "ref",  # a place and a version, not loaded
    "written",  # what a job elsewhere has written
]
AssetKind: TypeAlias = Literal["python", "sql", "seed"]
KEEPS_HISTORY: Final[frozenset[Write]] = frozenset(
    {"append", "merge", "insert", "scd2", "snapshot"}
)
"""Ways of writing whose tables hold more than the last run could make again."""


Variable: TypeAlias = bool | int | float | str | date | datetime
"""A value that the project file names for its queries."""


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """A column: `attribute` is its Python name, `field.name` its stored one."""

    attribute: str
    field: Field
    is_key: bool = False
    unit: str = ""
    doc: str = ""
    tags: tuple[str, ...] = ()
    writer: Writer | None = None
    renamed_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class External:
    """Where a dataset is that someone else makes, and what tells its version.

    `at` is a URL or a path from the project's folder; None: its place in the environment's store.
    `project` is the one under `[uses]` that makes it, in whose store it is.
    """

    at: str | None
    version: Callable[..., object] | None
    place: Place
    project: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetDefinition:
    """A dataset. `cls` is None for one that only SQL declares.

    `is_inferred` says that its columns are those of its query, as loading has bound it. An
    artifact has no columns: each of its partitions is a file that ends in `suffix`. `aliases`
    are the keys that it had before. `steps` is how the steps of its maker are cut where `per=`
    says it, as the graph has found; None: as it is cut itself. `keeps_history` says, as found
    there too, that its table holds more than its maker could make again.
    """

    key: DatasetKey
    columns: tuple[ColumnDefinition, ...]
    schema: Schema
    rules: tuple[Rule, ...]
    partitioning: Partitioning
    place: Place
    cls: type | None = None
    is_inferred: bool = False
    extra: Extra = "refuse"
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fresh: timedelta | None = None
    min_rows: int = 0
    kind: DatasetKind = "table"
    suffix: str = ""
    aliases: tuple[DatasetKey, ...] = ()
    external: External | None = None
    steps: Partitioning | None = None
    keeps_history: bool = False

    @property
    def step_partitioning(self) -> Partitioning:
        """How the steps that make it are cut."""
        return self.partitioning if self.steps is None else self.steps

    @property
    def returned(self) -> Schema:
        """What its asset returns: the columns without those that the writer makes."""
        made = {column.field.name for column in self.columns if column.writer is not None}
        if not made:
            return self.schema
        return Schema(tuple(field for field in self.schema if field.name not in made))

    def written_by(self, writer: Writer) -> str | None:
        """The stored name of the column that the writer makes so, or None."""
        found = (column.field.name for column in self.columns if column.writer == writer)
        return next(found, None)

    @property
    def renames(self) -> dict[str, tuple[str, ...]]:
        """The names that columns had before, newest first, by their stored name of today."""
        return {c.field.name: c.renamed_from for c in self.columns if c.renamed_from}

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The stored names of the key's columns."""
        return tuple(column.field.name for column in self.columns if column.is_key)


@dataclass(frozen=True, slots=True)
class Input:
    """A dataset that a function reads through one parameter (SQL: one table name).

    `deletes` is the column by which changes tell rows that were removed; empty: they lack.
    """

    parameter: str
    dataset: DatasetKey
    form: FormName
    mapping: PartitionMapping
    optional: bool = False
    deletes: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KeyParameter:
    """A parameter that gets the step's key in `column`, or all its keys there when `is_set`.

    `column` is empty until `flowforge_assets.declare.keys` has matched it.
    """

    parameter: str
    type: type
    is_set: bool = False
    column: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """A dataset that an asset makes, in the form in which it gives it."""

    dataset: DatasetKey
    form: FormName


@dataclass(frozen=True, slots=True)
class QueryText:
    """The SQL that a function gave when the project was loaded.

    `line` is where it stands in the function's file. Its first character stands in `column`, where
    that is known; without one, `by_line` says that its lines are those of the file.
    """

    text: str
    line: int
    column: int = 0
    by_line: bool = False
    values: Mapping[str, type] = field(default_factory=dict[str, type])
    function: Callable[..., Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AssetDefinition:
    """An asset: a function, or the query in `sql_path`. `makes[0]` identifies it.

    Where a function gave the query, that is `query`, and `sql_path` the function's file. `dialect`
    is the query's, where its file does not say it.

    `variables` are those of the project that its query asks for.

    The function of a seed reads the rows in the file `seed_path`.

    `per` cuts its steps; None: as its dataset is cut. `is_routed` says that one iterable holds
    the rows of all outputs. `out` is the parameter that takes a folder for files, `outs` those
    that take the place where a job elsewhere writes a dataset. An isolated one is called in a
    process of its own, one with `warehouse` in the environment's warehouse, if it has one, where
    its table has the `layout`.
    `schedule` and `version` say when an asset without inputs is due. `latest` and `deletes` are
    columns by which a merge knows the newest row of a key, and the keys whose
    rows are removed. `batch` is the most partitions that a chunk of a backfill has, or a call that
    takes a set of them.
    """

    name: str
    makes: tuple[Output, ...]
    place: Place
    inputs: tuple[Input, ...] = ()
    function: Callable[..., Any] | None = None
    sql_path: Path | None = None
    query: QueryText | None = None
    dialect: Dialect | None = None
    seed_path: Path | None = None
    keys: tuple[KeyParameter, ...] = ()
    resources: Mapping[str, type[Resource]] = field(default_factory=dict[str, type[Resource]])
    context: str | None = None
    write: Write = "overwrite"
    latest: str | None = None
    deletes: str | None = None
    retries: Retries = Retries()
    timeout: timedelta | None = None
    bad_rows: BadRowsPolicy = "stop"
    max_bad: float = 1.0
    code_version: str | None = None
    lazy: bool = True
    tags: tuple[str, ...] = ()
    description: str = ""
    per: Partitioning | None = None
    is_routed: bool = False
    out: str | None = None
    outs: Mapping[str, DatasetKey] = field(default_factory=dict[str, DatasetKey])
    in_place: bool = False
    schedule: Schedule | None = None
    version: Callable[..., object] | None = None
    isolated: bool = False
    batch: int | None = None
    warehouse: bool = False
    layout: TableLayout = NOT_SAID
    variables: Mapping[str, Variable] = field(default_factory=dict[str, Variable])

    @property
    def kind(self) -> AssetKind:
        """What it is written in."""
        if self.seed_path is not None:
            return "seed"
        return "sql" if self.sql_path is not None else "python"

    @property
    def keeps_history(self) -> bool:
        """Whether its table holds more than the last run could make again."""
        return self.write in KEEPS_HISTORY or self.reads_changes

    @property
    def is_source(self) -> bool:
        """Whether it reads nothing, save perhaps what it has made so far."""
        return all(read.form == "before" for read in self.inputs)

    @property
    def reads_changes(self) -> bool:
        """Whether it is given what changed and not what is there."""
        return any(read.form == "changes" for read in self.inputs)

    @property
    def minds_order(self) -> bool:
        """Whether it is a merge whose rows depend on the order of its steps.

        They do not where each row tells how new it is; but of what was removed no row is left to
        tell. What changed is merged as it comes.
        """
        if self.write != "merge" or self.reads_changes:
            return False
        return self.latest is None or self.deletes is not None

    def returns(self, dataset: DatasetDefinition) -> Schema:
        """What a call gives of a dataset: its columns, and the mark of rows to be removed."""
        if self.deletes is None:
            return dataset.returned
        return Schema((*dataset.returned.fields, Field(self.deletes, Plain("bool"))))

    @property
    def id(self) -> DatasetKey:
        """The key of its first output: every dataset has one maker, so it names the asset."""
        return self.makes[0].dataset

    @property
    def takes_sets(self) -> bool:
        """Whether one step may make many partitions."""
        return any(parameter.is_set for parameter in self.keys)


@dataclass(frozen=True, slots=True)
class CheckDefinition:
    """A check of the dataset `guards`, which `inputs[0]` reads."""

    name: str
    guards: DatasetKey
    inputs: tuple[Input, ...]
    function: Callable[..., Any]
    place: Place
    blocking: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True)
class Definitions:
    """All that a project declares."""

    datasets: Mapping[DatasetKey, DatasetDefinition]
    assets: tuple[AssetDefinition, ...]
    checks: tuple[CheckDefinition, ...] = ()
