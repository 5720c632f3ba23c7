"""The Parquet files that hold a table's rows: written once, under names that never come again.

A file counts only when a commit names it. So a writer that is killed leaves nothing that a reader
can see, and what it leaves is recognised by name (`part-...`) and age, and swept away.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import polars as pl

from flowforge_assets.storage.atomic import sync
from flowforge_assets.storage.column_stats import (
    ColumnStats,
    FileStats,
    ends_of_file,
    footer_stats,
    frame_stats,
)

if TYPE_CHECKING:
    from polars.io.partition import FileProviderArgs, SinkedPathsCallbackArgs

    from flowforge_assets.core.partition import Dimension
    from flowforge_assets.storage.overlap import ColumnEnds

# Up to here, reading a file back costs less than importing what reads footers.
_SMALL_ROWS: Final = 100_000
_SMALL_FILES: Final = 32
_SUFFIX: Final = ".zstd.parquet"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One data file of a table.

    `path` is relative to the table's folder, as the file system spells it. `ends` has a pair for
    each partition column (see `overlap`), `values` the value of each column that names a folder.
    `stats` is empty for a file that was read from a log.
    """

    path: str
    bytes_written: int
    rows: int
    ends: tuple[ColumnEnds | None, ...] = ()
    values: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    stats: FileStats = field(default_factory=dict[str, ColumnStats])


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table's files are laid out: `hive` columns name folders (`day=2013-01-01/`)."""

    folder: Path
    dimensions: tuple[Dimension, ...]
    hive: tuple[str, ...]


def write_files(frame: pl.DataFrame | pl.LazyFrame, layout: Layout) -> list[DataFile]:
    """Writes `frame` as new data files and waits until they are on the disk.

    A lazy frame is streamed. One file is written for each combination of values of the layout's
    hive columns, which stand in the files as well. When it fails, no file of it stays.
    """
    token = uuid.uuid4().hex
    with _removed_on_failure(layout.folder, token):
        layout.folder.mkdir(parents=True, exist_ok=True)
        if isinstance(frame, pl.LazyFrame):
            files = _sink(frame, layout, token)
        else:
            files = [
                _write(rows, layout, token, number)
                for number, rows in enumerate(_by_folder(frame, layout.hive))
            ]
        return files


def remove_files(folder: Path, files: Sequence[DataFile]) -> None:
    """Removes data files that no commit names; those that are gone already do not matter."""
    for file in files:
        (folder / file.path).unlink(missing_ok=True)


def sweep_files(folder: Path, named: frozenset[str], *, older_than_seconds: float) -> list[str]:
    """Removes the data files in `folder` that are not `named` and old; gives their paths.

    `named` must have all files of every version that shall stay readable. The age protects
    writers that are at work: choose it longer than any step runs.
    """
    youngest = time.time() - older_than_seconds
    swept: list[str] = []
    for path in folder.rglob("part-*"):
        relative = path.relative_to(folder).as_posix()
        if relative not in named and path.is_file() and path.stat().st_mtime < youngest:
            path.unlink(missing_ok=True)
            swept.append(relative)
    return sorted(swept)


def _by_folder(frame: pl.DataFrame, hive: Sequence[str]) -> list[pl.DataFrame]:
    if not hive or all(frame.get_column(name).n_unique() <= 1 for name in hive):
        return [frame] if frame.height else []
    return frame.partition_by(hive, maintain_order=True)


def _write(frame: pl.DataFrame, layout: Layout, token: str, number: int) -> DataFile:
    values = {name: _text(frame.get_column(name)[0]) for name in layout.hive}
    relative = _relative_path(values, token, number)
    path = layout.folder / relative
    if values:
        path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, compression="zstd", compression_level=1)
    stats = frame_stats(frame, layout.dimensions)
    return _described(relative, frame.height, stats, values=values, layout=layout)


def _sink(frame: pl.LazyFrame, layout: Layout, token: str) -> list[DataFile]:
    values_of: dict[str, dict[str, str | None]] = {}
    numbers = itertools.count()

    def named(args: FileProviderArgs) -> str:
        keys = args.partition_keys
        values = {name: _text(keys.get_column(name)[0]) for name in layout.hive}
        relative = _relative_path(values, token, next(numbers))
        values_of[relative] = values
        return relative

    counted: dict[str, int] = {}

    def count(args: SinkedPathsCallbackArgs) -> None:
        for sunk in args.paths:
            counted[Path(str(sunk.path)).relative_to(layout.folder).as_posix()] = sunk.num_rows

    target: str | pl.PartitionBy
    if layout.hive:
        target = pl.PartitionBy(
            layout.folder,
            key=list(layout.hive),
            include_key=True,
            file_path_provider=named,
            approximate_bytes_per_file=None,
        )
    else:
        relative = _relative_path({}, token, 0)
        values_of[relative] = {}
        target = str(layout.folder / relative)
    frame.sink_parquet(
        target,
        compression="zstd",
        compression_level=1,
        mkdir=True,
        sinked_paths_callback=count,
    )
    files: list[DataFile] = []
    is_small = len(counted) <= _SMALL_FILES and sum(counted.values()) <= _SMALL_ROWS
    for relative, rows in sorted(counted.items()):
        path = layout.folder / relative
        if rows:
            stats = _stats_of(path, layout, is_small=is_small)
            file = _described(relative, rows, stats, values=values_of[relative], layout=layout)
            files.append(file)
        else:
            path.unlink()
    return files


def _stats_of(path: Path, layout: Layout, *, is_small: bool) -> FileStats:
    if not is_small:
        return footer_stats(path)
    rows = pl.read_parquet(path, glob=False, hive_partitioning=False, memory_map=False)
    return frame_stats(rows, layout.dimensions)


def _described(
    relative: str,
    rows: int,
    stats: FileStats,
    *,
    values: Mapping[str, str | None],
    layout: Layout,
) -> DataFile:
    """The file that was written as `relative`, once it is on the disk."""
    path = layout.folder / relative
    sync(path)
    ends = tuple(
        (name, name)
        if dimension.kind == "static" and (name := values.get(dimension.column))
        else pair
        for dimension, pair in zip(
            layout.dimensions, ends_of_file(stats, layout.dimensions), strict=True
        )
    )
    return DataFile(relative, path.stat().st_size, rows, ends, values, stats)


def _relative_path(values: Mapping[str, str | None], token: str, number: int) -> str:
    """`day=2013-01-01/country=a%2Fb/part-TOKEN-0.zstd.parquet`."""
    folders = (
        f"{quote(name, safe='')}={quote(value or '', safe='') or '__HIVE_DEFAULT_PARTITION__'}/"
        for name, value in values.items()
    )
    return f"{''.join(folders)}part-{token}-{number}{_SUFFIX}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@contextmanager
def _removed_on_failure(folder: Path, token: str) -> Generator[None]:
    try:
        yield
    except BaseException:
        for path in folder.rglob(f"part-{token}-*"):
            with suppress(OSError):
                path.unlink()
        raise
