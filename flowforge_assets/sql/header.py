"""What the header of a `.sql` file can say, as values.

```sql
/*
description = "Delays a day and carrier"
partition = { daily = "2013-01-01", column = "day" }
key = ["day", "carrier"]
columns.delay = { doc = "mean delay", unit = "min", ge = -120 }
rules.early = "departed <= arrived"
*/
```
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypeAlias

from flowforge_assets.core.dimension import Kind
from flowforge_assets.core.rule import Rule
from flowforge_assets.core.schema import DataType
from flowforge_assets.declare.asset import BadRowsPolicy, Dialect, Schedule, Write
from flowforge_assets.declare.column import Writer
from flowforge_assets.declare.dataset import Extra
from flowforge_assets.errors.base import Place
from flowforge_assets.sql.toml_text import KeyPath, TomlText

HeaderKey: TypeAlias = Literal["partition", "per"]


@dataclass(frozen=True, slots=True)
class HeaderPartition:
    """One dimension: a calendar from `start` to `end` (both included), or a list of `values`."""

    kind: Kind
    column: str
    start: str = ""
    end: str | None = None
    tz: str = "UTC"
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderColumn:
    """What the header says of one result column.

    `type` is None where the query's own type stands. `rules` are those of this column alone,
    `NotNull` and `References` among them. One with a `writer` is not in the query's result.
    """

    name: str
    type: DataType | None = None
    doc: str = ""
    unit: str = ""
    tags: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    writer: Writer | None = None
    renamed_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A named SQL expression that holds in every row."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class SqlHeader:
    """The header of a `.sql` file; None or empty where it says nothing.

    `said` are the keys at its top. `below` is the header of its folder, which says what it does
    not; it is laid under with `over` and told apart only for places.
    """

    write: Write | None = None
    latest: str | None = None
    deletes: str | None = None
    partition: tuple[HeaderPartition, ...] = ()
    per: tuple[HeaderPartition, ...] = ()
    schedule: Schedule | None = None
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    columns: tuple[HeaderColumn, ...] = ()
    rules: tuple[HeaderRule, ...] = ()
    extra: Extra | None = None
    min_rows: int | None = None
    aliases: tuple[str, ...] = ()
    retries: int | None = None
    timeout_seconds: float | None = None
    bad_rows: BadRowsPolicy | None = None
    max_bad: float | None = None
    isolated: bool = False
    warehouse: bool = False
    dialect: Dialect | None = None
    cluster_by: tuple[str, ...] = ()
    partition_by: str = ""
    distribute: str = ""
    said: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    text: TomlText = field(default=TomlText(), compare=False, repr=False)
    below: SqlHeader | None = field(default=None, compare=False, repr=False)

    def over(self, below: SqlHeader) -> SqlHeader:
        """The same header, with what `below` says where it is silent.

        Columns and rules are silent by name, all else by key.
        """
        silent = {
            each.name: getattr(below, each.name)
            for each in fields(SqlHeader)
            if each.compare and _spelled(each.name) not in self.said
        }
        columns = {column.name: column for column in (*below.columns, *self.columns)}
        rules = {rule.name: rule for rule in (*below.rules, *self.rules)}
        silent |= {"columns": tuple(columns.values()), "rules": tuple(rules.values())}
        return replace(self, **silent, said=self.said | below.said, below=below)

    def place(self, path: KeyPath) -> Place:
        """Where the key `path` stands, e.g. `("columns", "delay")`: here or in its folder's."""
        if self.below is not None and not self.text.has(path) and self.below.text.has(path):
            return self.below.text.place(path)
        return self.text.place(path)

    def owns(self, path: KeyPath) -> bool:
        """Whether the key `path` stands in the file itself."""
        return self.text.has(path)


def _spelled(attribute: str) -> str:
    """The key of an attribute, as written."""
    return {"timeout_seconds": "timeout"}.get(attribute, attribute)
