"""Queries that read no table: DuckDB computes them now, and their rows are what is written."""

from __future__ import annotations

import re
import threading
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, cast

import duckdb
from sqlglot import exp

from flowforge_assets.sql.portable.oracle import SETTINGS
from flowforge_assets.sql.portable.tree import At, Item, Literal, Query, Select, SetOperation, Value
from flowforge_assets.sql.portable.types import SqlType, find_type

_MOST_ROWS: Final = 100
_MOST_SECONDS: Final = 1.0
_AT: Final = At(1, 1)
_LOCK: Final = threading.Lock()
_UNSTEADY: Final = (
    "SELECT DISTINCT function_name FROM duckdb_functions()"
    " WHERE coalesce(stability, '') <> 'CONSISTENT' AND function_type NOT IN ('macro', 'aggregate')"
    " AND function_name NOT IN ('range', 'generate_series', 'unnest')"
)
_MOMENTS: Final = {
    *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"),
    *("current_user", "current_role", "current_schema", "today", "now", "sample", "tablesample"),
}


def constant_query(tree: exp.Expr, sql: str) -> Query | None:
    """The rows of a query that reads nothing and is the same at all times; None for others.

    A query of over 100 rows, or one that takes over a second, is not computed.
    """
    if tree.args.get("order") is not None or _reads_tables(tree):
        return None
    with _LOCK:
        connection, changing = _reader()
        if changing & _words(sql):
            return None
        timer = threading.Timer(_MOST_SECONDS, connection.interrupt)
        timer.start()
        try:
            text = f"SELECT * FROM ({sql}) LIMIT {_MOST_ROWS + 1}"  # noqa: S608 - reads nothing
            found = connection.execute(text)
            rows = cast("list[tuple[object, ...]]", found.fetchall())
            columns = [(str(c[0]), find_type(str(c[1]))) for c in found.description or ()]
        except duckdb.Error:
            return None
        finally:
            timer.cancel()
    types = [(name, type_) for name, type_ in columns if type_ is not None]
    if not 0 < len(rows) <= _MOST_ROWS or len(types) != len(columns):
        return None
    return _written(rows, types)


@lru_cache(maxsize=1)
def _reader() -> tuple[duckdb.DuckDBPyConnection, frozenset[str]]:
    """An engine that reads nothing, and the names of what is not the same at all times."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    for setting in SETTINGS:
        connection.execute(f"SET {setting}")
    names = {str(row[0]) for row in connection.execute(_UNSTEADY).fetchall()}
    return connection, frozenset(names | _MOMENTS)


def _reads_tables(tree: exp.Expr) -> bool:
    known = {each.alias.lower() for each in tree.find_all(exp.CTE)}
    return any(
        isinstance(table.this, exp.Identifier) and table.name.lower() not in known
        for table in tree.find_all(exp.Table)
    )


def _words(sql: str) -> set[str]:
    return {word.lower() for word in re.findall(r"\w+", sql)}


def _written(rows: list[tuple[object, ...]], types: list[tuple[str, SqlType]]) -> Query | None:
    made: Query | None = None
    for row in rows:
        items: list[Item] = []
        for value, (name, type_) in zip(row, types, strict=True):
            literal = _literal(value, type_)
            if literal is None:
                return None
            items.append(Item(literal, name))
        select = Select(tuple(items), _AT)
        made = (
            select
            if made is None
            else SetOperation("UNION", keeps_duplicates=True, left=made, right=select, at=_AT)
        )
    return made


def _literal(value: object, type_: SqlType) -> Literal | None:
    if value is None or isinstance(value, (bool, int, float, str, Decimal, datetime, date)):
        known: Value = value
        if isinstance(known, float) and not abs(known) < float("inf"):
            return None
        if isinstance(known, datetime) and known.tzinfo is not None:
            return None
        return Literal(known, type_, _AT)
    return None
