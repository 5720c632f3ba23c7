"""Our records in a Delta table's log, read from its JSON files as they come.

The library that writes the log shows its history too, but reads all of it each time; and it
takes a commit file of no bytes for a commit of nothing, so that its rows vanish without a word.
Such a file is refused here (the Delta protocol, "Delta Log Entries", knows no empty ones).
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flowforge_assets.storage.failure import damaged_log
from flowforge_assets.storage.made_json import RECORD_KEY

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey


def commit_file(log: Path, version: int) -> Path:
    """The file of the commit that made `version`."""
    return log / f"{version:020}.json"


def refuse_empty(log: Path, key: DatasetKey, *, after: int = -1) -> int:
    """The last version whose commit file follows `after` without a gap; none of them is empty.

    Without `after`, all commit files are looked at. Costs one look at the disk a file.

    Raises:
        DamagedLogError: one has no bytes (FF-607).
    """
    if after < 0:
        for path in log.glob("*.json"):
            if path.stem.isdecimal() and path.stat().st_size == 0:
                raise damaged_log(key, str(log.parent), f"`{path.name}` is empty")
        return after
    while True:
        path = commit_file(log, after + 1)
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return after
        if size == 0:
            raise damaged_log(key, str(log.parent), f"`{path.name}` is empty")
        after += 1


@dataclass(slots=True, eq=False)
class CommitLog:
    """The records of one table's commits, oldest first, as far as they were read."""

    log: Path
    key: DatasetKey
    records: list[tuple[int, Mapping[str, object]]] = field(
        default_factory=list[tuple[int, Mapping[str, object]]]
    )
    version_of_step: dict[str, int] = field(default_factory=dict[str, int])
    is_cut: bool = False
    _next: int = -1

    def read_to(self, newest: int) -> None:
        """Reads the commits up to version `newest`; `is_cut` when older ones were cleaned away.

        Raises:
            DamagedLogError: one is missing, empty or no JSON (FF-607).
        """
        if self._next < 0:
            self._next = _oldest(self.log, newest)
            self.is_cut = self._next > 0
        while self._next <= newest:
            self._read(self._next)
            self._next += 1

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

    def _read(self, version: int) -> None:
        path = commit_file(self.log, version)
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError as error:
            raise damaged_log(
                self.key, str(self.log.parent), f"`{path.name}` is missing"
            ) from error
        if not text:
            raise damaged_log(self.key, str(self.log.parent), f"`{path.name}` is empty")
        for line in text.splitlines():
            if f'"{RECORD_KEY}"' not in line:
                continue
            try:
                action: object = json.loads(line)
            except ValueError as error:
                what = f"`{path.name}` is no JSON"
                raise damaged_log(self.key, str(self.log.parent), what) from error
            record = _record_in(action)
            if record is not None:
                self._keep(version, record)

    def _keep(self, version: int, record: Mapping[str, object]) -> None:
        self.records.append((version, record))
        self.version_of_step.setdefault(str(record.get("step_id")), version)


def named_files(log: Path) -> frozenset[str]:
    """The data files, as the log spells them, that any commit still in the log added."""
    found: set[str] = set()
    for path in log.glob("*.json"):
        for line in path.read_text("utf-8").splitlines():
            if line.startswith('{"add"'):
                found.add(str(json.loads(line)["add"]["path"]))
    return frozenset(found)


def schema_texts(log: Path) -> Iterator[tuple[int, datetime, str]]:
    """The schemas that commits still in the log set: version, instant, and Delta's JSON text."""
    for path in sorted(log.glob("*.json")):
        text = path.read_text("utf-8")
        if not path.stem.isdecimal() or '"metaData"' not in text:
            continue
        actions: dict[str, Mapping[str, object]] = {}
        for line in text.splitlines():
            actions |= json.loads(line)
        metadata, info = actions.get("metaData"), actions.get("commitInfo", {})
        if metadata is not None:
            at_ms = info.get("timestamp", metadata.get("createdTime"))
            at = datetime.fromtimestamp(float(str(at_ms or 0)) / 1000, UTC)
            yield int(path.stem), at, str(metadata["schemaString"])


def _record_in(action: object) -> Mapping[str, object] | None:
    """Our record in a log line, when it is the line that describes the commit."""
    if not isinstance(action, dict):
        return None
    info = cast("dict[str, object]", action).get("commitInfo")
    if not isinstance(info, dict):
        return None
    record = cast("dict[str, object]", info).get(RECORD_KEY)
    return cast("dict[str, object]", record) if isinstance(record, dict) else None


def _oldest(log: Path, newest: int) -> int:
    if commit_file(log, 0).exists():
        return 0
    versions = [int(path.stem) for path in log.glob("*.json") if path.stem.isdecimal()]
    return min(versions, default=newest + 1)
