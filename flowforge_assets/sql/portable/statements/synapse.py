"""Synapse dedicated SQL pools: tables are made of queries, and take over a name by RENAME OBJECT.

Read for it: the Transact-SQL reference pages that apply to Azure Synapse Analytics (CREATE TABLE AS
SELECT, RENAME, MERGE, DELETE, CREATE VIEW) and "Use transactions in dedicated SQL pools", 2026-11.
Transactions take no DDL; MERGE needs a table that is spread by hash, so that rows are deleted and
inserted; tables have no IF NOT EXISTS, schemas neither. No table has a comment: the state is a row
of `flowforge_state` in the same schema, under the number of the object, which a renamed table
keeps. Between two renames a reader finds no table for a moment: there is no swap.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowforge_assets.sql.portable.statements.statements import Layout, Statements, TableColumn
from flowforge_assets.sql.portable.targets.synapse import SYNAPSE as TARGET


def _spread(statements: Statements, layout: Layout, known: Mapping[str, TableColumn]) -> str:
    """By the hash of a column or evenly, and always by columns."""
    spread = "ROUND_ROBIN"
    if layout.spread in known:
        spread = f"HASH({statements.name(layout.spread)})"
    return f"\nWITH (DISTRIBUTION = {spread}, CLUSTERED COLUMNSTORE INDEX)"


_STATE: Final = "{schema}.[flowforge_state]"
_KEEP_STATE: Final = (
    f"DELETE FROM {_STATE} WHERE [object_id] = OBJECT_ID({{unquoted}})",  # noqa: S608 - a template
    (
        f"INSERT INTO {_STATE} ([object_id], [state])"
        " SELECT OBJECT_ID({unquoted}) AS [object_id], {text} AS [state]"
    ),
)
_MAKE_STATE: Final = (
    "IF OBJECT_ID(CONCAT({schema_text}, N'.flowforge_state'), N'U') IS NULL"
    f" CREATE TABLE {_STATE} ([object_id] INT NOT NULL, [state] NVARCHAR(MAX) NOT NULL)"
    " WITH (DISTRIBUTION = ROUND_ROBIN, HEAP)"
)

SYNAPSE: Final = Statements(
    target=TARGET,
    publishing="rename",
    instant="DATETIMEOFFSET(6)",
    create_schema="IF SCHEMA_ID({schema_text}) IS NULL EXEC({nested})",
    create="IF OBJECT_ID({unquoted}, N'U') IS NULL CREATE TABLE {table} (\n{columns}\n){layout}",
    create_as="CREATE TABLE {table}{layout}\nAS\n{query}",
    drop="IF OBJECT_ID({unquoted}, N'U') IS NOT NULL DROP TABLE {table}",
    rename="IF OBJECT_ID({unquoted}, N'U') IS NOT NULL RENAME OBJECT {table} TO {name}",
    forget=(
        "IF OBJECT_ID({unquoted}, N'U') IS NOT NULL AND OBJECT_ID({other_unquoted}, N'U')"
        " IS NOT NULL DROP TABLE {other}"
    ),
    view=(
        "IF OBJECT_ID({unquoted}, N'V') IS NOT NULL DROP VIEW {table}",
        "CREATE VIEW {table} AS\n{query}",
    ),
    drop_view="IF OBJECT_ID({unquoted}, N'V') IS NOT NULL DROP VIEW {table}",
    prepare=(_MAKE_STATE,),
    comment=_KEEP_STATE,
    view_comment=_KEEP_STATE,
    find_comment=(
        f"SELECT [state] FROM {_STATE}"  # noqa: S608 - a template
        " WHERE [object_id] = OBJECT_ID({unquoted})"
    ),
    column_comment="",
    grant="GRANT {privilege} ON OBJECT::{table} TO {role}",
    begin="BEGIN TRANSACTION",
    commit="COMMIT TRANSACTION",
    layout=_spread,
    laid_by=frozenset({"distribute"}),
    batch="GO",
)
