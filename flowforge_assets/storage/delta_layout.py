"""A commit that cuts a Delta table into other folders: the one that the library cannot pin.

The library names other columns for folders only by making a table anew, in the place of whatever
is there by then. So what it would write is written here, as the next version of the table: a file
that one writer alone can make.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl
from deltalake.exceptions import CommitFailedError

from flowforge_assets.storage.delta_actions import (
    WALL_CLOCK,
    Action,
    commit_text,
    info_of,
    metadata_of,
    protocol_of,
)
from flowforge_assets.storage.delta_log import commit_file

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from flowforge_assets.storage.delta_handle import Snapshot
    from flowforge_assets.storage.store import TableSpec


def write_anew(
    table: DeltaTable,
    at: Snapshot,
    spec: TableSpec,
    hive: Sequence[str],
    *,
    record: Mapping[str, object],
    actions: Iterable[Action],
    needs_protocol: bool,
) -> None:
    """Makes the version after `at`: no file of it stays, `actions` bring those that come.

    The table stays the one that it is, with its id; its protocol is raised if that is needed.

    Raises:
        CommitFailedError: someone committed after `at`.
    """
    at_ms = time.time_ns() // 1_000_000
    cut = {"mode": "Overwrite", "partitionBy": json.dumps(list(hive))}
    lines = [info_of("WRITE", record, cut, at_ms=at_ms)]
    if needs_protocol:
        lines.append({"protocol": _raised(table, spec)})
    lines.append({"metaData": metadata_of(spec, at.table_id, hive, at_ms=at_ms)})
    lines += _removes(table, at_ms)
    lines += actions
    if not at.layout.folder.create(commit_file(at.version + 1), commit_text(lines)):
        message = f"version {at.version + 1} of the table was made by someone else"
        raise CommitFailedError(message)


def _raised(table: DeltaTable, spec: TableSpec) -> Mapping[str, object]:
    """The protocol that the columns ask for, with the features that the table has already."""
    known = table.protocol()
    readers = {*(known.reader_features or ()), *WALL_CLOCK}
    writers = {*(known.writer_features or ()), *WALL_CLOCK}
    features = {"readerFeatures": sorted(readers), "writerFeatures": sorted(writers)}
    return {**protocol_of(spec), **features}


def _removes(table: DeltaTable, at_ms: int) -> Iterator[Action]:
    """What removes the files of the opened version, each called as the log calls it."""
    for path in pl.DataFrame(table.get_add_actions()).get_column("path"):
        yield {"remove": {"path": path, "dataChange": True, "deletionTimestamp": at_ms}}
