"""A private DuckDB for one query at a time: settings, and datasets as views."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import duckdb
import polars as pl

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.core.schema import Schema
from flowforge_assets.core.sql_types import duckdb_type
from flowforge_assets.sql.reference import TableAddress, quoted

_IN_MEMORY: Final = re.compile(r"DF \[[^\n]*\Z")
_GLOB_MARKS: Final = frozenset("*?[")
_FEW_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class FrameInput:
    """A dataset as a frame; a lazy one is collected as DuckDB asks for columns and rows."""

    frame: pl.DataFrame | pl.LazyFrame


@dataclass(frozen=True, slots=True)
class FilesInput:
    """A dataset as local Parquet files, with `column=value` folders where columns are in the path.

    `fallback` gives the same rows as a frame: it is used where DuckDB cannot read the files as
    they are.
    """

    files: Sequence[str]
    schema: Schema
    fallback: Callable[[], pl.LazyFrame]


DuckInput: TypeAlias = FrameInput | FilesInput


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What one session may use. `folders` are those whose Parquet files it may read."""

    threads: int
    memory_bytes: int | None
    spill_folder: Path | None
    folders: tuple[Path, ...]


class Session:
    """An in-memory DuckDB of its own, so that two steps can read one dataset differently.

    It reads nothing but what it is given and the folders of its limits: external access, extension
    downloads and Python variables are shut, and the settings are locked.
    """

    def __init__(self, limits: SessionLimits) -> None:
        """An open session; costs about 25 ms."""
        self.connection = duckdb.connect(":memory:", config={"threads": limits.threads})
        for layer in LAYERS:
            self.connection.execute(f"ATTACH ':memory:' AS {layer}")
        folders = ", ".join(_text(f"{folder}/") for folder in limits.folders)
        settings = [
            "preserve_insertion_order=false",
            "TimeZone='UTC'",
            "errors_as_json=true",
            "python_enable_replacements=false",
            "autoinstall_known_extensions=false",
            "autoload_known_extensions=false",
            f"allowed_directories=[{folders}]",
        ]
        if limits.memory_bytes is not None:
            settings.append(f"memory_limit='{limits.memory_bytes}B'")
        if limits.spill_folder is not None:
            settings.append(f"temp_directory={_text(str(limits.spill_folder))}")
        # these two last: they shut the door to all others
        settings += ["enable_external_access=false", "lock_configuration=true"]
        for setting in settings:
            self.connection.execute(f"SET {setting}")
        self._schemas: set[str] = set()
        self._streams: dict[str, tuple[_Stream, duckdb.DuckDBPyRelation]] = {}

    def close(self) -> None:
        """Gives threads and memory back."""
        self._streams.clear()
        self.connection.close()

    def known_of(self, keys: Iterable[DatasetKey]) -> int:
        """How many of the datasets have a view already, which costs 2 ms each to make."""
        return sum(str(TableAddress.of(key)) in self._streams for key in keys)

    @contextmanager
    def reading(self, inputs: Mapping[DatasetKey, DuckInput]) -> Generator[None]:
        """While in it, each dataset of `inputs` is a view of that name.

        After an error the session holds what it held (a result half read forbids to drop views):
        close it.
        """
        held: list[duckdb.DuckDBPyRelation] = []
        streams: list[_Stream] = []
        for key, given in inputs.items():
            address = TableAddress.of(key)
            if address.schema != "main" and address.schema_name not in self._schemas:
                self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {address.schema_name}")
                self._schemas.add(address.schema_name)
            if isinstance(given, FilesInput) and self._view_files(address, given):
                self._streams.pop(str(address), None)
                continue
            rows = _at_hand(given.fallback() if isinstance(given, FilesInput) else given.frame)
            if isinstance(rows, pl.DataFrame) and rows.height <= _FEW_ROWS:
                streams.append(self._view_stream(address, rows))
            else:
                held.append(self._view(address, rows))
                self._streams.pop(str(address), None)
        yield
        # The views stay, which costs less, and are of nothing once the rows are gone.
        held.clear()
        for stream in streams:
            stream.frame = None

    def _view(self, address: TableAddress, rows: object) -> duckdb.DuckDBPyRelation:
        """Makes a view over what gives rows as Arrow, which is to be held as long as it is read."""
        # to register the rows would make one more view, and remove it
        relation = self.connection.from_arrow(rows)
        self.connection.execute(f"CREATE OR REPLACE VIEW {address} AS {relation.sql_query()}")
        return relation

    def _view_stream(self, address: TableAddress, rows: pl.DataFrame) -> _Stream:
        """Makes a view over few rows, or puts them behind the one that is there."""
        stream, _ = self._streams.get(str(address), (None, None))
        if stream is None or stream.schema != rows.schema:
            stream = _Stream(rows)
            self._streams[str(address)] = (stream, self._view(address, stream))
        stream.frame = rows
        return stream

    def _view_files(self, address: TableAddress, given: FilesInput) -> bool:
        """Makes a view over the files, typed as the schema says; False where that does not bind.

        Values from folder names are read as text: `2013-1-1` is no date unless the schema
        says so.
        It does not bind for no files at all, for a column that no file has, for a path outside the
        folders and for names that DuckDB would take for a pattern.
        """
        if not given.files or any(_GLOB_MARKS & set(file) for file in given.files):
            return False
        files = ", ".join(_text(file) for file in given.files)
        columns = ", ".join(
            f"CAST({quoted(f.name)} AS {duckdb_type(f.type)}) AS {quoted(f.name)}"
            for f in given.schema
        )
        try:
            self.connection.execute(
                f"CREATE OR REPLACE VIEW {address} AS SELECT {columns} FROM "  # noqa: S608 - all quoted
                f"read_parquet([{files}], hive_partitioning=true, "
                "hive_types_autocast=false, union_by_name=true)"
            )
        except (duckdb.BinderException, duckdb.PermissionException):
            return False
        return True


class _Stream:
    """Rows as a stream of Arrow, those of one query after the other; columns stay as they are.

    DuckDB takes polars' own frames by way of pyarrow, which costs more. But it does not know how
    many rows a stream has, and so not which side of a join is small. It asks for the stream each
    time that the view over it is read.
    """

    __slots__ = ("frame", "schema")

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame: pl.DataFrame | None = frame
        self.schema = frame.schema

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        frame = self.schema.to_frame() if self.frame is None else self.frame
        return frame.__arrow_c_stream__(requested_schema)


def _at_hand(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame | pl.LazyFrame:
    """The frame itself where it is lazy only in name: DuckDB looks at a lazy one several times."""
    if isinstance(frame, pl.LazyFrame) and _IN_MEMORY.match(frame.explain(optimized=False)):
        return frame.collect(engine="in-memory")  # the streaming engine takes longer to begin
    return frame


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"
