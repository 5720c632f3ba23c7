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

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flowforge_assets.core.dimension import Kind
from flowforge_assets.core.rule import Rule
from flowforge_assets.core.schema import DataType
from flowforge_assets.sql.header_lines import HeaderText

HeaderWrite: TypeAlias = Literal["overwrite"]
HeaderBadRows: TypeAlias = Literal["stop", "quarantine"]


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
    `NotNull` and `References` among them.
    """

    name: str
    type: DataType | None = None
    doc: str = ""
    unit: str = ""
    tags: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """A named SQL expression that holds in every row."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class SqlHeader:
    """The header of a `.sql` file; None where it says nothing.

    `text.line(path)` is where a key stands in the file, e.g. `("columns", "delay")`.
    """

    write: HeaderWrite | None = None
    partition: tuple[HeaderPartition, ...] = ()
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    columns: tuple[HeaderColumn, ...] = ()
    rules: tuple[HeaderRule, ...] = ()
    retries: int | None = None
    timeout_seconds: float | None = None
    bad_rows: HeaderBadRows | None = None
    max_bad: float | None = None
    text: HeaderText = field(default=HeaderText(), compare=False, repr=False)
