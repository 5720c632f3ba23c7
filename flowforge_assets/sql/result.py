"""The columns that a bound query gives: each name once, each type one that can be stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final, TypeAlias

import duckdb
from sqlglot import exp

from flowforge_assets.core.sql_types import from_duckdb
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.sql import SqlResultNameError, SqlResultTypeError
from flowforge_assets.errors.storage import TypeNotStoredError
from flowforge_assets.sql.duckdb_errors import bind_error
from flowforge_assets.sql.parse import ParsedSql

_DESCRIBE: Final = "DESCRIBE "
ParameterValue: TypeAlias = date | datetime | str | float | bool


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
    try:
        text = _DESCRIBE + parsed.statement[parsed.start :]
        # rather than `connection.sql`, whose errors have no place
        rows = connection.execute(text, values).fetchall()
    except duckdb.Error as error:
        raise bind_error(error, parsed, prefix=_DESCRIBE, names=names) from error
    columns = [(str(row[0]), str(row[1])) for row in rows]
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
