"""DuckDB's own word on a query: the exact types of its result, or why it does not fit."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from typing import Final, cast

import duckdb

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.sql.portable.refusal import NAME, TYPE, Refused
from flowforge_assets.sql.portable.tree import At, ParameterValue
from flowforge_assets.sql.reference import quoted
from flowforge_assets.sql.result import DESCRIBE, bound_columns

SETTINGS: Final = (
    *("python_enable_replacements=false", "autoinstall_known_extensions=false"),
    *("autoload_known_extensions=false", "enable_external_access=false"),
    *("errors_as_json=true", "TimeZone='UTC'"),
)
_UNTYPED: Final = {'"NULL"': "INTEGER"}  # how DuckDB stores a column of nulls alone
_LOCK: Final = threading.Lock()
Frozen = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
_HELD: Final[dict[Frozen, duckdb.DuckDBPyConnection]] = {}
_MOST_HELD: Final = 4


def frozen(schema: Mapping[str, Mapping[str, str]]) -> Frozen:
    """The schema as a value that can be remembered by."""
    return tuple((table, tuple(columns.items())) for table, columns in schema.items())


def result_types(
    sql: str, schema: Frozen, values: Mapping[str, ParameterValue] | None = None
) -> list[tuple[str, str]]:
    """The names and DuckDB types of the query's columns, from empty tables; about 1 ms.

    `values` are those of just the parameters that it names.

    Raises:
        Refused: the query does not fit the tables.
    """
    with _LOCK:
        connection = _with_tables(schema)
        try:
            columns = bound_columns(connection, sql, values)
        except duckdb.Error as error:
            raise _refused(error, sql, schema) from error
    return [(name, _UNTYPED.get(type_, type_)) for name, type_ in columns]


def _with_tables(schema: Frozen) -> duckdb.DuckDBPyConnection:
    """An engine that holds just these tables: one that has them, else an old one made empty.

    Opening one takes ten times as long as filling it.
    """
    held = _HELD.pop(schema, None)
    if held is None:
        held = _filled(_spare() if not _catalogs(schema) else None, schema)
    _HELD[schema] = held  # the last one in is the last to go
    return held


def _spare() -> duckdb.DuckDBPyConnection | None:
    """The engine that was used longest ago, without its tables; None while there are few."""
    if len(_HELD) < _MOST_HELD:
        return None
    oldest = next(iter(_HELD))
    connection = _HELD.pop(oldest)
    if _catalogs(oldest):
        connection.close()
        return None
    for table in {table for table, _ in oldest}:
        *path, name = _path(table, set())
        if path in ([], ["main"]):
            connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
        else:
            connection.execute(f"DROP SCHEMA IF EXISTS {quoted(path[0])} CASCADE")
    return connection


def _filled(
    connection: duckdb.DuckDBPyConnection | None, schema: Frozen
) -> duckdb.DuckDBPyConnection:
    catalogs = _catalogs(schema)
    if connection is None:
        connection = duckdb.connect(":memory:", config={"threads": 1})
        for catalog in sorted(catalogs):
            connection.execute(f"ATTACH ':memory:' AS {quoted(catalog)}")
        for setting in SETTINGS:  # they shut the door to more catalogs
            connection.execute(f"SET {setting}")
    for table, columns in schema:
        path = _path(table, catalogs)
        room = ".".join(quoted(part) for part in path[:-1])
        if room:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {room}")
        where = ".".join(quoted(part) for part in path)
        listed = ", ".join(f"{quoted(column)} {type_}" for column, type_ in columns)
        try:
            connection.execute(f"CREATE TABLE {where} ({listed})")
        except duckdb.Error as error:
            connection.close()
            message = f"the columns of table `{table}` are none that DuckDB can make"
            hint = "give names and DuckDB's types, e.g. {'id': 'INTEGER'}"
            raise Refused(TYPE, message, At(1, 1), hint) from error
    return connection


def _catalogs(schema: Frozen) -> set[str]:
    """The layers of which a group is named: they are catalogs."""
    return {table.split(".")[0] for table, _ in schema if _is_in_group(table)}


def _is_in_group(table: str) -> bool:
    return table.count(".") == 2 and "/" not in table  # noqa: PLR2004 - layer, group and name


def _path(table: str, catalogs: set[str]) -> list[str]:
    """The parts of the name under which a query finds the table.

    A layer is a schema, or a catalog where a table lies in a group of it. The key of another
    project's dataset is one name.
    """
    *path, name = [table] if "/" in table else table.split(".")
    if path and path[0] in catalogs:
        path = path if len(path) > 1 else [path[0], "main"]
    else:
        path = path[-1:]
    return [*path, name]


def _refused(error: duckdb.Error, sql: str, schema: Frozen) -> Refused:
    text = str(error)
    try:
        fields = cast("dict[str, object]", json.loads(text[text.index("{") :]))
    except ValueError:
        fields = {}
    position = max(int(str(fields.get("position", 0))) - len(DESCRIBE), 0)
    before = sql[:position]
    at = At(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
    said = str(fields.get("exception_message", text)).split("\n", maxsplit=1)[0]
    said = re.sub(r"[!.]$", "", said).replace('"', "`")
    missing = str(fields.get("name", ""))
    names = {table for table, _ in schema} | {name for _, columns in schema for name, _ in columns}
    hint = did_you_mean(missing, sorted(names)) or "correct the query where it points"
    return Refused(NAME, f"{said[:1].lower()}{said[1:]}", at, hint)
