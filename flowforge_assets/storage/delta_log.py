"""Our records in a Delta table's log, read from its JSON files as they come.

The library that writes the log shows its history too, but reads all of it each time; and it
takes a commit file of no bytes for a commit of nothing, so that its rows vanish without a word.
Such a file is refused here (the Delta protocol, "Delta Log Entries", knows no empty ones).
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.storage.failure import damaged_log
from flowforge_assets.storage.made_json import BYTES_KEY, RECORD_KEY, RESTORED_KEY
from flowforge_assets.storage.state_file import newest_state

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.folder import FileEntry, Folder
    from flowforge_assets.storage.state_file import State

LOG: Final = "_delta_log"
RUN_KEY: Final = "flowforge.run"
"""Says in a commit that changes no row which run it is of."""
TRIES: Final = 3
"""How often a log is read whose commits go while it is read."""
_NAME_LENGTH: Final = len("00000000000000000000.json")


def commit_file(version: int) -> str:
    """The file of the commit that made `version`, from the table's folder."""
    return f"{LOG}/{version:020}.json"


def commits_in(folder: Folder) -> Mapping[int, FileEntry]:
    """The commit files that are in the log, oldest first; one look at it."""
    names = {entry.path.removeprefix(f"{LOG}/"): entry for entry in folder.entries(LOG)}
    found = {
        int(name[:20]): entry
        for name, entry in names.items()
        if len(name) == _NAME_LENGTH and name.endswith(".json") and name[:20].isdecimal()
    }
    return dict(sorted(found.items()))


def refuse_empty(commits: Iterable[FileEntry], folder: Folder, key: DatasetKey) -> None:
    """Passes commit files that have bytes.

    Raises:
        DamagedLogError: one has none (FF-607).
    """
    for entry in commits:
        if entry.size_bytes == 0:
            raise damaged_log(key, folder.shown, f"`{_name(entry.path)}` is empty")


def last_after(version: int, folder: Folder, key: DatasetKey) -> int:
    """The last version whose commit file follows `version` without a gap; one look a file.

    Raises:
        DamagedLogError: one of them has no bytes (FF-607).
    """
    while (entry := folder.entry(commit_file(version + 1))) is not None:
        refuse_empty([entry], folder, key)
        version += 1
    return version


@dataclass(slots=True, eq=False)
class CommitLog:
    """The records of one table's commits, oldest first, as far as they were read."""

    folder: Folder
    key: DatasetKey
    records: list[tuple[int, Mapping[str, object]]] = field(
        default_factory=list[tuple[int, Mapping[str, object]]]
    )
    version_of_step: dict[str, int] = field(default_factory=dict[str, int])
    is_cut: bool = False
    table_id: str = ""
    _next: int = -1

    def read_to(self, newest: int) -> None:
        """Reads the commits up to version `newest`, those of the state file from there.

        `is_cut` when there may have been older steps than are known.

        Raises:
            DamagedLogError: one is missing, empty or no JSON (FF-607).
            DamagedStateError: the state file cannot be read (FF-674).
        """
        wanted, contents = self._contents(newest)
        for _ in range(TRIES - 1):
            is_whole = len(contents) == len(wanted)
            if is_whole or min(commits_in(self.folder), default=-1) <= self._next:
                break
            # upkeep has cleaned the log meanwhile: its state file knows more than the last one
            self.records, self.version_of_step, self._next = [], {}, -1
            wanted, contents = self._contents(newest)
        for version in wanted:
            self._read(version, contents.get(commit_file(version)))
            self._next = version + 1

    def _contents(self, newest: int) -> tuple[range, Mapping[str, bytes]]:
        """The versions that are not read yet, and their commits that are there."""
        if self._next < 0:
            self._begin(newest)
        wanted = range(self._next, newest + 1)
        return wanted, self.folder.read_all(map(commit_file, wanted))

    def _begin(self, newest: int) -> None:
        """Takes what is known without reading commits."""
        state, is_whole = state_beside(self.folder, self.key, by=newest, table_id=self.table_id)
        if state is not None:
            self.records = list(state.records)
            self.version_of_step = dict(state.steps)
            self._next = state.version + 1
        else:
            self._next = 0 if is_whole else min(commits_in(self.folder), default=newest + 1)
        self.is_cut = self._next > 0

    def add(self, version: int, record: Mapping[str, object]) -> None:
        """Takes in the record of a commit that this process made itself."""
        if version == self._next:
            self._keep(version, record)
            self._next += 1

    def record_of(self, version: int) -> Mapping[str, object] | None:
        """The record of one commit, as far as they were read."""
        at = bisect_left(self.records, version, key=lambda each: each[0])
        is_there = at < len(self.records) and self.records[at][0] == version
        return self.records[at][1] if is_there else None

    def _read(self, version: int, content: bytes | None) -> None:
        name = _name(commit_file(version))
        if not content:
            what = "is missing" if content is None else "is empty"
            raise damaged_log(self.key, self.folder.shown, f"`{name}` {what}")
        lines = content.decode().splitlines()
        for line in lines:
            if f'"{RECORD_KEY}"' not in line:
                continue
            try:
                record = record_in(json.loads(line))
                if record is not None:
                    self._keep(version, _with_bytes(record, lines))
            except ValueError as error:
                raise damaged_log(self.key, self.folder.shown, f"`{name}` is no JSON") from error

    def _keep(self, version: int, record: Mapping[str, object]) -> None:
        if (restored := restored_in(record)) is not None:
            self.records = restored
        self.records.append((version, record))
        self.version_of_step.setdefault(str(record.get("step_id")), version)


def log_to(version: int, folder: Folder, key: DatasetKey, table_id: str) -> CommitLog:
    """The log as it was when `version` was the newest."""
    log = CommitLog(folder, key, table_id=table_id)
    log.read_to(version)
    return log


def state_beside(
    folder: Folder, key: DatasetKey, *, by: int, table_id: str
) -> tuple[State | None, bool]:
    """The newest state of a version up to `by`, and whether the log has all commits still.

    Raises:
        DamagedStateError: the state file cannot be read (FF-674).
    """
    is_whole = folder.entry(commit_file(0)) is not None
    # a whole log may be that of another table than the state files beside it
    found = newest_state(folder, key, by=by, table_id=table_id if is_whole else None)
    return found, is_whole


def restored_in(record: Mapping[str, object]) -> list[tuple[int, Mapping[str, object]]] | None:
    """What counts as made since the commit of `record`, beside itself, where it restored that."""
    found = cast("Sequence[tuple[int, Mapping[str, object]]] | None", record.get(RESTORED_KEY))
    return None if found is None else [(version, each) for version, each in found]


def named_files(folder: Folder, *, after: int = -1) -> frozenset[str]:
    """The data files, as the log spells them, that commits after a version added."""
    found: set[str] = set()
    versions = [version for version in commits_in(folder) if version > after]
    for content in folder.read_all(map(commit_file, versions)).values():
        for line in content.decode().splitlines():
            if line.startswith('{"add"'):
                found.add(str(json.loads(line)["add"]["path"]))
    return frozenset(found)


def schema_texts(folder: Folder, *, after: int = -1) -> Iterator[tuple[int, datetime, str, str]]:
    """The schemas that commits after a version set: version, instant, JSON text, and our run."""
    versions = [version for version in commits_in(folder) if version > after]
    contents = folder.read_all(map(commit_file, versions))
    for version in versions:
        text = contents.get(commit_file(version), b"").decode()
        if '"metaData"' not in text:
            continue
        actions: dict[str, Mapping[str, object]] = {}
        for line in text.splitlines():
            actions |= json.loads(line)
        metadata, info = actions.get("metaData"), actions.get("commitInfo", {})
        if metadata is not None:
            at_ms = info.get("timestamp", metadata.get("createdTime"))
            at = datetime.fromtimestamp(float(str(at_ms or 0)) / 1000, UTC)
            record = record_in(actions) or {}
            run_id = info.get(RUN_KEY, record.get("run_id", ""))
            yield version, at, str(metadata["schemaString"]), str(run_id)


def record_in(action: object) -> Mapping[str, object] | None:
    """Our record in a log line, when it is the line that describes the commit."""
    if not isinstance(action, dict):
        return None
    info = cast("dict[str, object]", action).get("commitInfo")
    if not isinstance(info, dict):
        return None
    record = cast("dict[str, object]", info).get(RECORD_KEY)
    return cast("dict[str, object]", record) if isinstance(record, dict) else None


def _with_bytes(record: Mapping[str, object], lines: Iterable[str]) -> Mapping[str, object]:
    """The record with the bytes of the files that its commit added; older ones do not say them."""
    if BYTES_KEY in record or RESTORED_KEY in record:  # to restore adds files that were there
        return record
    adds = (json.loads(line)["add"] for line in lines if line.startswith('{"add"'))
    size = sum(int(add.get("size", 0)) for add in adds)
    return {**record, BYTES_KEY: size} if size else record


def _name(path: str) -> str:
    return path.rpartition("/")[2]
