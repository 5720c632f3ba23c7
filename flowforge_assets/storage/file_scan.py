"""Reads and replaces rows of a table that is a list of data files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.storage.data_files import DataFile, Layout, remove_files, write_files
from flowforge_assets.storage.evolution import as_declared, refuse_change
from flowforge_assets.storage.failure import damaged_data
from flowforge_assets.storage.overlap import Overlap, overlap
from flowforge_assets.storage.partition_rows import is_in, refuse_strays

if TYPE_CHECKING:
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.storage.store import TableSpec


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
        return _scan(self.files, self.layout, self.schema)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a commit does to the files that are there.

    A `removed` file either lies wholly in the replaced partitions, or is `rewritten` without
    their rows.
    """

    removed: tuple[DataFile, ...]
    rewritten: tuple[DataFile, ...]
    keeps_rows: bool


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
    _refuse_damaged(wanted, layout.folder, spec)
    rows = as_declared(_scan(wanted, layout, stored), stored, spec)
    return rows if inside is None else rows.filter(inside)


def replace_rows(
    files: Sequence[DataFile],
    layout: Layout,
    stored: pl.Schema,
    *,
    partitions: PartitionSet,
    spec: TableSpec,
) -> Replacement:
    """Which of `files` a commit to `partitions` removes; rewrites those with other rows as well.

    Costs a look at each file's ends, and a pass over each file whose ends do not tell.

    Raises:
        SchemaChangeError: the stored rows have no partition column (FF-611).
    """
    if any(dimension.column not in stored for dimension in spec.dimensions):
        refuse_change(stored, spec)  # no row says in which partition it is
    removed: list[DataFile] = []
    rewritten: list[DataFile] = []
    keeps_rows = False
    for file in files:
        match overlap(file.ends, partitions):
            case Overlap.NONE:
                keeps_rows = True
            case Overlap.ALL:
                removed.append(file)
            case Overlap.UNKNOWN:
                others = _write_others(file, layout, stored, partitions=partitions, spec=spec)
                if sum(other.rows for other in others) == file.rows:
                    remove_files(layout.folder, others)
                else:
                    removed.append(file)
                    rewritten.extend(others)
                keeps_rows = keeps_rows or bool(others)
    return Replacement(tuple(removed), tuple(rewritten), keeps_rows)


def refuse_stray_files(staged: StagedFiles, partitions: PartitionSet, spec: TableSpec) -> None:
    """Passes when all staged rows are in `partitions`; reads only files whose ends do not tell.

    Raises:
        StrayRowsError: some are not (FF-613).
    """
    doubtful = [file for file in staged.files if overlap(file.ends, partitions) is not Overlap.ALL]
    if doubtful:
        rows = staged.frame
        if rows is None:
            refuse_strays(_scan(doubtful, staged.layout, staged.schema), partitions, spec)
        else:
            refuse_strays(rows, partitions, spec)


def _write_others(
    file: DataFile,
    layout: Layout,
    stored: pl.Schema,
    *,
    partitions: PartitionSet,
    spec: TableSpec,
) -> list[DataFile]:
    """Writes the rows of `file` that are in none of `partitions` as files of their own."""
    _refuse_damaged([file], layout.folder, spec)
    rows = _scan([file], layout, stored)
    inside = is_in(partitions, spec.schema)
    return write_files(rows.filter(~inside) if inside is not None else rows.clear(), layout)


def _scan(files: Sequence[DataFile], layout: Layout, stored: pl.Schema) -> pl.LazyFrame:
    if not files:
        return pl.LazyFrame(schema=stored)
    hive = {name: stored[name] for name in layout.hive}
    return pl.scan_parquet(
        [layout.folder / file.path for file in files],
        schema=stored,
        glob=False,
        hive_partitioning=bool(hive),
        hive_schema=hive or None,
        missing_columns="insert",
        extra_columns="ignore",
    )


def _refuse_damaged(files: Sequence[DataFile], folder: Path, spec: TableSpec) -> None:
    for file in files:
        path = folder / file.path
        try:
            found = path.stat().st_size
        except FileNotFoundError as error:
            raise damaged_data(spec.key, str(folder), f"`{file.path}` is missing") from error
        if found != file.bytes_written:
            what = f"`{file.path}` has {found} bytes instead of {file.bytes_written}"
            raise damaged_data(spec.key, str(folder), what)
