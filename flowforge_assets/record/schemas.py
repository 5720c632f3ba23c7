"""The schema history in the ledger, each function in the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.record import statements
from flowforge_assets.record.rows import Row, time_text


def add_schema(connection: sqlite3.Connection, dataset: DatasetKey, schema: SchemaChange) -> None:
    """Adds an entry when the columns are others than those of the newest one.

    What happened before that one is known already.
    """
    newest = connection.execute(statements.NEWEST_SCHEMA, (dataset,)).fetchone()
    at = time_text(schema.at)
    if newest is None or (at >= newest[0] and newest[1] != schema.schema):
        row = (dataset, at, schema.version, schema.schema)
        connection.execute(statements.INSERT_SCHEMA, row)


def replace_schemas(
    connection: sqlite3.Connection, dataset: DatasetKey, schemas: Iterable[SchemaChange]
) -> None:
    """Makes `schemas`, oldest first, the history of the dataset's columns."""
    connection.execute(statements.DELETE_SCHEMAS, (dataset,))
    for schema in schemas:
        add_schema(connection, dataset, schema)


def schema_from(row: Row) -> SchemaChange:
    """The entry of a row."""
    version, at, schema = row
    return SchemaChange(version, datetime.fromisoformat(at), schema)
