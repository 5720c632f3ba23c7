"""Snowflake: DDL commits by itself; one statement puts a clone into the place of a table.

Read for it: Snowflake's SQL reference (CREATE TABLE ... CLONE, COPY GRANTS, ALTER TABLE ... SWAP
WITH, MERGE, COMMENT, CREATE TAG, clustering keys), 2026-11. A table that is replaced is dropped
and made in one transaction, `COPY GRANTS` keeps the privileges on the one that is replaced, and a
clone has the comment of what it was cloned from: so the state is set before, and comes with the
rows. `SWAP WITH` would swap the privileges too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowforge_assets.sql.portable.statements.postgres import MERGE
from flowforge_assets.sql.portable.statements.statements import Layout, Statements, TableColumn
from flowforge_assets.sql.portable.targets.snowflake import SNOWFLAKE as TARGET


def _clustered(statements: Statements, layout: Layout, known: Mapping[str, TableColumn]) -> str:
    """A clustering key costs credits to keep up: only what cuts the table is one."""
    columns = [layout.cut, *layout.sort] if layout.cut else list(layout.sort)
    named = [statements.name(each) for each in dict.fromkeys(columns) if each in known]
    return f"\nCLUSTER BY ({', '.join(named)})" if named else ""


SNOWFLAKE: Final = Statements(
    target=TARGET,
    publishing="replace",
    instant="TIMESTAMP_TZ(6)",
    not_a_number="{0} = CAST('NaN' AS DOUBLE)",
    merge=MERGE,
    replace="CREATE OR REPLACE TABLE {table} CLONE {other} COPY GRANTS",
    copy="CREATE OR REPLACE TABLE {table} CLONE {other}",
    swap="ALTER TABLE {table} SWAP WITH {other}",
    view=("CREATE OR REPLACE VIEW {table} COPY GRANTS COMMENT = {text} AS\n{query}",),
    view_comment=(),
    find_comment="SELECT COMMENT FROM INFORMATION_SCHEMA.TABLES"
    " WHERE TABLE_SCHEMA = {schema_text} AND TABLE_NAME = {name_text}",
    tag="ALTER TABLE {table} SET TAG {tag} = {text}",
    grant="GRANT {privilege} ON TABLE {table} TO ROLE {role}",
    layout=_clustered,
    laid_by=frozenset({"cluster_by", "partition_by"}),
)
