"""The upkeep of a Delta table, each step of which may be the last one before a kill.

Small files are put together, then a state file says what was made, and only then are files,
commits and checkpoints removed: first what says that a version is there, then what it needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from deltalake import DeltaTable as LibraryTable

from flowforge_assets.core.made import TableVersion
from flowforge_assets.storage.compact_delta import compact_delta
from flowforge_assets.storage.delta_changes import newest_of_others
from flowforge_assets.storage.delta_log import (
    LOG,
    commit_file,
    commits_in,
    named_files,
    state_beside,
)
from flowforge_assets.storage.delta_past import checkpoints_in, versions_in_log
from flowforge_assets.storage.kept_versions import keep_since
from flowforge_assets.storage.latest import latest
from flowforge_assets.storage.made_json import read_made, write_made
from flowforge_assets.storage.restoring import is_restoring
from flowforge_assets.storage.state_file import (
    State,
    forget_states,
    state_versions,
    write_state,
)
from flowforge_assets.storage.upkeep import Upkeep, Upkept, is_leftover

if TYPE_CHECKING:
    from flowforge_assets.core.schema_change import SchemaChange
    from flowforge_assets.storage.delta_handle import DeltaHandle, Snapshot
    from flowforge_assets.storage.folder import FileEntry, Folder
    from flowforge_assets.storage.leftovers import Leftovers
    from flowforge_assets.storage.past import Version
    from flowforge_assets.storage.store import TableSpec

_KEPT_STEPS: Final = 1000
_DIGITS: Final = 20


@dataclass(frozen=True)
class DeltaUpkeep:
    """The upkeep of the table in `folder` at `snapshot`, after its files were put together.

    Its methods are called in the order in which they stand here.
    """

    folder: Folder
    spec: TableSpec
    snapshot: Snapshot
    handle: DeltaHandle
    upkeep: Upkeep

    @cached_property
    def versions(self) -> Sequence[Version]:
        """The versions that can be read."""
        return versions_in_log(self.folder, self.spec, self.snapshot.table_id)

    @cached_property
    def kept_from(self) -> int:
        """The oldest version that stays readable."""
        return self.upkeep.kept_from(self.versions)

    def write_state(self, schemas: Sequence[SchemaChange]) -> int | None:
        """Writes the state file of the newest version, which may be there; gives the version."""
        log = self.handle.log
        log.read_to(self.snapshot.version)
        newest = self.snapshot.version
        if newest in state_versions(self.folder):
            return None
        steps = sorted(log.version_of_step.items(), key=lambda step: step[1])
        state = State(
            table_id=self.snapshot.table_id,
            version=newest,
            records=self._records(),
            steps=dict(steps[-_KEPT_STEPS:]),
            schemas=tuple(schemas),
            others=self._others(),
        )
        if not self.upkeep.is_dry:
            write_state(self.folder, state, self.spec.key)
        return newest

    def remove_files(self) -> tuple[int, int, int]:
        """Removes files of versions that are not kept, and those of killed writers.

        Gives how many of either, and their size together.
        """
        kept, gone = self._named()
        old: list[FileEntry] = []
        left: list[FileEntry] = []
        for entry in self.folder.entries():
            folders, _, name = entry.path.rpartition("/")
            if entry.path in kept or any(part.startswith("_") for part in folders.split("/")):
                if name.endswith(".tmp") and self.upkeep.is_left(entry):
                    left.append(entry)
            elif entry.path in gone:
                old.append(entry)
            elif self.upkeep.is_left(entry) and (is_leftover(name) or name.endswith(".parquet")):
                left.append(entry)
        if not self.upkeep.is_dry and (old or left):
            if old:
                keep_since(self.folder, self.kept_from, self.snapshot.table_id)
            if is_restoring(self.folder, self.upkeep):
                return 0, 0, 0
            again = self._named_since()
            old, left = ([each for each in some if each.path not in again] for some in (old, left))
            self.folder.remove(entry.path for entry in (*old, *left))
        return len(old), len(left), sum(entry.size_bytes for entry in (*old, *left))

    def write_checkpoint(self) -> int | None:
        """Writes a checkpoint of the newest version, if there is none; gives the version."""
        newest = self.snapshot.version
        if newest in checkpoints_in(self.folder):
            return None
        if not self.upkeep.is_dry:
            _library(self.folder, newest).create_checkpoint()
        return newest

    def clean_log(self) -> int:
        """Removes commits that state file and checkpoint stand for; gives how many files."""
        told = (self.folder, self.spec, self.snapshot.table_id)
        limit = self.upkeep.log_from(versions_in_log(*told, are_readable=False))
        states = [version for version in state_versions(self.folder) if version <= limit]
        if not states:
            return 0
        reached = min(limit, states[-1] + 1)
        first = max((each for each in checkpoints_in(self.folder) if each <= reached), default=0)
        names = sorted(self.folder.names(LOG))
        old = [name for name in names if name[:_DIGITS].isdecimal() and int(name[:_DIGITS]) < first]
        if not self.upkeep.is_dry and old:
            if is_restoring(self.folder, self.upkeep):
                return 0
            # oldest first: what is left after a kill is a log without a gap
            for name in old:
                self.folder.remove([f"{LOG}/{name}"])
            forget_states(self.folder, states[:-1])
        return len(old)

    def _others(self) -> int | None:
        """The newest version whose rows another program changed, as far as that is known."""
        newest, table_id = self.snapshot.version, self.snapshot.table_id
        found = (self.folder, self.spec.key)
        state, is_whole = state_beside(*found, by=newest, table_id=table_id)
        known, after = (state.others, state.version) if state else (-1 if is_whole else None, -1)
        made = newest_of_others(self.folder, range(after + 1, newest + 1))
        return made if made >= 0 else known

    def _records(self) -> tuple[tuple[int, dict[str, object]], ...]:
        """The records that count, cut by how the newest one is cut: a class may change back."""
        found = [
            read_made(record, self.spec, TableVersion(self.snapshot.table_id, version))
            for version, record in self.handle.log.records
        ]
        if not found:
            return ()
        newest = found[-1]
        rows, steps = newest.changed.dimensions, newest.partitions.dimensions
        return tuple((each.table.version, write_made(each)) for each in latest(found, rows, steps))

    def _named(self) -> tuple[set[str], set[str]]:
        """The files that kept versions name, and those that only older ones did."""
        kept = {file.path for file in self.snapshot.files}
        gone: set[str] = set()
        for version, path in self._removed():
            (kept if version > self.kept_from else gone).add(path)
        return kept, gone - kept

    def _named_since(self) -> set[str]:
        """The files that others have named since, of which some may have been named before."""
        newest = self.handle.current()
        added = named_files(self.folder, after=self.snapshot.version)
        return {*map(unquote, added), *(file.path for file in (newest.files if newest else ()))}

    def _removed(self) -> Iterator[tuple[int, str]]:
        """The files that commits in the log removed, by the version that did."""
        versions = list(commits_in(self.folder))
        contents = self.folder.read_all(map(commit_file, versions))
        for version in versions:
            for line in contents.get(commit_file(version), b"").splitlines():
                if line.startswith(b'{"remove"'):
                    yield version, unquote(str(json.loads(line)["remove"]["path"]))


def maintain_delta(
    spec: TableSpec,
    handle: DeltaHandle,
    leftovers: Leftovers,
    schemas: Sequence[SchemaChange],
    upkeep: Upkeep,
) -> Upkept:
    """Does the upkeep of the table of which `handle` follows the log."""
    folder = leftovers.folder
    compacted, into = compact_delta(handle, spec, leftovers, upkeep)
    snapshot = handle.current()
    assert snapshot is not None  # noqa: S101 - there is a table
    work = DeltaUpkeep(folder, spec, snapshot, handle, upkeep)
    state = work.write_state(schemas)
    vacuumed, swept, freed_bytes = work.remove_files()
    checkpoint = work.write_checkpoint()
    cleaned = work.clean_log()
    return Upkept(
        compacted=compacted,
        into=into,
        state=state,
        vacuumed=vacuumed,
        swept=swept,
        freed_bytes=freed_bytes,
        checkpoint=checkpoint,
        cleaned=cleaned,
    )


def _library(folder: Folder, version: int) -> LibraryTable:
    return LibraryTable(folder.target(), version=version, storage_options=folder.delta_options)
