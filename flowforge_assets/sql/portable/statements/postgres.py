"""PostgreSQL: DDL, comments and rows are part of one transaction.

Read for it: the PostgreSQL 15 manual, Part VI (CREATE TABLE, INSERT, MERGE, COMMENT, GRANT, ALTER
TABLE) and section 3.4 (transactions), 2026-11. Views hold on to the table itself, not to its
name: rows are replaced within the table as long as its columns are the same, so that views and
grants stay what they are.
"""

from __future__ import annotations

from typing import Final

from flowforge_assets.sql.portable.statements.statements import Statements
from flowforge_assets.sql.portable.targets.postgres import POSTGRES as TARGET


def plain_text(text: str) -> str | None:
    """Backslashes stand doubled in a constant that says so; a comment takes no expression."""
    if "\x00" in text:
        return None
    doubled = text.replace("'", "''")
    return "E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in text else f"'{doubled}'"


MERGE: Final = "MERGE INTO {table} AS {old}\nUSING {staged} AS {new} ON {match}\n{clauses}"

POSTGRES: Final = Statements(
    target=TARGET,
    publishing="transaction",
    instant="TIMESTAMP WITH TIME ZONE",
    not_a_number="{0} = CAST('NaN' AS DOUBLE PRECISION)",
    merge=MERGE,
    find_comment="SELECT obj_description(to_regclass({unquoted}), 'pg_class')",
    said=plain_text,
)
