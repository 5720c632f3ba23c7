"""Databricks: one statement puts a clone with its properties into the place of a Delta table.

Read for it: the Databricks SQL language manual (CREATE TABLE CLONE, MERGE INTO, TBLPROPERTIES, SET
TAGS, GRANT, liquid clustering), 2026-11. There are no transactions of several statements: what
changes rows in place is done to a clone first. The state is a property of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flowforge_assets.sql.portable.statements.postgres import MERGE
from flowforge_assets.sql.portable.statements.statements import Layout, Statements, TableColumn
from flowforge_assets.sql.portable.targets.databricks import DATABRICKS as TARGET

_MOST_CLUSTERED: Final = 4


def _clustered(statements: Statements, layout: Layout, known: Mapping[str, TableColumn]) -> str:
    """At most 4 columns cluster."""
    columns = [each for each in (layout.cut, *layout.sort) if each in known]
    named = [statements.name(each) for each in dict.fromkeys(columns)]
    return f"\nCLUSTER BY ({', '.join(named[:_MOST_CLUSTERED])})" if named else ""


DATABRICKS: Final = Statements(
    target=TARGET,
    publishing="replace",
    instant="TIMESTAMP",
    instant_value="TIMESTAMP '{moment}'",
    not_a_number="isnan({0})",
    merge=MERGE,
    replace="CREATE OR REPLACE TABLE {table}\nDEEP CLONE {other}\n"
    "TBLPROPERTIES ('flowforge.state' = {text})",
    copy="CREATE OR REPLACE TABLE {table}\nDEEP CLONE {other}",
    rename="ALTER TABLE {table} RENAME TO {schema}.{name}",
    view=(
        "CREATE OR REPLACE VIEW {table}\nTBLPROPERTIES ('flowforge.state' = {text}) AS\n{query}",
    ),
    comment=("ALTER TABLE {table} SET TBLPROPERTIES ('flowforge.state' = {text})",),
    view_comment=(),
    find_comment="SHOW TBLPROPERTIES {table} ('flowforge.state')",
    column_comment="ALTER TABLE {table} ALTER COLUMN {column} COMMENT {text}",
    tag="ALTER TABLE {table} SET TAGS ({name} = {text})",
    grant="GRANT {privilege} ON TABLE {table} TO {role}",
    privileges={"insert": "MODIFY", "update": "MODIFY", "delete": "MODIFY"},
    layout=_clustered,
    laid_by=frozenset({"cluster_by", "partition_by"}),
)
