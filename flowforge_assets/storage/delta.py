"""Delta tables.

`stage` writes data files that no commit names; `commit` names them in one transaction, together
with the removal of the replaced files and the record of what was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as replaced
from threading import RLock
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl
from deltalake.exceptions import DeltaError

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.errors.storage import BaseMovedError, NoTableError
from flowforge_assets.storage import delta_commit
from flowforge_assets.storage.attempts import until_made
from flowforge_assets.storage.changes import changes_of_files
from flowforge_assets.storage.data_files import Layout, remove_files, write_files
from flowforge_assets.storage.delta_changes import changed_files, others_changed
from flowforge_assets.storage.delta_handle import DeltaHandle, Snapshot
from flowforge_assets.storage.delta_log import CommitLog, commit_file, log_to, named_files
from flowforge_assets.storage.delta_past import (
    is_alike,
    restore_files,
    schemas_in_log,
    versions_in_log,
)
from flowforge_assets.storage.delta_schema import physical_columns
from flowforge_assets.storage.evolution import refuse_unlike
from flowforge_assets.storage.failure import guarded, writing
from flowforge_assets.storage.file_scan import (
    StagedFiles,
    StoredFiles,
    refuse_damaged,
    scan_files,
    scan_stored,
)
from flowforge_assets.storage.latest import latest
from flowforge_assets.storage.leftovers import Leftovers
from flowforge_assets.storage.made_json import read_made, write_made, write_restored
from flowforge_assets.storage.maintain_delta import maintain_delta
from flowforge_assets.storage.migration import migrating_replacement
from flowforge_assets.storage.past import touched_since
from flowforge_assets.storage.request import Request
from flowforge_assets.storage.restoring import restoring
from flowforge_assets.storage.same_steps import StepsInLog
from flowforge_assets.storage.store import Everything
from flowforge_assets.storage.store_clock import by_its_clock
from flowforge_assets.storage.touched import touched_by
from flowforge_assets.storage.upkeep import Upkept

if TYPE_CHECKING:
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.core.schema_change import SchemaChange
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.past import Version
    from flowforge_assets.storage.store import Base, Replace, Staged, TableSpec
    from flowforge_assets.storage.upkeep import Upkeep


class DeltaTable:
    """One dataset's Delta table; opened at first use and kept open."""

    def __init__(self, spec: TableSpec, folder: Folder) -> None:
        """The table of `spec` in `folder`, which need not be there."""
        self._spec = spec
        self._folder = folder
        self._schema = polars_schema(spec.schema)
        self._handle = DeltaHandle(folder, spec)
        self._lock = RLock()
        self._leftovers = Leftovers(folder, self._named)
        self._steps = StepsInLog(spec)

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self._spec

    @property
    def uri(self) -> str:
        """`file:///lake/silver/flights`."""
        return self._folder.uri

    def version(self) -> TableVersion | None:
        """The newest version, or None where no table is; two looks at its folder."""
        with self._lock, guarded(self._spec.key, self._place):
            snapshot = self._handle.current()
            return None if snapshot is None else _version_of(snapshot)

    def columns(self) -> pl.Schema | None:
        """The columns of the newest version, or None where no table is."""
        with self._lock, guarded(self._spec.key, self._place):
            snapshot = self._handle.current()
            return None if snapshot is None else snapshot.stored

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The rows of `partitions` (None: all) at `version` (None: newest).

        The frame holds the files of that version: commits that come later do not change it.

        Raises:
            NoTableError: nothing was committed yet (FF-602).
            NoVersionError: there is no such version (FF-603).
            DamagedLogError, DamagedDataError: the table cannot be read (FF-607, FF-608).
            SchemaChangeError: the rows have other columns than are declared now (FF-611).
        """
        with self._lock, guarded(self._spec.key, self._place):
            found = self._handle.current() if version is None else self._handle.at(version)
            if found is None:
                raise NoTableError(
                    f"`{self._spec.key}` has no table yet at `{self._place}`",
                    hint=f"make it: `flowforge run -s {self._spec.key}`",
                )
            return scan_files(
                found.files, found.layout, found.stored, partitions=partitions, spec=self._spec
            )

    def changes(self, since: int, until: int, partitions: PartitionSet | None) -> pl.LazyFrame:
        """What came and went between two versions, counted; see `storage.changes`.

        What only put rows into other files, as upkeep does, is no change and costs nothing.

        Raises:
            NoVersionError, ChangesLostError: a version, or its files, is gone (FF-603, FF-642).
        """
        with self._lock, guarded(self._spec.key, self._place):
            then, now = changed_files(self._handle, since, until, self._spec)
            return changes_of_files(then, now, self._spec, partitions)

    def is_changed_by_others(self, since: int, until: int) -> bool:
        """Whether another program may have changed rows after `since`, and by `until`."""
        with self._lock, guarded(self._spec.key, self._place):
            return others_changed(self._handle, range(since + 1, until + 1), self._spec)

    def stage(self, frame: pl.DataFrame | pl.LazyFrame) -> StagedFiles:
        """Writes `frame` as data files (ZSTD 1) that no version names; a lazy one is streamed.

        Raises:
            StagedSchemaError: its columns are not the dataset's (FF-612).
            DiskFullError, NoAccessError: the files cannot be written (FF-605, FF-604).
        """
        refuse_unlike(frame.collect_schema(), self._schema, self._spec)
        with guarded(self._spec.key, self._place):
            layout = self._layout()
            self._folder.refuse_unsafe()
        is_lazy = isinstance(frame, pl.LazyFrame)
        with writing(self._spec.key, self._folder, is_lazy=is_lazy):
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
        """Records `made` by a commit of metadata alone; makes an empty table where none is.

        Raises:
            SchemaChangeError: the rows have other columns than are declared now (FF-611).
            CommitConflictError: others were first each time (FF-609).
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        return self._commit(Request[StagedFiles].of_record(made, base))

    def discard(self, staged: Staged) -> None:
        """Removes the staged files, save those that a commit names."""
        if isinstance(staged, StagedFiles):
            with guarded(self._spec.key, self._place):
                self._leftovers.remove(staged.files)

    def made(self) -> Sequence[Made]:
        """What was made, as the log says: each partition once, by its last commit, oldest first.

        Reads each commit file once in the life of this object.
        """
        with self._lock, guarded(self._spec.key, self._place):
            snapshot = self._handle.current()
            if snapshot is None:
                return []
            self._handle.log.read_to(snapshot.version)
            return self._made(self._handle.log, snapshot.table_id)

    def versions(self) -> Sequence[Version]:
        """The versions that can still be read, oldest first; reads the whole log."""
        with self._lock, guarded(self._spec.key, self._place):
            snapshot = self._handle.current()
            if snapshot is None:
                return []
            return versions_in_log(self._folder, self._spec, snapshot.table_id)

    def made_by(self, version: int) -> Sequence[Made]:
        """What was made by a version; reads the log from the state file before it.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        with self._lock, guarded(self._spec.key, self._place):
            table_id = self._handle.at(version).table_id
            log = log_to(version, self._folder, self._spec.key, table_id)
            return self._made(log, table_id)

    def restore(self, version: int, made: Made) -> Made:
        """Makes a new version with the rows of an older one; moves no row if the columns are alike.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            SchemaChangeError: its rows have other columns than are declared now (FF-611).
            CommitConflictError: others were first each time (FF-609).
        """
        with self._lock, guarded(self._spec.key, self._place):
            self._folder.refuse_unsafe()
            with restoring(self._folder):
                return until_made(lambda: self._try_restore(version, made), self._spec.key)

    def schema_history(self) -> Sequence[SchemaChange]:
        """The columns that it had, oldest first; reads the log from the state file on."""
        with self._lock, guarded(self._spec.key, self._place):
            snapshot = self._handle.current()
            if snapshot is None:
                return []
            return schemas_in_log(self._folder, self._spec.key, snapshot)

    def maintain(self, upkeep: Upkeep) -> Upkept:
        """Compacts, writes the state file and a checkpoint, and removes what is not to be kept."""
        schemas = self.schema_history()
        with self._lock, guarded(self._spec.key, self._place):
            if self._handle.current() is None:
                return Upkept()
            self._folder.refuse_unsafe()
            upkeep = by_its_clock(upkeep, self._folder)
            return maintain_delta(self._spec, self._handle, self._leftovers, schemas, upkeep)

    @property
    def _place(self) -> str:
        return self._folder.shown

    def _layout(self) -> Layout:
        with self._lock:
            snapshot = self._handle.current()
        if snapshot is not None and set(snapshot.layout.hive) <= set(self._schema):
            return snapshot.layout
        return self._new_layout()

    def _new_layout(self) -> Layout:
        return Layout(self._folder, self._spec.dimensions, physical_columns(self._spec))

    def _commit(self, request: Request[StagedFiles]) -> Made:
        with self._lock, guarded(self._spec.key, self._place):
            self._folder.refuse_unsafe()
            return until_made(lambda: self._try_commit(request), self._spec.key)

    def _try_commit(self, request: Request[StagedFiles]) -> Made | None:
        """What was committed, or None when someone else committed first."""
        before = self._handle.current()
        staged = request.staged.files if request.staged else ()
        if before is not None and (done := self._done(before, request)):
            self._leftovers.remove(staged)
            return done
        request.refuse_moved(None if before is None else _version_of(before), self._spec)
        table_id = before.table_id if before else ""
        self._steps.refuse_made(request, self._handle.log.records, table_id)
        attempt = delta_commit.Attempt()
        with self._leftovers.of_failure(attempt.written, staged):
            try:
                made = self._write(before, request, attempt)
            except BaseException as error:
                now = self._handle.current()
                if now is not None and (done := self._done(now, request)):
                    return done  # it is in the log: what failed came after, such as a checkpoint
                was, at = (-1 if each is None else each.version for each in (before, now))
                if not (attempt.is_late(was, at) and isinstance(error, DeltaError)):
                    raise
                self._leftovers.remove(attempt.written)
                return None
        record = write_made(made) if request.then is None else write_restored(made, request.then)
        self._handle.log.add(made.table.version, record)
        self._folder.sync(commit_file(made.table.version))
        return made

    def _try_restore(self, version: int, made: Made) -> Made | None:
        """What was restored, or None when someone else committed first."""
        old, now = self._handle.at(version), self._handle.current()
        assert now is not None  # noqa: S101 - it has an older version
        refuse_damaged(old.files, self._folder, self._spec)
        then = log_to(version, self._folder, self._spec.key, old.table_id).records
        touched = touched_since(self.versions(), version, self._spec.dimensions)
        if touched is None:
            touched = touched_by(self._stored(old), self._stored(now), self._spec)
        made = replaced(made, touched=touched)
        base = _version_of(now)
        request: Request[StagedFiles] = Request(None, Everything(), made, base, then)
        if done := self._done(now, request):
            return done
        if not is_alike(old, now):
            return self._restore_rows(self.stage(self.scan(version=version)), request)
        table = TableVersion(now.table_id, now.version + 1)
        try:
            restore_files(self._folder, version, write_restored(made, then), at=now)
        except DeltaError:
            if self._handle.newest() == now.version:
                raise
            return None
        self._folder.sync(commit_file(table.version))
        return replaced(made, table=table)

    def _restore_rows(self, staged: StagedFiles, request: Request[StagedFiles]) -> Made | None:
        """What was restored by rows that were written again, or None when others were first."""
        with self._leftovers.of_failure(list(staged.files), ()):
            try:
                made = self._try_commit(replaced(request, staged=staged))
            except BaseMovedError:  # what the restore touches is another now
                made = None
        if made is None:
            self._leftovers.remove(staged.files)
        return made

    def _made(self, log: CommitLog, table_id: str) -> list[Made]:
        found = (
            read_made(record, self._spec, TableVersion(table_id, version))
            for version, record in log.records
        )
        return latest(found, self._spec.dimensions, self._spec.by_step)

    def _named(self) -> frozenset[str]:
        """What commits that are still in the log have added, and what the newest version has."""
        snapshot = self._handle.current()
        files = () if snapshot is None else snapshot.files
        return frozenset((*map(unquote, named_files(self._folder)), *(file.path for file in files)))

    def _write(
        self, before: Snapshot | None, request: Request[StagedFiles], attempt: delta_commit.Attempt
    ) -> Made:
        """Commits after `before`; takes down in `attempt` what it does for that."""
        written = attempt.written
        stored = self._stored(before)
        what = migrating_replacement(stored, request, self._spec, written)
        # where no row stays, a dataset that is partitioned in another way now can be so
        hive = stored.layout.hive if what.keeps_rows else physical_columns(self._spec)
        staged = request.staged
        if staged is not None and what.added and staged.layout.hive != hive:
            rows = scan_stored(what.added, staged.layout, staged.schema)
            again = write_files(rows, replaced(staged.layout, hive=hive))
            written.extend(again)
            what = replaced(what, added=tuple(again))
        commit = delta_commit.Commit(self._spec, what.counted(), hive, request.then)
        done: TableVersion | Snapshot
        if before is None or self._handle.opened is None:
            done = delta_commit.create(self._folder, commit, attempt)
            self._handle.begin(done)
        else:
            done = delta_commit.write(self._handle.opened, before, commit, attempt)
            if isinstance(done, Snapshot):
                self._handle.expect(done)
        remove_files(self._folder, what.unused((*(staged.files if staged else ()), *written)))
        version = _version_of(done) if isinstance(done, Snapshot) else done
        return replaced(commit.what.made, table=version)

    def _stored(self, before: Snapshot | None) -> StoredFiles:
        if before is None:
            return StoredFiles((), self._new_layout(), self._schema)
        stats_of = self._handle.column_stats
        return StoredFiles(before.files, before.layout, before.stored, stats_of)

    def _done(self, snapshot: Snapshot, request: Request[StagedFiles]) -> Made | None:
        """What the step made, when it has committed before."""
        log, step_id = self._handle.log, request.made.step_id
        log.read_to(snapshot.version)
        version = log.version_of_step.get(step_id)
        record = None if version is None else log.record_of(version)
        if version is None and log.is_cut:
            version = self._handle.said_of(delta_commit.step_app(step_id), snapshot)
        if version is None:
            return None
        table = replaced(_version_of(snapshot), version=version)
        return request.done(record, table, self._spec)


def _version_of(snapshot: Snapshot) -> TableVersion:
    return TableVersion(snapshot.table_id, snapshot.version)
