"""One opened Delta table that is kept and follows the commits of others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flowforge_assets.errors.storage import (
    DamagedLogError,
    NoTableError,
    NotATableError,
    NoVersionError,
)
from flowforge_assets.storage.column_stats import ColumnStats
from flowforge_assets.storage.data_files import DataFile, Layout
from flowforge_assets.storage.delta_log import (
    LOG,
    TRIES,
    CommitLog,
    commit_file,
    commits_in,
    last_after,
    refuse_empty,
)
from flowforge_assets.storage.delta_schema import is_promised
from flowforge_assets.storage.failure import foreign_table
from flowforge_assets.storage.kept_versions import kept_since

if TYPE_CHECKING:
    from flowforge_assets.core.partition import Dimension
    from flowforge_assets.storage.column_stats import FileStats, Value
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.overlap import ColumnEnds
    from flowforge_assets.storage.store import TableSpec

# Features that change nothing for who reads whole files and adds and removes whole files.
_KNOWN_FEATURES: Final = frozenset({"timestampNtz", "appendOnly", "invariants", "domainMetadata"})
_NTZ_PROTOCOL: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A version of a Delta table: its files, and the columns that they have.

    Delta lets no nulls into columns that are `not_null`; those that are `promised` have none,
    though it would let some in. `comments` has the descriptions of columns.
    """

    table_id: str
    version: int
    files: tuple[DataFile, ...]
    layout: Layout
    stored: pl.Schema
    not_null: frozenset[str]
    promised: frozenset[str] = frozenset()
    comments: Mapping[str, str] = field(default_factory=dict[str, str])
    description: str = ""


class DeltaHandle:
    """The opened table in `folder`, as `spec` partitions it. Not safe for threads: hold a lock.

    It is opened at first use. Following others costs two looks at the folder when nothing was
    committed.
    """

    def __init__(self, folder: Folder, spec: TableSpec) -> None:
        """Opens nothing yet."""
        self._folder = folder
        self._spec = spec
        self._snapshot: Snapshot | None = None
        self._mark: tuple[int, Hashable] = (-1, None)
        self._opened: DeltaTable | None = None
        self.log = CommitLog(folder, spec.key)

    @property
    def opened(self) -> DeltaTable | None:
        """The table by the library, at the version that was read last; None where there is none."""
        if self._opened is None and self._snapshot is not None:
            self._opened = self._delta(self._snapshot.version)
        return self._opened

    def newest(self) -> int | None:
        """The newest version, or None where no table is.

        Raises:
            DamagedLogError: the log has a commit file of no bytes (FF-607).
            NotATableError: the folder holds something else (FF-606).
        """
        for _ in range(TRIES - 1):
            try:
                return self._newest()
            except (DeltaError, FileNotFoundError, DamagedLogError):
                self._forget()  # upkeep may have cleaned the log while it was read
        return self._newest()

    def _newest(self) -> int | None:
        held = self._held()
        if held is not None and not self._is_same_table():
            self._forget()
            held = None
        if held is None:
            self._open()
        elif last_after(held, self._folder, self._spec.key) > held and self.opened is not None:
            self.opened.update_incremental()
        return self._held()

    def _held(self) -> int | None:
        """The version that was read last."""
        if self._opened is not None:
            return self._opened.version()
        return None if self._snapshot is None else self._snapshot.version

    def _forget(self) -> None:
        self._opened = self._snapshot = None

    def current(self) -> Snapshot | None:
        """The newest version with its files, or None where no table is."""
        newest = self.newest()
        if newest is None:
            return None
        if (self._snapshot is None or self._snapshot.version != newest) and self.opened is not None:
            self._snapshot = self._read(self.opened)
        return self._snapshot

    def begin(self, first: Snapshot) -> None:
        """Takes `first`, with which we have made the table, as read.

        Raises:
            NoTableError: it is gone already (FF-602).
        """
        entry = self._folder.entry(commit_file(first.version))
        if entry is None:
            raise NoTableError(f"`{self._spec.key}` was removed while it was written")
        self._mark, self._snapshot = (first.version, entry.mark), first
        self.log.table_id = first.table_id

    def column_stats(self, columns: Sequence[str]) -> Mapping[str, FileStats]:
        """The statistics of `columns` of the files in the opened version, by path; reads no file.

        It does not look whether others have committed: what is decided by it is for this version.
        """
        if self.opened is None:
            return {}
        actions = pl.DataFrame(self.opened.get_add_actions())
        hive = self.opened.metadata().partition_columns
        found = {name: _column_stats(actions, name, is_hive=name in hive) for name in columns}
        paths: list[str] = actions.get_column("path").to_list()
        return {
            unquote(path): {name: stats[at] for name, stats in found.items()}
            for at, path in enumerate(paths)
        }

    def said_of(self, app: str, at: Snapshot) -> int | None:
        """The version of the `txn` action of an application, by `at`, which is opened.

        Raises:
            DeltaError: the log can no longer be read as of `at`.
        """
        if self.opened is None:
            return None
        try:
            return self.opened.transaction_version(app)
        except DeltaError:  # it reads the log only now, and upkeep may have cleaned it since
            self._opened = self._delta(at.version)
            return self._opened.transaction_version(app)

    def expect(self, after: Snapshot) -> None:
        """Takes `after`, which a commit of our own made, for the next version unread."""
        self._snapshot = after

    def at(self, version: int) -> Snapshot:
        """An older version with its files; the log is read for it each time.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        newest = self.newest()
        if newest is None or not 0 <= version <= newest:
            raise self._no_version(version, newest)
        if version == newest and (snapshot := self.current()):
            return snapshot
        if self.opened and version < kept_since(self._folder, str(self.opened.metadata().id)):
            raise self._no_version(version, newest)
        try:
            return self._read(self._delta(version))
        except Exception as error:
            if self._folder.entry(commit_file(version)) is not None:
                raise
            raise self._no_version(version, newest) from error

    def _open(self) -> None:
        self._forget()
        self.log = CommitLog(self._folder, self._spec.key)
        commits = commits_in(self._folder)
        if not commits:
            _refuse_other_files(self._folder, self._spec)
            return
        refuse_empty(commits.values(), self._folder, self._spec.key)
        opened = self._delta()
        _refuse_features(opened, self._spec)
        # that of the version that was opened: a later one may be that of another table
        entry = self._folder.entry(commit_file(opened.version()))
        self._mark = (opened.version(), entry and entry.mark)
        self._opened = opened
        self.log.table_id = str(opened.metadata().id)

    def _delta(self, version: int | None = None) -> DeltaTable:
        options = self._folder.delta_options
        return DeltaTable(self._folder.target(), version=version, storage_options=options)

    def _is_same_table(self) -> bool:
        """Whether the log is still the one that was opened, and not deleted or made anew."""
        version, mark = self._mark
        entry = self._folder.entry(commit_file(version))
        return entry is not None and entry.mark == mark

    def _read(self, table: DeltaTable) -> Snapshot:
        schema, metadata = table.schema(), table.metadata()
        said = {each.name: each.metadata for each in schema.fields}
        hive = tuple(metadata.partition_columns)
        layout = Layout(self._folder, self._spec.dimensions, hive)
        return Snapshot(
            table_id=str(metadata.id),
            version=table.version(),
            files=_files(pl.DataFrame(table.get_add_actions()), layout),
            layout=layout,
            stored=pl.Schema(schema),
            not_null=frozenset(each.name for each in schema.fields if not each.nullable),
            promised=frozenset(name for name in said if is_promised(said[name])),
            comments={name: text for name in said if (text := str(said[name].get("comment", "")))},
            description=metadata.description or "",
        )

    def _no_version(self, version: int, newest: int | None) -> NoVersionError:
        hint = "it has no version yet" if newest is None else f"the newest is {newest}"
        return NoVersionError(f"`{self._spec.key}` has no version {version}", hint=hint)


def _files(actions: pl.DataFrame, layout: Layout) -> tuple[DataFile, ...]:
    paths: list[str] = actions.get_column("path").to_list()
    sizes: list[int] = actions.get_column("size_bytes").to_list()
    counts: list[int | None] = actions.get_column("num_records").to_list()
    hive = [_member(actions, "partition", name) for name in layout.hive]
    ends = [_ends(actions, dimension, layout.hive) for dimension in layout.dimensions]
    return tuple(
        DataFile(
            path=unquote(path),
            bytes_written=sizes[at],
            # a writer need not say how many rows it wrote
            rows=-1 if (rows := counts[at]) is None else rows,
            ends=tuple(column[at] for column in ends),
            values={
                name: None if (value := column[at]) is None else str(value)
                for name, column in zip(layout.hive, hive, strict=True)
            },
        )
        for at, path in enumerate(paths)
    )


def _ends(
    actions: pl.DataFrame, dimension: Dimension, hive: Sequence[str]
) -> list[ColumnEnds | None]:
    """For each file, the ends of the dimension's column."""
    name = dimension.column
    if name in hive:
        return [_pair(value, value) for value in _member(actions, "partition", name)]
    columns = (_member(actions, which, name) for which in ("null_count", "min", "max"))
    return [
        None if nulls != 0 else _pair(least, greatest)
        for nulls, least, greatest in zip(*columns, strict=True)
    ]


def _column_stats(actions: pl.DataFrame, name: str, *, is_hive: bool) -> list[ColumnStats]:
    """For each file, what is said of a column; of unknown nulls there may be one."""
    if is_hive:
        values = _member(actions, "partition", name)
        return [ColumnStats(value is None, *_kept(value, value)) for value in values]
    columns = (_member(actions, which, name) for which in ("null_count", "min", "max"))
    return [
        ColumnStats(nulls if isinstance(nulls, int) else 1, *_kept(least, greatest))
        for nulls, least, greatest in zip(*columns, strict=True)
    ]


def _kept(least: object, greatest: object) -> tuple[Value, Value] | tuple[None, None]:
    if isinstance(least, int | date | str) and isinstance(greatest, int | date | str):
        return least, greatest
    return None, None


def _pair(least: object, greatest: object) -> ColumnEnds | None:
    if isinstance(least, date | str) and isinstance(greatest, date | str):
        return least, greatest
    return None


def _member(actions: pl.DataFrame, struct: str, name: str) -> list[object]:
    """The member `name` of a struct column; nulls where the column or the member is not there."""
    if struct not in actions.columns:
        return [None] * actions.height
    column = actions.get_column(struct)
    dtype = column.dtype
    if not isinstance(dtype, pl.Struct) or all(field.name != name for field in dtype.fields):
        return [None] * actions.height
    return list(column.struct.field(name).to_list())


def _refuse_features(table: DeltaTable, spec: TableSpec) -> None:
    protocol = table.protocol()
    features = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    unknown = sorted(features - _KNOWN_FEATURES)
    if unknown or protocol.min_reader_version == _NTZ_PROTOCOL - 1:
        named = ", ".join(f"`{name}`" for name in unknown) or "`columnMapping`"
        raise foreign_table(spec.key, named)


def _refuse_other_files(folder: Folder, spec: TableSpec) -> None:
    """Passes a folder that is not there, is empty, or holds only staged data files."""
    for name in folder.names():
        if not name.startswith(("part-", ".")) and "=" not in name and name != LOG:
            raise _not_a_table(folder, spec, name)


def _not_a_table(folder: Folder, spec: TableSpec, found: str) -> NotATableError:
    return NotATableError(
        f"`{folder.shown}` holds `{found}` and no Delta table of `{spec.key}`",
        hint="move it away, or give the environment another `store`",
    )
