"""`emit`, without loading what it needs before it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flowforge_assets.sql.portable.emitted import Emitted

if TYPE_CHECKING:
    # the many classes of its nodes cost each command 15 ms, which names this type alone
    from flowforge_assets.sql.portable.tree import ParameterValue


def emit(
    sql: str,
    *,
    schema: Mapping[str, Mapping[str, str]],
    target: str,
    dialect: str = "duckdb",
    macros: str = "",
    parameters: Mapping[str, ParameterValue] | None = None,
) -> Emitted:
    """The query as exact text of `target`, or the places that have no exact form there.

    `schema` gives the columns of each table, with DuckDB's names of types. `macros` are
    `CREATE MACRO` statements that the query may use, `parameters` the values of its `:name` and
    `$name`. Nothing is run but DuckDB's binder, over empty tables.

    Raises:
        SqlSyntaxError: it does not parse (FF-410).
        SqlTargetError: there is no such target or dialect (FF-456).
        SqlError: a macro is wrong, or called wrongly (FF-462 to FF-466).
    """
    # loads sqlglot and duckdb, which what imports this package may never need
    from flowforge_assets.sql.portable.emit import emit_query

    return emit_query(sql, schema, target, dialect, macros=macros, parameters=parameters or {})
