"""The engines that show what emitted text gives, all asked in one way.

with googlesql() as engine:
    engine.enter(tables)
    engine.run("SELECT 1 AS `a`").rows
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg

from piped_values import Row, Value, packed, unpacked

HERE = Path(__file__).parent
_TETHERED = HERE.parent / "emulators" / "tethered.py"


class EngineError(Exception):
    """An engine does not take a query, or stops in it; the message is its own."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table for the engines: columns with DuckDB's types, and rows."""

    columns: Mapping[str, str]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gives: the names of its columns, their kinds as the engine says, and rows."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: list[Row]


class Engine(Protocol):
    """Something that runs text of a target."""

    def enter(self, tables: Mapping[str, TableRows]) -> None:
        """Makes the tables, with their rows."""
        ...

    def run(self, sql: str) -> Result:
        """What the query gives.

        Raises:
            EngineError: it does not take it.
        """
        ...


@dataclass(frozen=True, slots=True)
class PipedEngine:
    """An engine in a process that answers lines of JSON: see piped_values."""

    process: subprocess.Popen[str]

    def enter(self, tables: Mapping[str, TableRows]) -> None:
        """Makes the tables, with their rows."""
        for name, table in tables.items():
            rows = [list(map(packed, row)) for row in table.rows]
            self._ask("table", name=name, columns=list(table.columns.items()), rows=rows)

    def run(self, sql: str) -> Result:
        """What the query gives."""
        return self._result(self._ask("query", sql=sql))

    def enter_parquet(self, name: str, path: Path) -> None:
        """Makes a table of a file. Not of every engine."""
        self._ask("parquet", name=name, path=str(path))

    def analyze(self, sql: str) -> Result:
        """What the columns of the query would be; without rows. Not of every engine."""
        return self._result(self._ask("analyze", sql=sql))

    def parse(self, dialect: str, sql: str) -> str:
        """The first part that a grammar does not take, nothing if there is none. Of sqlfluff."""
        return str(self._ask("parse", dialect=dialect, sql=sql))

    def _result(self, found: Any) -> Result:  # what JSON gives
        names = tuple(name for name, _ in found["columns"])
        kinds = tuple(kind for _, kind in found["columns"])
        return Result(names, kinds, [tuple(map(unpacked, row)) for row in found["rows"]])

    def _ask(self, act: str, **arguments: object) -> Any:  # what JSON gives
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"do": act, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise EngineError("its process has ended")
        answer = json.loads(line)
        if "failed" in answer:
            raise EngineError(answer["failed"])
        return answer["done"]


@contextmanager
def googlesql() -> Iterator[PipedEngine]:
    """GoogleSQL's reference evaluator, for BigQuery."""
    with _piped("googlesql_child.py", "googlesql") as engine:
        yield engine


@contextmanager
def fakesnow() -> Iterator[PipedEngine]:
    """fakesnow, for Snowflake."""
    with _piped("fakesnow_child.py", "fakesnow") as engine:
        yield engine


@contextmanager
def grammars() -> Iterator[PipedEngine]:
    """sqlfluff, which reads the dialects of all targets."""
    with _piped("sqlfluff_child.py", "sqlfluff") as engine:
        yield engine


@contextmanager
def _piped(script: str, folder: str) -> Iterator[PipedEngine]:
    """The engine of a script, whose packages are in a folder of the environment: see Makefile."""
    packages = Path(sys.prefix) / folder
    if not packages.is_dir():
        message = f"{packages} is not there: run `make setup`"
        raise FileNotFoundError(message)
    command = [sys.executable, "-S", str(HERE / script), str(packages)]
    process = subprocess.Popen(
        [sys.executable, str(_TETHERED), str(os.getpid()), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "TZ": "UTC"},
        text=True,
        start_new_session=True,
    )
    try:
        yield PipedEngine(process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


_DUCKDB_KINDS = {"BOOLEAN": "bool", "VARCHAR": "text", "FLOAT": "double"}


@dataclass(frozen=True, slots=True)
class DuckdbEngine:
    """DuckDB, the reference."""

    connection: duckdb.DuckDBPyConnection

    def enter(self, tables: Mapping[str, TableRows]) -> None:
        """Makes the tables, with their rows."""
        for name, table in tables.items():
            listed = ", ".join(f'"{column}" {type_}' for column, type_ in table.columns.items())
            path = ".".join(f'"{part}"' for part in name.split("."))
            self.connection.execute(f"CREATE TABLE {path} ({listed})")
            places = ", ".join("?" * len(table.columns))
            if table.rows:
                self.connection.executemany(f"INSERT INTO {path} VALUES ({places})", table.rows)

    def run(self, sql: str) -> Result:
        """What the query gives."""
        try:
            found = self.connection.execute(sql)
            columns = [(str(name), str(type_)) for name, type_, *_ in found.description or ()]
            rows: list[Row] = found.fetchall()
        except (duckdb.Error, OverflowError) as error:
            raise EngineError(str(error)) from error
        kinds = (_DUCKDB_KINDS.get(t, t.lower().partition("(")[0]) for _, t in columns)
        wholes = {"tinyint", "smallint", "bigint", "hugeint"}
        return Result(
            tuple(name for name, _ in columns),
            tuple("integer" if kind in wholes else kind for kind in kinds),
            rows,
        )


@contextmanager
def duckdb_reference() -> Iterator[DuckdbEngine]:
    """DuckDB in memory, in UTC, on one thread: what it gives is what all must give."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("SET TimeZone='UTC'")
        yield DuckdbEngine(connection)


# Functions of Redshift that PostgreSQL lacks and that are plain there: the text that uses them can
# then be run. What they give follows Redshift's manual, so they prove nothing of themselves.
_OF_REDSHIFT = """
CREATE FUNCTION last_day(date) RETURNS date IMMUTABLE LANGUAGE sql AS
  $$ SELECT CAST(date_trunc('month', $1) + INTERVAL '1 month' - INTERVAL '1 day' AS date) $$;
CREATE FUNCTION getdate() RETURNS timestamp STABLE LANGUAGE sql AS
  $$ SELECT CAST(now() AT TIME ZONE 'UTC' AS timestamp) $$;
CREATE FUNCTION sha2(text, integer) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS
  $$ SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex') $$;
"""
_POSTGRES_KINDS = {
    **dict.fromkeys(("int2", "int4", "int8"), "integer"),
    **dict.fromkeys(("float4", "float8"), "double"),
    **dict.fromkeys(("text", "varchar", "bpchar"), "text"),
    "numeric": "decimal",
}
_POSTGRES_TYPES = {"DOUBLE": "DOUBLE PRECISION", "HUGEINT": "DECIMAL(38, 0)", "TINYINT": "SMALLINT"}


@dataclass(frozen=True, slots=True)
class PostgresEngine:
    """PostgreSQL, for PostgreSQL, and for what Redshift shares with it."""

    connection: psycopg.Connection[tuple[Any, ...]]  # what the query gives

    def enter(self, tables: Mapping[str, TableRows]) -> None:
        """Makes the tables, with their rows."""
        for name, table in tables.items():
            columns = ((c, _POSTGRES_TYPES.get(t, t)) for c, t in table.columns.items())
            listed = ", ".join(f'"{column}" {type_}' for column, type_ in columns)
            path = ".".join(f'"{part}"' for part in name.split("."))
            self.connection.execute(f"CREATE TABLE {path} ({listed})".encode())
            with self.connection.cursor().copy(f"COPY {path} FROM STDIN".encode()) as copy:
                for row in table.rows:
                    copy.write_row(row)

    def enter_csv(self, name: str, columns: Mapping[str, str], path: Path) -> None:
        """Makes a table of a file, in which nulls are nothing between commas."""
        self.enter({name: TableRows(columns, [])})
        told = f'COPY "{name}" FROM STDIN (FORMAT csv)'.encode()
        with path.open("rb") as file, self.connection.cursor().copy(told) as copy:
            while block := file.read(1 << 20):
                copy.write(block)

    def settle(self, columns: Mapping[str, Iterable[str]]) -> None:
        """Makes large tables quick to ask: those columns of each are indexed.

        What is between WITH queries it guesses badly, and then loops over them; so it may not.
        """
        for table, names in columns.items():
            for name in names:
                self.connection.execute(f'CREATE INDEX ON "{table}" ("{name}")'.encode())
        self.connection.execute("ANALYZE")
        self.connection.execute("SET work_mem = '128MB'")
        self.connection.execute("SET enable_nestloop = off")

    def run(self, sql: str) -> Result:
        """What the query gives."""
        try:
            found = self.connection.execute(sql.encode())
            rows: list[tuple[Value, ...]] = found.fetchall()
        except psycopg.Error as error:
            raise EngineError(str(error)) from error
        columns = found.description or ()
        known = ((c, psycopg.adapters.types.get(c.type_code)) for c in columns)
        names = [type_.name if type_ else str(c.type_code) for c, type_ in known]
        kinds = tuple(_POSTGRES_KINDS.get(name, name) for name in names)
        return Result(tuple(column.name for column in columns), kinds, rows)


@contextmanager
def postgres(dsn: str, schema: str, *, seconds: int = 60) -> Iterator[PostgresEngine]:
    """PostgreSQL in a schema of its own, with a few functions of Redshift."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
        connection.execute(f'SET search_path = "{schema}"'.encode())
        connection.execute(f"SET statement_timeout = '{seconds}s'".encode())
        connection.execute(_OF_REDSHIFT.encode())
        yield PostgresEngine(connection)
