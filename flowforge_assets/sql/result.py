"""The columns that a bound query gives: each name once, each type one that can be stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final, TypeAlias

import duckdb
from duckdb import sqltypes
from sqlglot import exp

from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.sql import SqlResultNameError, SqlResultTypeError
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.sql.duckdb_errors import bind_error
from flowforge_assets.sql.parse import ParsedSql

DESCRIBE: Final = "DESCRIBE "
ParameterValue: TypeAlias = date | datetime | str | int | float | bool


def bound_values(values: Mapping[str, ParameterValue]) -> dict[str, object]:
    """The values as DuckDB is given them: a whole number has 64 bits, however small it is."""
    return {
        name: duckdb.Value(value, sqltypes.BIGINT) if type(value) is int else value
        for name, value in values.items()
    }


def bound_columns(
    connection: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object] | None
) -> list[tuple[str, str]]:
    """The names and types of a query's result, without running it.

    DESCRIBE would name `id AS ID` by the table's `id`; but a relation's error has no place.

    Raises:
        duckdb.Error: the query does not fit; places count from a leading DESCRIBE.
    """
    try:
        relation = connection.sql(query, params=values or None)
    except duckdb.Error:
        connection.execute(DESCRIBE + query, values or None)
        raise
    return list(zip(relation.columns, map(str, relation.types), strict=True))


def result_columns(
    connection: duckdb.DuckDBPyConnection,
    parsed: ParsedSql,
    values: Mapping[str, ParameterValue],
    *,
    names: Iterable[str],
) -> list[tuple[str, str]]:
    """The names and DuckDB types of the query's result, without running it.

    `values` are those of its parameters; `names` the columns to suggest for one that is not there.

    Raises:
        SqlBindError: the query does not fit what the connection holds (FF-420 to FF-422).
        SqlResultNameError: two columns have one name, apart from case (FF-424).
        SqlResultTypeError: a type cannot be stored exactly (FF-423).
    """
    text, bound = parsed.statement[parsed.start :], bound_values(values)
    try:
        columns = bound_columns(connection, text, bound)
    except duckdb.Error as error:
        raise bind_error(error, parsed, prefix=DESCRIBE, names=names) from error
    seen: set[str] = set()
    for name, spelled in columns:
        if name.lower() in seen:
            raise SqlResultNameError(
                f"two columns of the result are named `{name}`",
                place=_place(parsed, name),
                hint="give one of them another name with AS",
            )
        seen.add(name.lower())
        try:
            from_duckdb(spelled)
        except TypeNotStoredError as error:
            raise SqlResultTypeError(
                f"column `{name}` is of type `{spelled}`, which cannot be stored exactly",
                place=_place(parsed, name),
                hint=error.hint,
            ) from error
    return columns


def _place(parsed: ParsedSql, name: str) -> Place:
    """Where the last column of that name is written, or the query's start if a star made it."""
    top = parsed.tree()
    while isinstance(top, exp.SetOperation):
        top = top.this
    found = parsed.start
    for item in top.expressions if isinstance(top, exp.Select) else ():
        if item.alias_or_name.lower() == name.lower():
            starts = [node.meta["start"] for node in item.walk() if "start" in node.meta]
            found = min(starts, default=found)
    return parsed.file.place(found)
