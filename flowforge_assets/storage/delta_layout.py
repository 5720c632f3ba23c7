"""A commit that cuts a Delta table into other folders: the one that the library cannot pin.

The library names other columns for folders only by making a table anew, in the place of whatever
is there by then. So it does that beside, on this machine, and what it wrote becomes the next
version of the table: a file that one writer alone can make.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from deltalake.exceptions import CommitFailedError

from flowforge_assets.storage.delta_log import commit_file

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from flowforge_assets.storage.delta_handle import Snapshot

_SAID: Final = frozenset({"commitInfo", "protocol", "metaData"})


def write_anew(
    table: DeltaTable, at: Snapshot, make: Callable[[str], None], *, needs_protocol: bool
) -> None:
    """Makes the version after `at`: no file of it stays, and the rest is as `make` makes a table.

    `make` is given a new local folder, and makes there a table with the files to be added. The
    table stays the one that it is, with its id; its protocol is raised if that is needed.

    Raises:
        CommitFailedError: someone committed after `at`.
    """
    with TemporaryDirectory(prefix="flowforge-") as beside:
        make(beside)
        text = Path(beside, commit_file(0)).read_text(encoding="utf-8")
    # Any: what the lines hold is of the Delta protocol
    actions: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    said = {name: action[name] for action in actions for name in _SAID & action.keys()}
    lines = [{"commitInfo": _info(said["commitInfo"], said["metaData"])}]
    if needs_protocol:
        lines.append({"protocol": _raised(table, said["protocol"])})
    lines.append({"metaData": {**said["metaData"], "id": at.table_id}})
    lines += _removes(table)
    lines += (action for action in actions if not _SAID & action.keys())
    content = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    path = commit_file(at.version + 1)
    if not at.layout.folder.create(path, content.encode()):
        message = f"version {at.version + 1} of the table was made by someone else"
        raise CommitFailedError(message)


def _info(info: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """What the commit says of itself, without the folder that it was made in."""
    cut = {"mode": "Overwrite", "partitionBy": json.dumps(metadata["partitionColumns"])}
    return {**info, "operation": "WRITE", "operationParameters": cut}


def _raised(table: DeltaTable, needed: dict[str, Any]) -> dict[str, Any]:
    """The protocol `needed`, with the features that the table has already."""
    known = table.protocol()
    readers = {*(known.reader_features or ()), *needed["readerFeatures"]}
    writers = {*(known.writer_features or ()), *needed["writerFeatures"]}
    return {**needed, "readerFeatures": sorted(readers), "writerFeatures": sorted(writers)}


def _removes(table: DeltaTable) -> Iterator[dict[str, Any]]:
    """What removes the files of the opened version, each called as the log calls it."""
    for path in pl.DataFrame(table.get_add_actions()).get_column("path"):
        now_ms = time.time_ns() // 1_000_000
        yield {"remove": {"path": path, "dataChange": True, "deletionTimestamp": now_ms}}
