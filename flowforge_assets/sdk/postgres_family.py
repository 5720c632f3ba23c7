"""What warehouses that come of PostgreSQL share: how names are quoted, and who knows the tables."""

from __future__ import annotations

from typing import Final

from flowforge_assets.core.table_name import TableName

FIND_TABLE: Final = (
    "SELECT c.oid, c.relkind, obj_description(c.oid, 'pg_class') FROM pg_class c"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = %s AND c.relname = %s AND c.relkind IN ('r', 'p', 'v', 'm')"
)
"""Number, kind and comment of a table by its schema and name."""

FIND_COLUMNS: Final = (
    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
)
"""Names and types of the columns of the table with that number."""


def path(table: TableName) -> str:
    """`"gold"."orders"`."""
    return ".".join(quoted(part) for part in table.parts)


def quoted(name: str) -> str:
    """A name whose case is kept."""
    return '"' + name.replace('"', '""') + '"'
