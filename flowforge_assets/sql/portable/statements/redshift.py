"""Redshift: as PostgreSQL, with keys to spread and to sort by.

Read for it: the Amazon Redshift Database Developer Guide (CREATE TABLE, CREATE VIEW, MERGE,
COMMENT, GRANT, TRUNCATE), 2026-11. Its MERGE takes no condition on a branch, so that rows are
deleted and inserted instead; TRUNCATE commits by itself and is not used. Views are bound late: they
find their tables by name. A comment cannot hold a backslash whatever the settings are: it becomes a
slash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flowforge_assets.sql.portable.statements.postgres import POSTGRES
from flowforge_assets.sql.portable.statements.statements import Layout, Statements, TableColumn
from flowforge_assets.sql.portable.targets.redshift import REDSHIFT as TARGET


def _text(text: str) -> str | None:
    return None if "\x00" in text else "'" + text.replace("\\", "/").replace("'", "''") + "'"


def _keys(statements: Statements, layout: Layout, known: Mapping[str, TableColumn]) -> str:
    """Without a word on it, Redshift chooses how rows are spread."""
    said = ""
    if layout.spread in known:
        said += f"\nDISTSTYLE KEY DISTKEY ({statements.name(layout.spread)})"
    sort = dict.fromkeys([layout.cut, *layout.sort] if layout.cut else layout.sort)
    named = [statements.name(each) for each in sort if each in known]
    return said + (f"\nSORTKEY ({', '.join(named)})" if named else "")


REDSHIFT: Final = replace(
    POSTGRES,
    target=TARGET,
    not_a_number="{0} = CAST('NaN' AS DOUBLE PRECISION)",
    merge="",
    view=("CREATE OR REPLACE VIEW {table} AS\n{query}\nWITH NO SCHEMA BINDING",),
    find_comment="SELECT obj_description({unquoted}::regclass, 'pg_class')",
    grant="GRANT {privilege} ON TABLE {table} TO ROLE {role}",
    said=_text,
    layout=_keys,
    laid_by=frozenset({"cluster_by", "partition_by", "distribute"}),
)
