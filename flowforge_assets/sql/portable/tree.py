"""A query as portable SQL: what is left when DuckDB's sugar is gone and every type is known.

Expressions say *what* is computed by an operation's name, e.g. `week_start` or `text_length`, never
by a function of some dialect: each target says how it writes the operations that it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from flowforge_assets.sql.portable.types import BIGINT, BOOL, SqlType

ParameterValue: TypeAlias = int | float | Decimal | str | bool | date | datetime
Value: TypeAlias = ParameterValue | None


@dataclass(frozen=True, slots=True)
class At:
    """A place in the source: 1-based line and column."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source of the same FROM, or of one around it."""

    source: str
    name: str
    type: SqlType
    at: At


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; None is NULL of that type."""

    value: Value
    type: SqlType
    at: At


@dataclass(frozen=True, slots=True)
class Call:
    """An operation. `constants` are arguments that are part of its form, e.g. a format."""

    name: str
    args: tuple[Expr, ...]
    type: SqlType
    at: At
    constants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cast:
    """A value in another type."""

    arg: Expr
    type: SqlType
    at: At


@dataclass(frozen=True, slots=True)
class Case:
    """The result of the first condition that is true, else `otherwise`."""

    whens: tuple[tuple[Expr, Expr], ...]
    otherwise: Expr
    type: SqlType
    at: At


@dataclass(frozen=True, slots=True)
class InList:
    """Whether a value is among others; all are of one type."""

    arg: Expr
    items: tuple[Expr, ...]
    at: At
    type: SqlType = BOOL


@dataclass(frozen=True, slots=True)
class SortKey:
    """A key to order by, with nulls put where they belong."""

    expr: Expr
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate function over a group, or over a window."""

    name: str
    args: tuple[Expr, ...]
    type: SqlType
    at: At
    distinct: bool = False
    order: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """The rows of a window: `unit` is ROWS or RANGE; bounds as SQL writes them."""

    unit: str
    start: str
    end: str

    @property
    def is_distance(self) -> bool:
        """Whether it reaches as far as values lie apart in the order."""
        return self.unit == "RANGE" and any(each[0].isdigit() for each in (self.start, self.end))


@dataclass(frozen=True, slots=True)
class Window:
    """A function over the rows around each row."""

    function: Aggregate
    partition: tuple[Expr, ...]
    order: tuple[SortKey, ...]
    frame: Frame | None
    type: SqlType
    at: At


@dataclass(frozen=True, slots=True)
class Scalar:
    """The one value of a query of one column and at most one row."""

    query: Query
    type: SqlType
    at: At


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether a query has rows."""

    query: Query
    at: At
    type: SqlType = BOOL


@dataclass(frozen=True, slots=True)
class InQuery:
    """Whether a value is among those of a query of one column of the same type."""

    arg: Expr
    query: Query
    at: At
    type: SqlType = BOOL


@dataclass(frozen=True, slots=True)
class GroupingBit:
    """1 where a row of a rollup is summed over the key, else 0."""

    key: Expr
    at: At
    type: SqlType = BIGINT


Expr: TypeAlias = (
    Column
    | Literal
    | Call
    | Cast
    | Case
    | InList
    | Aggregate
    | Window
    | Scalar
    | Exists
    | InQuery
    | GroupingBit
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the schema, or a WITH query, under another name."""

    name: str
    alias: str
    is_with: bool
    at: At


@dataclass(frozen=True, slots=True)
class Derived:
    """A query in FROM."""

    query: Query
    alias: str
    at: At
    is_lateral: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """Two sources joined; `kind` is INNER, LEFT, RIGHT, FULL or CROSS."""

    left: Source
    right: Source
    kind: str
    on: Expr | None
    at: At


Source: TypeAlias = Table | Derived | Join


@dataclass(frozen=True, slots=True)
class Item:
    """A column of a result."""

    expr: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Grouping:
    """The keys to group by; `sets` are of their indexes, empty for one plain grouping.

    `form` is plain, rollup, cube or sets.
    """

    keys: tuple[Expr, ...]
    form: str = "plain"
    sets: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT. HAVING without keys groups all rows into one."""

    items: tuple[Item, ...]
    at: At
    source: Source | None = None
    where: Expr | None = None
    group: Grouping | None = None
    having: Expr | None = None
    distinct: bool = False
    order: tuple[SortKey, ...] = ()
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SetOperation:
    """Two queries of the same columns; `kind` is UNION, INTERSECT or EXCEPT."""

    kind: str
    keeps_duplicates: bool
    left: Query
    right: Query
    at: At


@dataclass(frozen=True, slots=True)
class WithQuery:
    """A named query before a query."""

    name: str
    columns: tuple[str, ...]
    query: Query


@dataclass(frozen=True, slots=True)
class With:
    """A query with named queries before it."""

    queries: tuple[WithQuery, ...]
    body: Query
    recursive: bool
    at: At


Query: TypeAlias = Select | SetOperation | With


def output(query: Query) -> tuple[Item, ...]:
    """The columns of a query; of a set operation, those of its left side."""
    while not isinstance(query, Select):
        query = query.body if isinstance(query, With) else query.left
    return query.items
