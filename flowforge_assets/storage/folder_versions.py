"""Versions of a table without a log, or of an artifact: one file each, `_flowforge/NAME-N.json`.

A version is there when its file is. Of several writers that make the same next one, one succeeds.
The newest is the greatest number; the last `KEPT_VERSIONS` are kept.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from flowforge_assets.storage.made_json import read_made
from flowforge_assets.storage.past import Version

if TYPE_CHECKING:
    from flowforge_assets.core.made import TableVersion
    from flowforge_assets.storage.folder import FileEntry, Folder
    from flowforge_assets.storage.store import TableSpec

T = TypeVar("T")

KEPT_VERSIONS: Final = 10
FOLDER: Final = "_flowforge"
_TRIES: Final = 20
_PAUSE_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class VersionFiles:
    """The version files that are called `name` in a folder."""

    folder: Folder
    name: str

    def path(self, version: int) -> str:
        """The file of a version, relative to the folder."""
        return f"{FOLDER}/{self.name}-{version}.json"

    def kept(self) -> Mapping[int, FileEntry]:
        """The files of the versions that are there, oldest first; one look at the folder."""
        pattern = re.compile(rf"{FOLDER}/{re.escape(self.name)}-(\d+)\.json")
        found = ((pattern.fullmatch(each.path), each) for each in self.folder.entries(FOLDER))
        return dict(sorted((int(match[1]), entry) for match, entry in found if match))

    def newest(self, read: Callable[[int, FileEntry], T | None]) -> T | None:
        """What `read` gives of the newest version, at a file; None where there is no version.

        Others may make so many while it is looked at that it is forgotten; then it looks again.
        """
        for _ in range(_TRIES):
            version, entry = max(self.kept().items(), default=(-1, None))
            found = None if entry is None else read(version, entry)
            if entry is None or found is not None:
                return found
        message = f"the versions of `{self.name}` go faster than they can be read"
        raise TimeoutError(message)

    def read(self, version: int) -> bytes | None:
        """What a version says, or None where it is not there or no longer kept."""
        return self.folder.read_all([self.path(version)]).get(self.path(version))

    def create(self, version: int, content: bytes, step_id: str) -> bool:
        """Makes a version by the step, unless another writer has made it; forgets old ones.

        One whose answer was lost is made again, and refused since it is there: what it says tells
        whose it is. A writer that slept while others made so many versions that theirs of this
        number is forgotten finds newer ones that do not know its step: then it has made none.
        """
        tries = _TRIES
        while not self.folder.create(self.path(version), content):
            there = self.read(version)
            if there is not None and there != content:
                return False
            if there == content:
                break
            # a request for it is under way, this writer's own perhaps: until it is there, or gone
            if (tries := tries - 1) == 0:
                message = f"`{self.path(version)}` is neither there nor can it be made"
                raise TimeoutError(message)
            time.sleep(_PAUSE_SECONDS)
        kept = list(self.kept())
        newest = self.read(kept[-1]) if kept[-1] > version else None
        if newest is not None and step_id not in json.loads(newest)["steps"]:
            self.folder.remove([self.path(version)])
            return False
        self.folder.remove(self.path(each) for each in kept if each <= kept[-1] - KEPT_VERSIONS)
        return True


def recorded_version(
    records: Sequence[tuple[int, Mapping[str, object]]],
    entry: FileEntry,
    spec: TableSpec,
    table: TableVersion,
) -> Version:
    """A version as the records in its file, at `entry`, say of it; without one upkeep made it."""
    record = dict(records).get(table.version)
    if record is None:
        at = datetime.fromtimestamp(entry.modified, UTC)
        return Version(table.version, at, is_upkeep=True)
    made = read_made(record, spec, table)
    return Version(table.version, made.at, made)
