"""The older versions of a Delta table: which can be read, what they made, how they come back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from deltalake import CommitProperties
from deltalake import DeltaTable as LibraryTable

from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.schema_change import SchemaChange, real_changes
from flowforge_assets.storage.delta_log import (
    LOG,
    commit_file,
    commits_in,
    record_in,
    schema_texts,
    state_beside,
)
from flowforge_assets.storage.delta_schema import columns_in, comments_in
from flowforge_assets.storage.failure import damaged_log
from flowforge_assets.storage.kept_versions import kept_since
from flowforge_assets.storage.made_json import RECORD_KEY, read_made
from flowforge_assets.storage.past import Version

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.delta_handle import Snapshot
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.store import TableSpec

_CHECKPOINT_LENGTH: Final = 20


def versions_in_log(
    folder: Folder, spec: TableSpec, table_id: str, *, are_readable: bool = True
) -> list[Version]:
    """The versions that the log tells of, oldest first, or those alone that can still be read.

    Reads the commits of all that it gives.

    Raises:
        DamagedLogError: one of them is no JSON (FF-607).
    """
    entries = commits_in(folder)
    first = 0
    if are_readable:
        first = max(_first_readable(folder, min(entries, default=0)), kept_since(folder, table_id))
    wanted = [version for version in entries if version >= first]
    contents = folder.read_all(map(commit_file, wanted))
    found: list[Version] = []
    for version in wanted:
        try:
            actions = actions_of(contents.get(commit_file(version), b""))
        except ValueError as error:
            what = f"the commit of version {version} is no JSON"
            raise damaged_log(spec.key, folder.shown, what) from error
        record = next(filter(None, map(record_in, actions)), None)
        table = TableVersion(table_id, version)
        made = None if record is None else read_made(record, spec, table)
        at = _timestamp(actions, entries[version].modified) if made is None else made.at
        found.append(Version(version, at, made, is_upkeep=made is None and is_upkeep(actions)))
    return found


def schemas_in_log(folder: Folder, key: DatasetKey, at: Snapshot) -> list[SchemaChange]:
    """The columns that the table had up to a version, oldest first; from the state file on.

    Raises:
        DamagedStateError: the state file cannot be read (FF-674).
    """
    state, _ = state_beside(folder, key, by=at.version, table_id=at.table_id)
    known, after = ((), -1) if state is None else (state.schemas, state.version)
    new = [
        SchemaChange(version, instant, columns_in(text), run_id, comments_in(text))
        for version, instant, text, run_id in schema_texts(folder, after=after)
    ]
    return real_changes([*known, *new])


def checkpoints_in(folder: Folder) -> list[int]:
    """The versions that have a checkpoint of one file, oldest first."""
    names = folder.names(LOG)
    return sorted(int(name[:_CHECKPOINT_LENGTH]) for name in names if _is_checkpoint(name))


def is_alike(old: Snapshot, now: Snapshot) -> bool:
    """Whether the files of the two versions have the same columns, in folders of the same kind."""
    same_columns = old.stored == now.stored and old.not_null == now.not_null
    return same_columns and old.layout.hive == now.layout.hive


def restore_files(
    folder: Folder, version: int, record: Mapping[str, object], *, at: Snapshot
) -> None:
    """Makes a version with the files of an older one, in the place of those of `at`.

    Raises:
        CommitFailedError: someone committed after `at`.
    """
    options = folder.delta_options
    table = LibraryTable(folder.target(), version=at.version, storage_options=options)
    properties = CommitProperties(
        custom_metadata={RECORD_KEY: dict(record)},
        max_commit_retries=0,
    )
    table.restore(version, commit_properties=properties)


def _first_readable(folder: Folder, oldest: int) -> int:
    """The oldest version that the log can tell: the first one, or that of a checkpoint."""
    if oldest == 0:
        return 0
    return next((version for version in checkpoints_in(folder) if version >= oldest), oldest)


def _is_checkpoint(name: str) -> bool:
    number, rest = name[:_CHECKPOINT_LENGTH], name[_CHECKPOINT_LENGTH:]
    return number.isdecimal() and rest == ".checkpoint.parquet"


def actions_of(content: bytes) -> Sequence[Mapping[str, Any]]:
    """The lines of a commit file; Any: what they hold is of the Delta protocol."""
    return [json.loads(line) for line in content.splitlines() if line.strip()]


def _timestamp(actions: Sequence[Mapping[str, Any]], modified: float) -> datetime:
    for action in actions:
        at_ms = action.get("commitInfo", {}).get("timestamp")
        if at_ms is not None:
            return datetime.fromtimestamp(float(at_ms) / 1000, UTC)
    return datetime.fromtimestamp(modified, UTC)


def is_upkeep(actions: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the commit says of itself that it changes no row."""
    return not any(
        action.get(kind, {}).get("dataChange", False)
        for action in actions
        for kind in ("add", "remove")
    )
