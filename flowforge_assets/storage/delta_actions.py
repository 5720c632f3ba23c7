"""What a commit says that makes a table, in the words of the Delta protocol.

Such a commit reads nothing: it is a text, under a name that one writer alone can give. So it is
written without the library, which would take longer to begin than many tables take to be made.
Names and forms are those of the protocol's "Actions" (delta.io, PROTOCOL.md, as of 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote

from flowforge_assets.storage.column_stats import delta_stats
from flowforge_assets.storage.delta_schema import schema_text
from flowforge_assets.storage.made_json import RECORD_KEY

if TYPE_CHECKING:
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.store import TableSpec

Action: TypeAlias = Mapping[str, object]

CONFIGURATION: Final = {
    "delta.checkpointInterval": "20",  # each commit goes through all those since the last one
    "delta.enableExpiredLogCleanup": "false",  # records are needed until they are saved elsewhere
    "delta.setTransactionRetentionDuration": "interval 30 days",
}
"""The properties that a table of ours has."""

WALL_CLOCK: Final = ("timestampNtz",)
"""The feature that columns of wall-clock timestamps ask for, of readers and writers."""

_PLAIN_PROTOCOL: Final = {"minReaderVersion": 1, "minWriterVersion": 2}
_NTZ_PROTOCOL: Final = {
    "minReaderVersion": 3,
    "minWriterVersion": 7,
    "readerFeatures": WALL_CLOCK,
    "writerFeatures": WALL_CLOCK,
}


def has_wall_clock(spec: TableSpec) -> bool:
    """Whether some column is of wall-clock timestamps, which ask for a feature of their own."""
    return "timestamp_ntz" in str(spec.schema)


def protocol_of(spec: TableSpec) -> Mapping[str, object]:
    """What readers and writers of the table must know."""
    return _NTZ_PROTOCOL if has_wall_clock(spec) else _PLAIN_PROTOCOL


def metadata_of(
    spec: TableSpec, table_id: str, hive: Sequence[str], *, at_ms: int
) -> Mapping[str, object]:
    """What the table is; `hive` are the columns that name folders."""
    return {
        "id": table_id,
        "name": str(spec.key),
        "description": spec.description or None,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema_text(spec.schema, spec.comments),
        "partitionColumns": list(hive),
        "createdTime": at_ms,
        "configuration": CONFIGURATION,
    }


def info_of(
    operation: str, record: Mapping[str, object], parameters: Mapping[str, str], *, at_ms: int
) -> Action:
    """The line that describes the commit; it holds our record."""
    said = {"timestamp": at_ms, "operation": operation, "operationParameters": parameters}
    return {"commitInfo": {**said, RECORD_KEY: record}}


def add_of(file: DataFile, hive: Sequence[str], *, at_ms: int) -> Action:
    """The line that adds a file."""
    return {
        "add": {
            "path": quote(file.path, safe="/="),
            "partitionValues": {name: file.values.get(name) for name in hive},
            "size": file.bytes_written,
            "modificationTime": at_ms,
            "dataChange": True,
            "stats": delta_stats(file.rows, file.stats, without=hive),
        }
    }


def step_of(app: str, version: int, *, at_ms: int) -> Action:
    """The line that keeps by which version a step was committed."""
    return {"txn": {"appId": app, "version": version, "lastUpdated": at_ms}}


def commit_text(actions: Iterable[Action]) -> bytes:
    """The commit file: an action a line."""
    return "\n".join(json.dumps(action, separators=(",", ":")) for action in actions).encode()
