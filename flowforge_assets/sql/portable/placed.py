"""A query as a warehouse runs it: tables under the names they have there, columns as promised."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp, parse_one

from flowforge_assets.core.table_name import TableName
from flowforge_assets.sql.portable.bind_query import bind_query
from flowforge_assets.sql.portable.refusal import NAME, Refused
from flowforge_assets.sql.portable.scope import Columns, Names, Scope, Tables
from flowforge_assets.sql.portable.tree import (
    Cast,
    Column,
    Derived,
    Expr,
    Item,
    Join,
    Literal,
    Query,
    Select,
    Source,
    Table,
    With,
    output,
)
from flowforge_assets.sql.portable.types import Kind, SqlType
from flowforge_assets.sql.portable.walk import with_expressions, with_parts, with_queries
from flowforge_assets.sql.reference import quoted


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a table of the schema is; `only` is a condition in DuckDB's SQL on the rows to read."""

    name: TableName
    columns: Columns
    only: str = ""


@dataclass(frozen=True, slots=True)
class Placing:
    """Gives the tables of a query, by the schema's names, the names that they have elsewhere."""

    tables: Mapping[str, Placed]
    names: Names

    def query(self, query: Query) -> Query:
        """The query over those tables."""
        if not isinstance(query, Select):
            return with_queries(query, self.query)
        made = with_expressions(query, self._expr, self.query)
        return made if made.source is None else replace(made, source=self._source(made.source))

    def _expr(self, expr: Expr) -> Expr:
        return with_parts(expr, self._expr, self.query)

    def _source(self, source: Source) -> Source:
        match source:
            case Table():
                placed = None if source.is_with else self.tables.get(source.name)
                return source if placed is None else self._table(source, placed)
            case Join():
                left, right = self._source(source.left), self._source(source.right)
                return replace(source, left=left, right=right)
            case Derived():
                return source

    def _table(self, table: Table, placed: Placed) -> Source:
        there = replace(table, name=str(placed.name))
        if not placed.only:
            return there
        inner = self.names.fresh("t")
        known = tuple(each for each in placed.columns if each[1].kind is not Kind.OTHER)
        items = tuple(Item(Column(inner, name, type_, table.at), name) for name, type_ in known)
        where = bound_condition(placed.only, {inner: known}, self.names)
        rows = Select(items, table.at, source=replace(there, alias=inner), where=where)
        return Derived(rows, table.alias, table.at)


def bound_condition(
    condition: str, sources: Mapping[str, Columns], names: Names, tables: Tables | None = None
) -> Expr:
    """A condition in DuckDB's SQL on the columns of `sources`; `tables` are what it may look up.

    Raises:
        Refused: it has a part that portable SQL does not know.
    """
    known = {} if tables is None else dict(tables.tables)
    known |= {alias.lower(): (alias, columns) for alias, columns in sources.items()}
    listed = ", ".join(quoted(alias) for alias in sources)
    text = f"SELECT 1 AS one FROM {listed} WHERE {condition}"  # noqa: S608 - it is only bound
    tree: exp.Expr = parse_one(text, dialect="duckdb")
    found = bind_query(tree, Scope(Tables(known, names, bind_query)))
    assert isinstance(found, Select)  # noqa: S101 - as it was written
    assert found.where is not None  # noqa: S101 - as above
    return found.where


def shaped(
    query: Query,
    columns: Sequence[tuple[str, SqlType]],
    names: Names,
    *,
    may_lack: Collection[str] = (),
) -> Query:
    """The query with just these columns in this order and of these types, its rows in no order.

    Those that it `may_lack` are null then.

    Raises:
        Refused: it lacks another (FF-455).
    """
    if isinstance(query, With):
        return replace(query, body=shaped(query.body, columns, names, may_lack=may_lack))
    query = _without_order(query)
    given = output(query)
    if [(item.name, item.expr.type) for item in given] == list(columns):
        return query
    if isinstance(query, Select) and not query.distinct:
        items = {item.name: item.expr for item in given}
        return replace(query, items=_items(columns, items, query, may_lack))
    alias, at = names.fresh("q"), query.at
    found: dict[str, Expr] = {
        item.name: Column(alias, item.name, item.expr.type, at) for item in given
    }
    return Select(_items(columns, found, query, may_lack), at, source=Derived(query, alias, at))


def _items(
    columns: Sequence[tuple[str, SqlType]],
    found: Mapping[str, Expr],
    query: Query,
    may_lack: Collection[str],
) -> tuple[Item, ...]:
    made: list[Item] = []
    for name, type_ in columns:
        expr = found.get(name)
        if expr is None and name in may_lack:
            expr = Literal(None, type_, query.at)
        if expr is None:
            hint = "name it with AS"
            raise Refused(NAME, f"the query gives no column `{name}`", query.at, hint)
        made.append(Item(expr if expr.type == type_ else Cast(expr, type_, expr.at), name))
    return tuple(made)


def _without_order(query: Query) -> Query:
    """Rows of a table have no order, and views take none everywhere."""
    if isinstance(query, Select) and query.limit is None and not query.offset:
        return replace(query, order=())
    return query
