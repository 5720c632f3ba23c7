"""The Parquet files that hold a table's rows: written once, under names that never come again.

A file counts only when a commit names it. So a writer that is killed leaves nothing that a reader
can see, and what it leaves is recognised by name (`part-...`) and age, and swept away.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import polars as pl

from flowforge_assets.storage.column_stats import (
    ColumnStats,
    FileStats,
    ends_of_file,
    footer_stats,
    frame_stats,
)
from flowforge_assets.storage.failure_remote import LOOKING
from flowforge_assets.storage.file_digest import digest_of, named_with
from flowforge_assets.storage.folder_local import LocalFolder

if TYPE_CHECKING:
    from polars.io.partition import FileProviderArgs, SinkedPathsCallbackArgs

    from flowforge_assets.core.partition import Dimension
    from flowforge_assets.storage.folder import Folder
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

    folder: Folder
    dimensions: tuple[Dimension, ...]
    hive: tuple[str, ...]


def write_files(frame: pl.DataFrame | pl.LazyFrame, layout: Layout) -> list[DataFile]:
    """Writes `frame` as new data files and waits until they are on the disk.

    A lazy frame is streamed. One file is written for each combination of values of the layout's
    hive columns, which stand in the files as well. When it fails, no file of it stays.
    """
    if not layout.folder.is_for_engines:
        return _uploaded(frame, layout)
    writer = _Writer(layout, uuid.uuid4().hex)
    try:
        if isinstance(frame, pl.LazyFrame):
            return writer.sink(frame)
        return [writer.write(rows) for rows in _by_folder(frame, layout.hive)]
    except BaseException as error:
        try:
            layout.folder.remove(writer.begun)
        except Exception as failed:  # noqa: BLE001 - clients raise errors of their own
            error.add_note(f"files of it stay behind in {layout.folder.shown}: {failed}")
        raise


def remove_files(folder: Folder, files: Sequence[DataFile]) -> None:
    """Removes data files that no commit names; those that are gone already do not matter."""
    folder.remove(file.path for file in files)


def _by_folder(frame: pl.DataFrame, hive: Sequence[str]) -> list[pl.DataFrame]:
    if not hive or all(_is_one(frame.get_column(name)) for name in hive):
        return [frame] if frame.height else []
    return frame.partition_by(hive, maintain_order=True)


def _is_one(values: pl.Series) -> bool:
    """Whether no two values differ; counting those that do takes seven times as long."""
    return values.is_empty() or bool(values.eq_missing(values.head(1)).all())


def _uploaded(frame: pl.DataFrame | pl.LazyFrame, layout: Layout) -> list[DataFile]:
    """Writes the files on this machine, and brings them where they belong."""
    with TemporaryDirectory(prefix="flowforge-") as workshop:
        here = LocalFolder(Path(workshop))
        files = write_files(frame, replace(layout, folder=here))
        for file in files:
            layout.folder.upload(Path(here.target(file.path)), file.path)
    return files


class _Writer:
    """Writes the files of one call; `begun` has all that it began, for who must remove them."""

    def __init__(self, layout: Layout, token: str) -> None:
        self.layout = layout
        self.folder = layout.folder
        self.token = token
        self.begun: dict[str, Mapping[str, str | None]] = {}
        self.numbers = itertools.count()

    def write(self, frame: pl.DataFrame) -> DataFile:
        values = {name: _text(frame.get_column(name)[0]) for name in self.layout.hive}
        path = self.begin(values)
        frame.write_parquet(
            self.folder.target(path),
            compression="zstd",
            compression_level=1,
            mkdir=self.folder.is_local,
            **self.folder.polars_options,
        )
        return self.described(path, frame.height, frame_stats(frame, self.layout.dimensions))

    def sink(self, frame: pl.LazyFrame) -> list[DataFile]:
        counted: dict[str, int] = {}
        start = len(self.folder.target()) + 1

        def count(args: SinkedPathsCallbackArgs) -> None:
            for sunk in args.paths:
                counted[str(sunk.path)[start:]] = sunk.num_rows

        def named(args: FileProviderArgs) -> str:
            keys = args.partition_keys
            return self.begin({name: _text(keys.get_column(name)[0]) for name in self.layout.hive})

        target: str | pl.PartitionBy
        if self.layout.hive:
            target = pl.PartitionBy(
                self.folder.target(),
                key=list(self.layout.hive),
                include_key=True,
                file_path_provider=named,
                approximate_bytes_per_file=None,
            )
        else:
            target = self.folder.target(self.begin({}))
        frame.sink_parquet(
            target,
            compression="zstd",
            compression_level=1,
            mkdir=self.folder.is_local,
            sinked_paths_callback=count,
            **self.folder.polars_options,
        )
        try:
            return self.sunk(counted)
        except Exception as error:
            error.add_note(LOOKING)
            raise

    def sunk(self, counted: Mapping[str, int]) -> list[DataFile]:
        """The files that were sunk, with how many rows; empty ones are removed."""
        is_small = len(counted) <= _SMALL_FILES and sum(counted.values()) <= _SMALL_ROWS
        empty = [path for path, rows in counted.items() if not rows]
        self.folder.remove(empty)
        return [
            self.described(path, rows, self.stats(path, is_small=is_small))
            for path, rows in sorted(counted.items())
            if rows
        ]

    def begin(self, values: Mapping[str, str | None]) -> str:
        """The path of one more file."""
        path = _relative_path(values, self.token, next(self.numbers))
        self.begun[path] = values
        return path

    def stats(self, path: str, *, is_small: bool) -> FileStats:
        if not is_small:
            return footer_stats(self.folder, path)
        rows = pl.read_parquet(
            self.folder.target(path),
            glob=False,
            hive_partitioning=False,
            memory_map=False,
            **self.folder.polars_options,
        )
        return frame_stats(rows, self.layout.dimensions)

    def digested(self, path: str) -> str:
        """The path of a file that was written, with its digest; a store verifies what it takes."""
        if not self.folder.is_local:
            return path
        file = Path(self.folder.target(path))
        named = named_with(path, digest_of(file))
        self.begun[named] = self.begun[path]
        file.rename(self.folder.target(named))
        return named

    def described(self, path: str, rows: int, stats: FileStats) -> DataFile:
        """A file that was written, once it is on the disk."""
        path = self.digested(path)
        self.folder.sync(path)
        entry = self.folder.entry(path)
        if entry is None:
            raise FileNotFoundError(self.folder.target(path))
        values, dimensions = self.begun[path], self.layout.dimensions
        ends = tuple(
            (name, name)
            if dimension.kind == "static" and (name := values.get(dimension.column))
            else pair
            for dimension, pair in zip(dimensions, ends_of_file(stats, dimensions), strict=True)
        )
        return DataFile(path, entry.size_bytes, rows, ends, values, stats)


def _relative_path(values: Mapping[str, str | None], token: str, number: int) -> str:
    """`day=2013-01-01/country=a%2Fb/part-TOKEN-0.zstd.parquet`."""
    folders = (
        f"{quote(name, safe='')}={quote(value or '', safe='') or '__HIVE_DEFAULT_PARTITION__'}/"
        for name, value in values.items()
    )
    return f"{''.join(folders)}part-{token}-{number}{_SUFFIX}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
