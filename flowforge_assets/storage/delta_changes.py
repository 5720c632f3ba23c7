"""Which data files of a Delta table changed its rows between two versions, as its log says.

A commit that only puts rows into other files says so of each (`dataChange` in the Delta protocol,
"Add File and Remove File"), so that its files, however large, need not be compared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flowforge_assets.storage.data_files import DataFile
from flowforge_assets.storage.delta_log import commit_file
from flowforge_assets.storage.file_scan import StoredFiles

if TYPE_CHECKING:
    from flowforge_assets.storage.delta_handle import DeltaHandle, Snapshot
    from flowforge_assets.storage.folder import Folder


def changed_files(handle: DeltaHandle, since: int, until: int) -> tuple[StoredFiles, StoredFiles]:
    """The files whose rows went after `since`, and those whose rows came by `until`.

    Of a log that lacks commits between them, or in which columns changed, all files of both.

    Raises:
        NoVersionError: one of the versions is no longer kept (FF-603).
    """
    after = handle.at(until)
    net = _net(after.layout.folder, since, until)
    if net is None:
        before = handle.at(since)
        return _stored(before, before.files), _stored(after, after.files)
    known = {file.path: file for file in after.files}
    came = tuple(
        known.get(path) or _file(action, after) for path, (more, action) in net.items() if more > 0
    )
    went = tuple(_file(action, after) for more, action in net.values() if more < 0)
    return _stored(after, went), _stored(after, came)


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
