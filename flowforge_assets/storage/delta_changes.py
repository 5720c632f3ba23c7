"""Which data files of a Delta table changed its rows between two versions, and who wrote them.

A commit that only puts rows into other files says so of each (`dataChange` in the Delta protocol,
"Add File and Remove File"), so that its files, however large, need not be compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flowforge_assets.storage.changes import refuse_swept
from flowforge_assets.storage.data_files import DataFile
from flowforge_assets.storage.delta_log import commit_file, record_in
from flowforge_assets.storage.delta_past import actions_of, is_upkeep
from flowforge_assets.storage.file_scan import StoredFiles
from flowforge_assets.storage.state_file import newest_state

if TYPE_CHECKING:
    from flowforge_assets.storage.delta_handle import DeltaHandle, Snapshot
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.store import TableSpec


def changed_files(
    handle: DeltaHandle, since: int, until: int, spec: TableSpec
) -> tuple[StoredFiles, StoredFiles]:
    """The files whose rows went after `since`, and those whose rows came by `until`.

    Of a log that lacks commits between them, or in which columns changed, all files of both.

    Raises:
        NoVersionError: one of the versions is no longer kept (FF-603).
        ChangesLostError: a file whose rows came has gone since: they lie in others (FF-642).
    """
    after = handle.at(until)
    net = _net(after.layout.folder, since, until)
    if net is None:
        before = handle.at(since)
        return _stored(before, before.files), _stored(after, after.files)
    known = {file.path: file for file in after.files}
    plus = {path: action for path, (more, action) in net.items() if more > 0}
    moved = [_file(action, after) for path, action in plus.items() if path not in known]
    refuse_swept(moved, _stored(after, ()), spec)
    came = (*(known[path] for path in plus if path in known), *moved)
    went = tuple(_file(action, after) for more, action in net.values() if more < 0)
    return _stored(after, went), _stored(after, came)


def others_changed(handle: DeltaHandle, versions: range, spec: TableSpec) -> bool:
    """Whether commits of `versions` may have changed rows and say nothing of who made them.

    Of those that are no longer in the log the state file says it.
    """
    now = handle.current()
    assert now is not None  # noqa: S101 - it has versions
    folder = now.layout.folder
    contents = folder.read_all(map(commit_file, versions))
    if any(_is_unknown(content) for content in contents.values()):
        return True
    if len(contents) == len(versions):
        return False
    state = newest_state(folder, spec.key, by=now.version, table_id=now.table_id)
    return state is None or state.others is None or state.others >= versions.start


def newest_of_others(folder: Folder, versions: range) -> int:
    """The newest of `versions`, all in the log, that others made; -1 where they made none."""
    contents = folder.read_all(map(commit_file, versions))
    found = (each for each in versions if _is_unknown(contents.get(commit_file(each), b"")))
    return max(found, default=-1)


def _is_unknown(content: bytes) -> bool:
    actions = actions_of(content)
    return not any(map(record_in, actions)) and not is_upkeep(actions)


def _stored(at: Snapshot, files: tuple[DataFile, ...]) -> StoredFiles:
    return StoredFiles(files, at.layout, at.stored)


def _net(
    folder: Folder, since: int, until: int
) -> Mapping[str, tuple[int, Mapping[str, Any]]] | None:
    """How often each file came more than it went, and what the log says of it."""
    wanted = [commit_file(version) for version in range(since + 1, until + 1)]
    contents = folder.read_all(wanted)
    if any(name not in contents for name in wanted):
        return None
    counts: Counter[str] = Counter()
    said: dict[str, Mapping[str, Any]] = {}  # JSON can hold anything
    for name in wanted:
        for line in contents[name].splitlines():
            actions = json.loads(line)
            if "metaData" in actions:
                return None
            for kind, sign in (("add", 1), ("remove", -1)):
                action = actions.get(kind)
                if action is not None and action.get("dataChange", True):
                    path = unquote(action["path"])
                    counts[path] += sign
                    said[path] = {**said.get(path, {}), **action}
    return {path: (count, said[path]) for path, count in counts.items() if count}


def _file(action: Mapping[str, Any], at: Snapshot) -> DataFile:
    """A file that the newest version need not have; which partitions it holds its rows tell."""
    path = unquote(action["path"])
    size = action.get("size")
    if size is None:
        entry = at.layout.folder.entry(path)
        size = entry.size_bytes if entry is not None else -1
    values: Mapping[str, str | None] = action.get("partitionValues") or {}
    ends = tuple(None for _ in at.layout.dimensions)
    return DataFile(path, size, -1, ends, {name: values.get(name) for name in at.layout.hive})
