"""Runs queries over datasets: the rows come back as polars frames of exactly the bound types."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import duckdb
import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.sql_types import duckdb_type, from_duckdb
from flowforge_assets.sql.duckdb_errors import run_error
from flowforge_assets.sql.infer import check_parameters
from flowforge_assets.sql.parse import ParsedSql
from flowforge_assets.sql.reference import quoted
from flowforge_assets.sql.result import ParameterValue, bound_values, result_columns
from flowforge_assets.sql.session import DuckInput, FilesInput, FrameInput, Session, SessionLimits

__all__ = ["DuckInput", "FilesInput", "FrameInput", "SqlEngine"]

Columns: TypeAlias = Sequence[tuple[str, str]]
"""Names of columns and DuckDB's types of them."""

_BATCH_ROWS = 122_880  # one row group of DuckDB's


class SqlEngine:
    """Runs queries, several at a time, each in a session of its own that is kept for the next.

    `memory_bytes` is shared out evenly over `sessions` (at least the number of threads that call).
    Large sorts and groups spill to `spill_folder`. Queries read no file but Parquet files under
    `folders` that their inputs name.
    """

    def __init__(
        self,
        *,
        sessions: int = 1,
        threads: int = 1,
        memory_bytes: int | None = None,
        spill_folder: Path | None = None,
        folders: Sequence[Path] = (),
    ) -> None:
        """An engine with no session yet: the first query opens one."""
        self._limits = SessionLimits(
            threads=threads,
            memory_bytes=None if memory_bytes is None else memory_bytes // sessions,
            spill_folder=spill_folder,
            folders=tuple(folder.absolute() for folder in folders),
        )
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(sessions)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        error: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()

    def close(self) -> None:
        """Closes the sessions that no query uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def run(
        self,
        parsed: ParsedSql,
        inputs: Mapping[DatasetKey, DuckInput],
        *,
        parameters: Mapping[str, ParameterValue] | None = None,
        types: Columns | None = None,
    ) -> pl.DataFrame:
        """All rows of the query over `inputs`, in no promised order.

        Columns have the types that `Binder.bind` gives; `inputs` has each dataset that it reads.
        `types` are the columns as `Binder.bind_types` gave them, where that is known: else the
        query is bound once more.

        Raises:
            SqlParameterError: a parameter is not given (FF-416).
            SqlValueError: a value does not fit its type (FF-430).
            SqlMemoryError: the memory limit is reached (FF-431).
            SqlRunError: the engine fails in another way (FF-432).
        """
        with self._query(parsed, inputs, parameters or {}, types) as (relation, prefix):
            try:
                return pl.DataFrame(_Result(relation))
            except (duckdb.Error, pl.exceptions.ComputeError) as error:  # as what reads a stream
                raise run_error(error, parsed, prefix=prefix) from error

    def batches(
        self,
        parsed: ParsedSql,
        inputs: Mapping[DatasetKey, DuckInput],
        *,
        parameters: Mapping[str, ParameterValue] | None = None,
    ) -> Generator[pl.DataFrame]:
        """The same rows in batches of about 100,000, never all in memory; fails as `run` does.

        The session is taken until the generator ends or is closed.
        """
        with self._query(parsed, inputs, parameters or {}) as (relation, prefix):
            try:
                for batch in relation.to_arrow_reader(_BATCH_ROWS):
                    yield pl.DataFrame(batch)
            except (duckdb.Error, OSError) as error:  # Arrow's reader makes an OSError of it
                raise run_error(error, parsed, prefix=prefix) from error

    @contextmanager
    def _query(
        self,
        parsed: ParsedSql,
        inputs: Mapping[DatasetKey, DuckInput],
        parameters: Mapping[str, ParameterValue],
        types: Columns | None = None,
    ) -> Generator[tuple[duckdb.DuckDBPyRelation, str]]:
        """The query as a relation that gives storable types, and the text put before it."""
        check_parameters(parsed, parameters)
        values = {ref.name: parameters[ref.name] for ref in parsed.parameters}
        read = {ref.name: inputs[ref.name] for ref in parsed.tables}
        with self._session(read) as session, session.reading(read):
            if types is None:
                types = result_columns(session.connection, parsed, values, names=())
            prefix = _casts(types)
            statement = parsed.statement[parsed.start :]
            text = f"{prefix}{statement}\n)" if prefix else statement
            try:
                relation = session.connection.sql(text, params=bound_values(values) or None)
            except duckdb.Error as error:
                raise run_error(error, parsed, prefix=prefix) from error
            yield relation, prefix

    @contextmanager
    def _session(self, read: Iterable[DatasetKey]) -> Generator[Session]:
        """A session that no query uses, by choice one that knows what is read."""
        with self._free:
            with self._lock:
                session = max(self._idle, key=lambda each: each.known_of(read), default=None)
                if session is not None:
                    self._idle.remove(session)
            if session is None:
                session = Session(self._limits)
            try:
                yield session
            except BaseException:
                session.close()  # it may hold an open result or a view of a frame
                raise
            with self._lock:
                self._idle.append(session)


class _Result:
    """The rows of a relation as a stream of Arrow, which polars reads without pyarrow.

    Polars remembers the types that it has seen: DuckDB's own would outlive DuckDB, which complains.
    """

    __slots__ = ("_relation",)

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._relation.__arrow_c_stream__(requested_schema)


def _casts(columns: Columns) -> str:
    """What to put before the query so that each column has a type that can be stored, or nothing.

    A cast within the engine checks each value: a sum that exceeds 64 bits is an error, not a
    wrapped number.
    """
    wanted = [(name, duckdb_type(from_duckdb(given))) for name, given in columns]
    if wanted == list(columns):
        return ""
    casts = ", ".join(
        f"CAST({quoted(name)} AS {type_}) AS {quoted(name)}" for name, type_ in wanted
    )
    return f"SELECT {casts} FROM ("  # noqa: S608 - quoted
