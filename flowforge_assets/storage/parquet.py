"""Parquet tables: data files that never change, and a manifest a version that names them."""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Sequence
from dataclasses import replace as replaced
from threading import RLock
from typing import TYPE_CHECKING, Final

import polars as pl

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema_change import SchemaChange, real_changes
from flowforge_assets.errors.storage import NoTableError, NotATableError, NoVersionError
from flowforge_assets.storage import manifest as manifests
from flowforge_assets.storage.attempts import until_made
from flowforge_assets.storage.changes import changes_of_files
from flowforge_assets.storage.data_files import Layout, remove_files, write_files
from flowforge_assets.storage.delta_schema import physical_columns
from flowforge_assets.storage.evolution import refuse_change, refuse_unlike
from flowforge_assets.storage.failure import guarded, writing
from flowforge_assets.storage.file_scan import StagedFiles, StoredFiles, refuse_damaged, scan_files
from flowforge_assets.storage.folder_versions import KEPT_VERSIONS
from flowforge_assets.storage.latest import latest
from flowforge_assets.storage.leftovers import Leftovers
from flowforge_assets.storage.made_json import read_made, write_made
from flowforge_assets.storage.maintain_parquet import compact_parquet, write_parquet_state
from flowforge_assets.storage.maintain_versions import maintain_versions
from flowforge_assets.storage.manifest import Manifest
from flowforge_assets.storage.migration import migrating_replacement
from flowforge_assets.storage.past import touched_since
from flowforge_assets.storage.request import Request
from flowforge_assets.storage.restoring import restoring
from flowforge_assets.storage.same_steps import StepsInLog
from flowforge_assets.storage.state_file import newest_state
from flowforge_assets.storage.store_clock import by_its_clock
from flowforge_assets.storage.touched import touched_by
from flowforge_assets.storage.upkeep import Upkept, is_leftover

if TYPE_CHECKING:
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.folder import FileEntry, Folder
    from flowforge_assets.storage.past import Version
    from flowforge_assets.storage.store import Base, Replace, Staged, TableSpec
    from flowforge_assets.storage.upkeep import Upkeep

_KEPT_STEPS: Final = 1000


class ParquetTable:
    """One dataset's Parquet table; its last ten versions can be read."""

    def __init__(self, spec: TableSpec, folder: Folder) -> None:
        """The table of `spec` in `folder`, which need not be there."""
        self._spec = spec
        self._folder = folder
        self._versions = manifests.versions_in(folder)
        self._schema = polars_schema(spec.schema)
        self._lock = RLock()
        self._leftovers = Leftovers(folder, self._named)
        self._steps = StepsInLog(spec)
        self._held: Manifest | None = None
        self._held_mark: Hashable = None

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self._spec

    @property
    def uri(self) -> str:
        """`file:///lake/silver/flights`."""
        return self._folder.uri

    def version(self) -> TableVersion | None:
        """The newest version, or None where no table is; one look at the folder."""
        with guarded(self._spec.key, self._place):
            manifest = self._current()
            return None if manifest is None else TableVersion(manifest.table_id, manifest.version)

    def columns(self) -> pl.Schema | None:
        """The columns of the newest version, or None where no table is."""
        with guarded(self._spec.key, self._place):
            manifest = self._current()
            return None if manifest is None else manifest.stored

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The rows of `partitions` (None: all) at `version` (None: newest).

        The frame holds the files of that version: commits that come later do not change it.

        Raises:
            NoTableError: nothing was committed yet (FF-602).
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            DamagedLogError, DamagedDataError: the table cannot be read (FF-607, FF-608).
            SchemaChangeError: the rows have other columns than are declared now (FF-611).
        """
        with guarded(self._spec.key, self._place):
            found = self._current()
            if found is None:
                raise NoTableError(
                    f"`{self._spec.key}` has no table yet at `{self._place}`",
                    hint=f"make it: `flowforge run -s {self._spec.key}`",
                )
            if version is not None and version != found.version:
                found = self._at(version, newest=found.version)
            return scan_files(
                found.files,
                self._layout,
                found.stored,
                partitions=partitions,
                spec=self._spec,
            )

    def changes(self, since: int, until: int, partitions: PartitionSet | None) -> pl.LazyFrame:
        """What came and went between two versions, counted; see `storage.changes`.

        Raises:
            NoVersionError: one of them is no longer kept (FF-603).
            ChangesLostError: files of the older one are gone (FF-642).
        """
        with guarded(self._spec.key, self._place):
            newest = self._current()
            before, after = (
                self._at(version, newest=-1 if newest is None else newest.version)
                for version in (since, until)
            )
            then, now = (StoredFiles(m.files, self._layout, m.stored) for m in (before, after))
            return changes_of_files(then, now, self._spec, partitions)

    def stage(self, frame: pl.DataFrame | pl.LazyFrame) -> StagedFiles:
        """Writes `frame` as data files (ZSTD 1) that no version names; a lazy one is streamed.

        Raises:
            StagedSchemaError: its columns are not the dataset's (FF-612).
            DiskFullError, NoAccessError: the files cannot be written (FF-605, FF-604).
        """
        refuse_unlike(frame.collect_schema(), self._schema, self._spec)
        with guarded(self._spec.key, self._place):
            self._current()  # refuses a folder that holds something else
            self._folder.refuse_unsafe()
        is_lazy = isinstance(frame, pl.LazyFrame)
        with writing(self._spec.key, self._folder, is_lazy=is_lazy):
            layout = Layout(self._folder, self._spec.dimensions, physical_columns(self._spec))
            files = write_files(frame, layout)
        kept = frame if isinstance(frame, pl.DataFrame) else None
        return StagedFiles(tuple(files), layout, self._schema, kept)

    def commit(
        self, staged: Staged, *, replace: Replace, made: Made, base: Base | None = None
    ) -> Made:
        """Puts the staged rows in the place of others and records `made`, in one act.

        When others commit first, which files hold the replaced rows is decided anew.

        Raises:
            StrayRowsError: a staged row lies outside of the set `replace` (FF-613).
            SchemaChangeError: rows that stay have other columns than are declared now (FF-611).
            CommitConflictError: others were first each time (FF-609).
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        mine = staged if isinstance(staged, StagedFiles) else self.stage(staged.scan())
        return self._commit(Request(mine, replace, made, base))

    def record(self, made: Made, *, base: TableVersion | None = None) -> Made:
        """Records `made` by a manifest with the same files; makes an empty table where none is.

        Raises:
            SchemaChangeError: the rows have other columns than are declared now (FF-611).
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        return self._commit(Request[StagedFiles].of_record(made, base))

    def discard(self, staged: Staged) -> None:
        """Removes the staged files, save those that a version names."""
        if isinstance(staged, StagedFiles):
            with guarded(self._spec.key, self._place):
                self._leftovers.remove(staged.files)

    def made(self) -> Sequence[Made]:
        """What was made, as the manifest says: each partition once, oldest first."""
        with guarded(self._spec.key, self._place):
            manifest = self._current()
            return [] if manifest is None else self._made(manifest)

    def versions(self) -> Sequence[Version]:
        """The versions that are kept, oldest first; reads each."""
        with guarded(self._spec.key, self._place):
            return manifests.versions_kept(self._versions, self._spec)

    def made_by(self, version: int) -> Sequence[Made]:
        """What was made by a version.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        with guarded(self._spec.key, self._place):
            newest = self._current()
            return self._made(self._at(version, newest=-1 if newest is None else newest.version))

    def restore(self, version: int, made: Made) -> Made:
        """Makes a new version with the rows of an older one; moves no row.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            CommitConflictError: others were first each time (FF-609).
        """
        with guarded(self._spec.key, self._place), self._lock:
            self._folder.refuse_unsafe()
            with restoring(self._folder):
                return until_made(lambda: self._try_restore(version, made), self._spec.key)

    def schema_history(self) -> Sequence[SchemaChange]:
        """The columns that the versions which are kept have, oldest first.

        Of those that maintenance forgot the state file says it.
        """
        with guarded(self._spec.key, self._place):
            now = self._current()
            if now is None:
                return []
            found = (self._folder, self._spec.key)
            state = newest_state(*found, by=now.version, table_id=now.table_id)
            known, after = ((), -1) if state is None else (state.schemas, state.version)
            entries = manifests.schema_entries(self._versions, self._spec)
            return real_changes([*known, *(each for each in entries if each.version > after)])

    def maintain(self, upkeep: Upkeep) -> Upkept:
        """Compacts, forgets versions that are not to be kept, and removes leftovers."""
        with self._lock, guarded(self._spec.key, self._place):
            newest = self._current()
            if newest is None:
                return Upkept()
            self._folder.refuse_unsafe()
            upkeep = by_its_clock(upkeep, self._folder)
            compacted, into = compact_parquet(self._versions, newest, self._spec, upkeep)
            newest = self._current() or newest
            found = manifests.versions_kept(self._versions, self._spec)
            state = None
            if found[0].version < upkeep.kept_from(found):
                about = (self._folder, newest, self.schema_history(), self._spec, upkeep)
                state = write_parquet_state(*about)
            done = maintain_versions(
                self._versions,
                found,
                lambda version: manifests.names_in(self._versions, version, self._spec),
                upkeep,
                is_ours=is_leftover,
            )
            return replaced(done, compacted=compacted, into=into, state=state)

    @property
    def _place(self) -> str:
        return self._folder.shown

    @property
    def _layout(self) -> Layout:
        """How files are read: the partition columns stand in them, so folders mean nothing."""
        return Layout(self._folder, self._spec.dimensions, hive=())

    def _current(self) -> Manifest | None:
        """The newest manifest; read again only when its file is another."""
        with self._lock:
            self._held = self._versions.newest(self._read)
            if self._held is None and self._folder.names("_delta_log"):
                raise NotATableError(
                    f"`{self._place}` holds a Delta table of `{self._spec.key}`",
                    hint="set the format to `delta`, or use another `store`",
                )
            return self._held

    def _read(self, version: int, entry: FileEntry) -> Manifest | None:
        if self._held is None or (version, entry.mark) != self._held_mark:
            self._held_mark = (version, entry.mark)
            return manifests.read_manifest(self._versions, version, self._spec)
        return self._held

    def _at(self, version: int, *, newest: int) -> Manifest:
        manifest = manifests.read_manifest(self._versions, version, self._spec)
        if manifest is None or version > newest:
            raise NoVersionError(
                f"`{self._spec.key}` has no version {version}",
                hint=f"the newest is {newest}, and the last {KEPT_VERSIONS} are kept",
            )
        return manifest

    def _commit(self, request: Request[StagedFiles]) -> Made:
        with guarded(self._spec.key, self._place), self._lock:
            self._folder.refuse_unsafe()
            return until_made(lambda: self._try_commit(request), self._spec.key)

    def _try_commit(self, request: Request[StagedFiles]) -> Made | None:
        """What was committed, or None when someone else committed first."""
        before = self._current()
        staged = request.staged.files if request.staged else ()
        at = None if before is None else TableVersion(before.table_id, before.version)
        if before is not None and request.made.step_id in before.steps:
            version = before.steps[request.made.step_id]
            self._leftovers.remove(staged)
            table = TableVersion(before.table_id, version)
            return request.done(dict(before.records).get(version), table, self._spec)
        request.refuse_moved(at, self._spec)
        if before is not None:
            self._steps.refuse_made(request, before.records, before.table_id)
        written: list[DataFile] = []
        with self._leftovers.of_failure(written, staged):
            after, made = self._after(before, request, written)
            step_id = request.made.step_id
            if not manifests.write_manifest(self._versions, after, self._spec, step_id=step_id):
                self._leftovers.remove(written)
                return None
        named = {file.path for file in after.files}
        remove_files(self._folder, [f for f in (*staged, *written) if f.path not in named])
        return made

    def _try_restore(self, version: int, made: Made) -> Made | None:
        """What was restored, or None when someone else committed first."""
        now = self._current()
        old = self._at(version, newest=-1 if now is None else now.version)
        assert now is not None  # noqa: S101 - it has an older version
        if made.step_id in now.steps:
            table = TableVersion(now.table_id, now.steps[made.step_id])
            return Request.of_record(made, None).done(
                dict(now.records).get(table.version), table, self._spec
            )
        refuse_damaged(old.files, self._folder, self._spec)
        touched = touched_since(self.versions(), version, self._spec.dimensions)
        if touched is None:
            was = StoredFiles(old.files, self._layout, old.stored)
            known = StoredFiles(now.files, self._layout, now.stored)
            touched = touched_by(was, known, self._spec)
        made = replaced(made, touched=touched, table=TableVersion(now.table_id, now.version + 1))
        after = replaced(
            old,
            version=now.version + 1,
            records=(*old.records, (now.version + 1, write_made(made))),
            steps={**now.steps, made.step_id: now.version + 1},
        )
        step_id = made.step_id
        is_mine = manifests.write_manifest(self._versions, after, self._spec, step_id=step_id)
        return made if is_mine else None

    def _named(self) -> frozenset[str]:
        return manifests.named_files(self._versions, self._spec)

    def _after(
        self, before: Manifest | None, request: Request[StagedFiles], written: list[DataFile]
    ) -> tuple[Manifest, Made]:
        """The manifest after the commit, and what it says of the commit."""
        version = 0 if before is None else before.version + 1
        table = TableVersion(uuid.uuid4().hex if before is None else before.table_id, version)
        schema = manifests.schema_text(self._spec)
        files, stored = ((), self._schema) if before is None else (before.files, before.stored)
        before_it = StoredFiles(files, self._layout, stored)
        what = migrating_replacement(before_it, request, self._spec, written)
        if what.keeps_rows:
            refuse_change(stored, self._spec)
        made = replaced(what.counted().made, table=table)
        gone = {file.path for file in what.removed}
        kept = tuple(file for file in files if file.path not in gone)
        steps = {} if before is None else dict(list(before.steps.items())[1 - _KEPT_STEPS :])
        records = () if before is None else before.records
        after = Manifest(
            table_id=table.table_id,
            version=version,
            schema=schema,
            files=(*kept, *what.rewritten, *what.added),
            records=(*records, (version, write_made(made))),
            steps={**steps, made.step_id: version},
        )
        last = {each.table.version for each in self._made(after)}
        return replaced(after, records=tuple(r for r in after.records if r[0] in last)), made

    def _made(self, manifest: Manifest) -> list[Made]:
        found = (
            read_made(record, self._spec, TableVersion(manifest.table_id, version))
            for version, record in manifest.records
        )
        return latest(found, self._spec.dimensions, self._spec.by_step)
