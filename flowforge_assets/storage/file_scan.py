"""Reads the rows of a table that is a list of data files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.storage.data_files import DataFile, Layout
from flowforge_assets.storage.evolution import as_declared
from flowforge_assets.storage.failure import damaged_data
from flowforge_assets.storage.file_digest import is_intact
from flowforge_assets.storage.overlap import Overlap, overlap
from flowforge_assets.storage.partition_rows import is_in

if TYPE_CHECKING:
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.storage.column_stats import FileStats
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.store import TableSpec


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """The files of one version, and the columns that they have.

    `stats_of` gives what a log says of some columns of the files, by path.
    """

    files: tuple[DataFile, ...]
    layout: Layout
    stored: pl.Schema
    stats_of: Callable[[Sequence[str]], Mapping[str, FileStats]] | None = None

    def scan(self) -> pl.LazyFrame:
        """All rows, with the columns that they have."""
        return scan_stored(self.files, self.layout, self.stored)

    def stats(self, columns: Sequence[str]) -> Mapping[str, FileStats]:
        """The statistics of `columns` of the files, by path, beside those that files carry."""
        return {} if self.stats_of is None else self.stats_of(columns)


@dataclass(frozen=True, slots=True, eq=False)
class StagedFiles:
    """Rows in data files that no version names yet, and in memory when they were given so."""

    files: tuple[DataFile, ...]
    layout: Layout
    schema: pl.Schema
    frame: pl.DataFrame | None

    @property
    def rows(self) -> int:
        """How many rows are staged."""
        return sum(file.rows for file in self.files)

    def scan(self) -> pl.LazyFrame:
        """The staged rows."""
        if self.frame is not None:
            return self.frame.lazy()
        return scan_stored(self.files, self.layout, self.schema)


def scan_files(
    files: Sequence[DataFile],
    layout: Layout,
    stored: pl.Schema,
    *,
    partitions: PartitionSet | None,
    spec: TableSpec,
) -> pl.LazyFrame:
    """The rows of `partitions` (None: all) in `files`, with the columns of `spec`.

    Files that have none of the partitions are left out, and rows are filtered only when some of
    the others are in a file.

    Raises:
        DamagedDataError: a file is missing or has another size than was written (FF-608).
        SchemaChangeError: the rows have other columns than `spec` declares (FF-611).
    """
    wanted = list(files)
    inside: pl.Expr | None = None
    if partitions is not None:
        overlaps = [overlap(file.ends, partitions) for file in files]
        wanted = [
            file for file, how in zip(files, overlaps, strict=True) if how is not Overlap.NONE
        ]
        if Overlap.UNKNOWN in overlaps:
            inside = is_in(partitions, spec.schema)
    if not wanted:
        return pl.LazyFrame(schema=polars_schema(spec.schema))
    refuse_damaged(wanted, layout.folder, spec)
    rows = as_declared(scan_stored(wanted, layout, stored), stored, spec)
    return rows if inside is None else rows.filter(inside)


def scan_stored(
    files: Sequence[DataFile], layout: Layout, stored: pl.Schema, *, row: str | None = None
) -> pl.LazyFrame:
    """The rows of `files` with the columns that they were stored with.

    With `row` they are numbered in a column of that name, from file to file as these come.
    """
    if not files:
        none = pl.LazyFrame(schema=stored)
        return none if row is None else none.with_row_index(row)
    hive = {name: stored[name] for name in layout.hive}
    return pl.scan_parquet(
        [layout.folder.target(file.path) for file in files],
        schema=stored,
        glob=False,
        hive_partitioning=bool(hive),
        hive_schema=hive or None,
        missing_columns="insert",
        extra_columns="ignore",
        row_index_name=row,
        **layout.folder.polars_options,
    )


def refuse_damaged(files: Sequence[DataFile], folder: Folder, spec: TableSpec) -> None:
    """Passes when all `files` are there, with the bytes that were written.

    An object store keeps what it took whole, and a look at each would be a request: there who
    collects the rows meets a file that is gone.

    Raises:
        DamagedDataError: one is missing or holds something else (FF-608).
    """
    for file in files if folder.is_local else ():
        found = folder.entry(file.path)
        if found is None:
            raise damaged_data(spec.key, folder.shown, f"`{file.path}` is missing")
        if found.size_bytes != file.bytes_written:
            what = f"`{file.path}` has {found.size_bytes} bytes instead of {file.bytes_written}"
            raise damaged_data(spec.key, folder.shown, what)
        if not is_intact(Path(folder.target(file.path)), found.mark):
            what = f"`{file.path}` holds other bytes than were written"
            raise damaged_data(spec.key, folder.shown, what)
