"""The schema history in the ledger, each function in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema_change import SchemaChange, comments_of
from flowforge_assets.record import statements
from flowforge_assets.record.database import Transaction
from flowforge_assets.record.rows import Row, time_text

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_NO_COMMENTS: Final = "{}"


def add_schema(connection: Transaction, dataset: DatasetKey, schema: SchemaChange) -> None:
    """Adds an entry when the columns are others than those of the newest one.

    What happened before that one is known already.
    """
    row = connection.execute(statements.NEWEST_SCHEMA, (dataset,)).fetchone()
    newest = None if row is None else schema_from(row)
    if newest is None or (schema.at >= newest.at and not schema.is_like(newest)):
        columns = _ENCODER.encode(schema.columns)
        comments = _ENCODER.encode(dict(schema.comments))
        entry = (dataset, schema.version, time_text(schema.at), columns, schema.run_id, comments)
        connection.execute(statements.INSERT_SCHEMA, entry)


def replace_schemas(
    connection: Transaction, dataset: DatasetKey, schemas: Iterable[SchemaChange]
) -> None:
    """Makes `schemas`, oldest first, the history of the dataset's columns."""
    connection.execute(statements.DELETE_SCHEMAS, (dataset,))
    for schema in schemas:
        add_schema(connection, dataset, schema)


def schema_from(row: Row) -> SchemaChange:
    """The entry of a row."""
    version, at, columns, run_id, comments = row
    named = tuple([(name, spelled) for name, spelled in json.loads(columns)])
    said = () if comments == _NO_COMMENTS else comments_of(json.loads(comments))
    return SchemaChange(version, datetime.fromisoformat(at), named, run_id, said)
