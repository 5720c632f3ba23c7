"""The warehouse of Microsoft Fabric: T-SQL whose transactions take DDL.

Read for it: the Transact-SQL reference pages that apply to Warehouse in Microsoft Fabric (CREATE
TABLE, DELETE, INSERT) and "Transactions in Warehouse tables", 2026-11. It lays tables out by
itself, and its columns have no time with a zone: instants are kept as UTC. No table has a comment:
the state is a row of `flowforge_state` in the same schema, changed in the same transaction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flowforge_assets.sql.portable.statements.statements import no_layout
from flowforge_assets.sql.portable.statements.synapse import SYNAPSE
from flowforge_assets.sql.portable.targets.fabric import FABRIC as TARGET

_STATE: Final = "{schema}.[flowforge_state]"
_KEEP_STATE: Final = (
    f"DELETE FROM {_STATE} WHERE [name] = {{name_text}}",  # noqa: S608 - a template
    f"INSERT INTO {_STATE} ([name], [state]) VALUES ({{name_text}}, {{text}})",  # noqa: S608
)
_MAKE_STATE: Final = (
    "IF OBJECT_ID(CONCAT({schema_text}, '.flowforge_state'), 'U') IS NULL"
    f" CREATE TABLE {_STATE} ([name] VARCHAR(256) NOT NULL, [state] VARCHAR(MAX) NOT NULL)"
)

FABRIC: Final = replace(
    SYNAPSE,
    target=TARGET,
    publishing="transaction",
    instant="DATETIME2(6)",
    instant_value="CAST('{utc}' AS DATETIME2(6))",
    create="IF OBJECT_ID({unquoted}, 'U') IS NULL CREATE TABLE {table} (\n{columns}\n)",
    create_as="",
    drop="DROP TABLE IF EXISTS {table}",
    rename="",
    forget="",
    view=("DROP VIEW IF EXISTS {table}", "CREATE VIEW {table} AS\n{query}"),
    drop_view="DROP VIEW IF EXISTS {table}",
    prepare=(_MAKE_STATE,),
    comment=_KEEP_STATE,
    view_comment=_KEEP_STATE,
    find_comment=f"SELECT [state] FROM {_STATE} WHERE [name] = {{name_text}}",  # noqa: S608 - a template
    layout=no_layout,
    laid_by=frozenset(),
)
