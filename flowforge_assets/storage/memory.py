"""Tables in memory: for tests, notebooks and measuring what the engine itself costs.

It keeps the same promises as the stores on disk, so that a pipeline that passes here passes there.
"""

from __future__ import annotations

import dataclasses
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from threading import Lock
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary, finalize

import polars as pl

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema_change import (
    SchemaChange,
    columns_of,
    comments_of,
    real_changes,
)
from flowforge_assets.errors.storage import NoTableError, NoVersionError
from flowforge_assets.storage.artifact_folders import ArtifactFolders
from flowforge_assets.storage.changes import counted, spec_then
from flowforge_assets.storage.evolution import refuse_unlike
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.latest import latest
from flowforge_assets.storage.made_json import write_made
from flowforge_assets.storage.partition_rows import refuse_strays
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.past import Version, touched_since
from flowforge_assets.storage.pieces import Pieces
from flowforge_assets.storage.request import Request
from flowforge_assets.storage.same_steps import refuse_made
from flowforge_assets.storage.store import Known
from flowforge_assets.storage.upkeep import Upkept

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.artifact import ArtifactFolder
    from flowforge_assets.storage.store import Base, Replace, Staged, TableSpec
    from flowforge_assets.storage.upkeep import Upkeep

KEPT_VERSIONS: Final = 10
_NOTHING: Final = Pieces({}, None, None)


@dataclass(frozen=True, slots=True, eq=False)
class StagedFrame:
    """A frame that no version of the table holds yet."""

    frame: pl.DataFrame

    @property
    def rows(self) -> int:
        """How many rows are staged."""
        return self.frame.height

    def scan(self) -> pl.LazyFrame:
        """The staged rows."""
        return self.frame.lazy()


@dataclass(slots=True, eq=False)
class _History:
    """What happened to one table, and its last versions."""

    table_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    newest: int = -1
    versions: dict[int, Pieces] = field(default_factory=dict[int, Pieces])
    commits: list[Made] = field(default_factory=list[Made])
    schemas: list[SchemaChange] = field(default_factory=list[SchemaChange])
    restored: dict[int, list[Made]] = field(default_factory=dict[int, "list[Made]"])
    version_of_step: dict[str, int] = field(default_factory=dict[str, int])
    lock: Lock = field(default_factory=Lock)


class MemoryTable:
    """One dataset's table in memory; its last `KEPT_VERSIONS` versions can be read.

    As the bytes of a commit it tells the size of the buffers that the staged frame takes.
    """

    def __init__(self, spec: TableSpec, uri: str, history: _History) -> None:
        """The face of `history` for `spec`."""
        self._spec = spec
        self._uri = uri
        self._history = history
        self._schema = polars_schema(spec.schema)

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self._spec

    @property
    def uri(self) -> str:
        """`memory://NAME/silver.flights`."""
        return self._uri

    def version(self) -> TableVersion | None:
        """The newest version, or None before the first commit."""
        newest = self._history.newest
        return None if newest < 0 else TableVersion(self._history.table_id, newest)

    def columns(self) -> pl.Schema | None:
        """The columns of the newest version, or None before the first commit."""
        newest = self._history.versions.get(self._history.newest, _NOTHING).schema
        return None if newest is None else polars_schema(newest)

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The rows of `partitions` (None: all) at `version` (None: newest).

        Raises:
            NoTableError: nothing was committed yet (FF-602).
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            SchemaChangeError: the rows have other columns than are declared now (FF-611).
        """
        history = self._history
        if history.newest < 0:
            raise NoTableError(
                f"`{self._spec.key}` has no table yet",
                hint=f"make it: `flowforge run -s {self._spec.key}`",
            )
        return self._pieces(history.newest if version is None else version).scan(
            partitions, self._spec
        )

    def changes(self, since: int, until: int, partitions: PartitionSet | None) -> pl.LazyFrame:
        """What came and went between two versions, counted; see `storage.changes`.

        Raises:
            NoVersionError: one of them is no longer kept (FF-603).
            ChangesLostError: their columns cannot be compared (FF-642).
        """
        before, after = self._pieces(since), self._pieces(until)
        had = self._schema if before.schema is None else polars_schema(before.schema)
        went = before.scan(partitions, spec_then(had, self._spec))
        return counted(after.scan(partitions, self._spec), went)

    def stage(self, frame: pl.DataFrame | pl.LazyFrame) -> StagedFrame:
        """Holds `frame`, collected when it is lazy; a DataFrame is not copied.

        Raises:
            StagedSchemaError: its columns are not the dataset's (FF-612).
        """
        refuse_unlike(frame.collect_schema(), self._schema, self._spec)
        return StagedFrame(frame.collect() if isinstance(frame, pl.LazyFrame) else frame)

    def commit(
        self, staged: Staged, *, replace: Replace, made: Made, base: Base | None = None
    ) -> Made:
        """Puts the staged rows in the place of others and records `made`, in one act.

        Raises:
            StrayRowsError: a staged row lies outside of the set `replace` (FF-613).
            SchemaChangeError: rows that stay have other columns than are declared now (FF-611).
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        mine = staged if isinstance(staged, StagedFrame) else self.stage(staged.scan())
        if isinstance(replace, PartitionSet) and replace:
            refuse_strays(mine.frame, replace, self._spec)
        return self._commit(Request(mine, replace, made, base))

    def record(self, made: Made, *, base: TableVersion | None = None) -> Made:
        """Records `made` and changes no row; makes an empty table where none is.

        Raises:
            SchemaChangeError: the rows have other columns than are declared now (FF-611).
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        return self._commit(Request[StagedFrame].of_record(made, base))

    def discard(self, staged: Staged) -> None:
        """Forgets the staged rows; there is nothing to remove."""

    def made(self) -> Sequence[Made]:
        """What was made: each partition once, by its last commit, oldest first."""
        return self._made_by(self._history.newest)

    def versions(self) -> Sequence[Version]:
        """The versions that can still be read, oldest first."""
        commits = self._history.commits
        return [
            Version(number, commits[number].at, commits[number])
            for number in sorted(self._history.versions)
        ]

    def made_by(self, version: int) -> Sequence[Made]:
        """What was made by a version.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        self._pieces(version)
        return self._made_by(version)

    def restore(self, version: int, made: Made) -> Made:
        """Makes a new version with the rows of an older one.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        history = self._history
        with history.lock:
            if (known := history.version_of_step.get(made.step_id)) is not None:
                return history.commits[known]
            old, now = self._pieces(version), self._pieces(history.newest)
            touched = touched_since(self.versions(), version, self._spec.dimensions)
            if touched is None:
                both = (rows.scan(None, self._spec) for rows in (old, now))
                touched = partitions_of(pl.concat(both), self._spec.dimensions)
            history.restored[history.newest + 1] = self._made_by(version)
            made = dataclasses.replace(made, touched=touched)
            return self._add(old, made, bytes_written=made.bytes_written)

    def schema_history(self) -> Sequence[SchemaChange]:
        """The columns that it had, oldest first."""
        return real_changes(self._history.schemas)

    def maintain(self, upkeep: Upkeep) -> Upkept:  # noqa: ARG002 - as the other tables
        """Does nothing: it keeps its last versions, and forgets the others by itself."""
        return Upkept()

    def _commit(self, request: Request[StagedFrame]) -> Made:
        history = self._history
        with history.lock:
            if (known := history.version_of_step.get(request.made.step_id)) is not None:
                table = TableVersion(history.table_id, known)
                return request.done(write_made(history.commits[known]), table, self._spec)
            request.refuse_moved(self.version(), self._spec)
            if isinstance(request.base, Known):
                refuse_made(request, self.made(), self._spec)
            before = history.versions.get(history.newest, _NOTHING)
            after, made = before.after(request, self._spec)
            frame = request.staged.frame if request.staged else None
            held = made.bytes_written if frame is None else int(frame.estimated_size()) or None
            return self._add(after, made, bytes_written=held)

    def _add(self, after: Pieces, made: Made, *, bytes_written: int | None) -> Made:
        """Makes `after` the newest version; the caller holds the lock."""
        history = self._history
        version = history.newest + 1
        table = TableVersion(history.table_id, version)
        made = dataclasses.replace(made, table=table, bytes_written=bytes_written)
        history.versions[version] = after
        history.versions.pop(version - KEPT_VERSIONS, None)
        history.commits.append(made)
        if after.schema is not None:
            columns, comments = columns_of(after.schema), comments_of(self._spec.comments)
            entry = SchemaChange(version, made.at, columns, made.run_id, comments)
            if not history.schemas or not entry.is_like(history.schemas[-1]):
                history.schemas.append(entry)
        history.version_of_step[made.step_id] = version
        history.newest = version
        return made

    def _made_by(self, version: int) -> list[Made]:
        """What was made by a version: since it was last restored, and what was restored then."""
        history = self._history
        restored = max((each for each in history.restored if each <= version), default=0)
        commits = [*history.restored.get(restored, ()), *history.commits[restored : version + 1]]
        return latest(commits, self._spec.dimensions, self._spec.by_step)

    def _pieces(self, version: int) -> Pieces:
        pieces = self._history.versions.get(version)
        if pieces is None:
            newest = self._history.newest
            raise NoVersionError(
                f"`{self._spec.key}` has no version {version}",
                hint=f"the newest is {newest}, and the last {KEPT_VERSIONS} are kept",
            )
        return pieces


class MemoryStore:
    """Tables that live as long as the store does."""

    def __init__(self, name: str = "") -> None:
        """An empty store; `name` is for its uri alone."""
        self._name = name
        self._lock = Lock()
        self._tables: dict[DatasetKey, MemoryTable] = {}
        self._histories: dict[DatasetKey, _History] = {}
        self._artifacts: ArtifactFolders | None = None

    @property
    def uri(self) -> str:
        """`memory://NAME`."""
        return f"memory://{self._name}"

    def table(self, spec: TableSpec) -> MemoryTable:
        """The table of `spec.key`; another spec of the same key has another face on its rows."""
        with self._lock:
            table = self._tables.get(spec.key)
            if table is None or table.spec != spec:
                history = self._histories.setdefault(spec.key, _History())
                table = MemoryTable(spec, f"{self.uri}/{spec.key}", history)
                self._tables[spec.key] = table
            return table

    def artifact(self, spec: TableSpec) -> ArtifactFolder:
        """The files of the artifact `spec.key`, in a temporary folder: a reader needs a path."""
        with self._lock:
            if self._artifacts is None:
                folder = Path(tempfile.mkdtemp(prefix="flowforge-"))
                finalize(self, rmtree, folder, ignore_errors=True)
                self._artifacts = ArtifactFolders(LocalFolder(folder), folder)
            return self._artifacts.of(spec)


_named: Final[WeakValueDictionary[str, MemoryStore]] = WeakValueDictionary()
_named_lock: Final = Lock()


def memory_store(name: str) -> MemoryStore:
    """The store that everyone who says `name` shares while someone holds it; "": a new one."""
    if not name:
        return MemoryStore()
    with _named_lock:
        store = _named.get(name)
        if store is None:
            store = _named[name] = MemoryStore(name)
        return store
