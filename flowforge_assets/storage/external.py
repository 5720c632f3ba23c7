"""Tables that someone else writes: read where they are, never written.

A Delta table, or Parquet files: one, a folder of them (`day=2026-01-01/` folders give a column),
or those of a pattern with `*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from flowforge_assets.core.made import TableVersion
from flowforge_assets.errors.past import NoPastError
from flowforge_assets.errors.storage import (
    ExternalMissingError,
    ExternalSchemaError,
    NotATableError,
)
from flowforge_assets.storage.external_files import PARQUET_SUFFIXES, ExternalFiles
from flowforge_assets.storage.failure import guarded
from flowforge_assets.storage.past import Version, newest_at, version_of

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable

    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.storage.folder import FileEntry
    from flowforge_assets.storage.store import TableSpec


class ReadTable(Protocol):
    """What can be read of a table, whoever writes it."""

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        ...

    @property
    def uri(self) -> str:
        """Where it is, without secrets."""
        ...

    def version(self) -> TableVersion | None:
        """The newest version, or None where no table is."""
        ...

    def columns(self) -> pl.Schema | None:
        """The columns of its rows; None where no table is."""
        ...

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The rows of `partitions` (None: all) at `version` (None: newest)."""
        ...


class ExternalTable:
    """A table of someone else, as a dataset declares it. Nothing is opened before it is asked."""

    def __init__(
        self, spec: TableSpec, place: ExternalFiles, *, at: str, told: str | None = None
    ) -> None:
        """At `place`, declared as `at`.

        `told` is its version where a function tells it.
        """
        self._spec = spec
        self._place = place
        self._at = at
        self._told = told

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self._spec

    @property
    def uri(self) -> str:
        """`file:///data/rates`."""
        return self._place.uri

    def version(self) -> TableVersion | None:
        """Its newest version, or None where nothing is.

        Of a Delta table it is its own; of Parquet files a digest of their names, sizes and times
        of change, in the place of the table's id.
        """
        with guarded(self._spec.key, self._place.shown, is_ours=False):
            if self._told is not None:
                is_there = self._place.is_delta or self._files()
                return TableVersion(self._told, 0) if is_there else None
            if self._place.is_delta:
                delta = self._delta()
                return TableVersion(str(delta.metadata().id), delta.version())
            digest = blake2b(digest_size=16)
            files = self._files()
            for file in files:
                digest.update(f"{file.path}\0{file.size_bytes}\0{file.mark}\n".encode())
            return TableVersion(digest.hexdigest(), 0) if files else None

    def version_at(self, wanted: datetime | int) -> TableVersion:
        """The version of that number, or the newest that had come by a time; Delta has them.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
            NoPastError: it has no versions (FF-670).
        """
        key = self._spec.key
        if self._told is not None or not self._place.is_delta:
            hint = "only a Delta table that tells its own version keeps older ones"
            raise NoPastError(f"external `{key}` has no versions that could be read", hint=hint)
        with guarded(key, self._place.shown, is_ours=False):
            delta = self._delta()
            versions = [
                Version(entry["version"], datetime.fromtimestamp(entry["timestamp"] / 1000, UTC))
                for entry in reversed(delta.history())
            ]
        if isinstance(wanted, int):
            found = version_of(versions, wanted, key)
        else:
            found = newest_at(versions, wanted, key)
        return TableVersion(str(delta.metadata().id), found.version)

    def size_bytes(self) -> int:
        """What its files take."""
        with guarded(self._spec.key, self._place.shown, is_ours=False):
            if not self._place.is_delta:
                return sum(file.size_bytes for file in self._files())
            import polars as pl  # heavy: a plan asks Parquet files for their version alone

            files = pl.DataFrame(self._delta().get_add_actions(flatten=True))
            return int(files["size_bytes"].sum())

    def missing(self) -> ExternalMissingError:
        """What is to be said where nothing is there."""
        message = f"external `{self._spec.key}` is not there: `{self._at}`"
        hint = "it is a Delta table or Parquet files: see that they are there, or mend `at=`"
        return ExternalMissingError(message, hint=hint)

    def columns(self) -> pl.Schema | None:
        """The columns that it has, declared or not; None where nothing is."""
        with guarded(self._spec.key, self._place.shown, is_ours=False):
            if not self._place.is_delta and not self._files():
                return None
            return self._rows(None).collect_schema()

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The declared columns of the rows; those that it has beyond them are left out.

        Raises:
            ExternalMissingError: nothing is there (FF-640).
            ExternalSchemaError: columns lack, or have other types than are declared (FF-641).
        """
        with guarded(self._spec.key, self._place.shown, is_ours=False):
            # a version that a function tells is none of the table's own
            found = self._rows(None if self._told is not None else version)
            found.collect_schema()
        return self._declared(found, partitions)

    def changes(self, since: int, until: int, partitions: PartitionSet | None) -> pl.LazyFrame:
        """What came and went between two versions, counted; see `storage.changes`.

        By the table's change data feed where it is on, else by reading both versions.

        Raises:
            ExternalSchemaError: columns lack, or have other types than are declared (FF-641).
        """
        # heavy, as above
        from flowforge_assets.storage.change_feed import change_feed
        from flowforge_assets.storage.changes import counted, scanned_changes

        with guarded(self._spec.key, self._place.shown, is_ours=False):
            fed = change_feed(self._delta(), since, until)
        if fed is None:
            return scanned_changes(self, since, until, partitions)
        came, went = (self._declared(rows, partitions) for rows in fed)
        return counted(came, went)

    def _declared(self, found: pl.LazyFrame, partitions: PartitionSet | None) -> pl.LazyFrame:
        """The declared columns of the rows in `partitions`."""
        # heavy, as above
        from flowforge_assets.core.conform import conform
        from flowforge_assets.storage.partition_rows import is_in

        there = found.collect_schema()
        schema = self._spec.schema
        declared = found.select([name for name in schema.names if name in there])
        fitted, differences = conform(declared, schema)
        if differences:
            said = "; ".join(map(str, differences))
            message = f"`{self._spec.key}` is not what it is declared to be: {said}"
            hint = f"declare the columns as `{self._place.shown}` has them"
            raise ExternalSchemaError(message, hint=hint)
        mine = None if partitions is None else is_in(partitions, schema)
        return fitted if mine is None else fitted.filter(mine)

    def _delta(self) -> DeltaTable:
        from deltalake import DeltaTable  # heavy, as above

        options = self._place.folder.delta_options
        return DeltaTable(self._place.target().rstrip("/"), storage_options=options)

    def _rows(self, version: int | None) -> pl.LazyFrame:
        import polars as pl  # heavy, as above

        target, options = self._place.target(), self._place.folder.polars_options
        if self._place.is_delta:
            return pl.scan_delta(target.rstrip("/"), version=version, **options)
        if not self._files():
            raise self.missing()
        hive = None if self._place.is_one else True
        return pl.scan_parquet(target, hive_partitioning=hive, **options)

    def _files(self) -> Sequence[FileEntry]:
        """The Parquet files, sorted.

        Raises:
            NotATableError: another kind of file is there (FF-606).
        """
        files = self._place.parquet()
        if self._place.is_file and not files[0].path.endswith(PARQUET_SUFFIXES):
            shown = self._place.shown
            message = f"`{self._spec.key}` is external, and `{shown}` is no Parquet file"
            hint = "name a Delta table, or Parquet files; read other files in an asset"
            raise NotATableError(message, hint=hint)
        return files


def external_table(
    spec: TableSpec, place: ExternalFiles, *, at: str, told: str | None = None
) -> ExternalTable:
    """The table at `place`, declared as `at`; `told` is its version where a function tells it."""
    return ExternalTable(replace(spec, is_external=True), place, at=at, told=told)
