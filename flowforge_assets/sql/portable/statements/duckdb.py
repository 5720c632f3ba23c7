"""DuckDB: the reference, where what is written for others can be run.

Read for it: DuckDB's documentation (CREATE TABLE, MERGE INTO, COMMENT ON, transactions), 2026-11.
It has neither roles nor tags.
"""

from __future__ import annotations

from typing import Final

from flowforge_assets.sql.portable.statements.postgres import MERGE
from flowforge_assets.sql.portable.statements.statements import Statements
from flowforge_assets.sql.portable.targets.duckdb import DUCKDB as TARGET

DUCKDB: Final = Statements(
    target=TARGET,
    publishing="transaction",
    instant="TIMESTAMP WITH TIME ZONE",
    not_a_number="isnan({0})",
    merge=MERGE,
    find_comment="SELECT comment FROM duckdb_tables()"
    " WHERE schema_name = {schema_text} AND table_name = {name_text}"
    " UNION ALL SELECT comment FROM duckdb_views()"
    " WHERE schema_name = {schema_text} AND view_name = {name_text}",
    grant="",
)
