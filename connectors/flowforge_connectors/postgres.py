"""PostgreSQL as a warehouse, by psycopg 3. DDL is transactional there, so a publish is one act.

Rows go in and out by COPY, as CSV that Arrow writes and reads: a NULL is nothing between two
commas, an empty text is `""`. Read for it: the PostgreSQL 17 manual, `COPY`, appendix A (error
codes) and section 13.3.5 (advisory locks), 2026-11.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from flowforge_assets.core.table_name import TableName
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.errors.warehouse import (
    WarehouseDownError,
    WarehouseDriverError,
    WarehouseLoginError,
    WarehouseQuotaError,
    WarehouseRightsError,
    WarehouseSlowError,
    WarehouseStatementError,
)
from flowforge_assets.sdk.postgres_family import FIND_COLUMNS, FIND_TABLE, path, quoted
from flowforge_assets.sdk.sessions import Sessions
from flowforge_assets.sdk.warehouse import (
    NOBODY,
    JobStats,
    Option,
    OptionValue,
    Settings,
    TableFacts,
    Tag,
    refuse_moved,
    told_where,
)

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

    Connection = psycopg.Connection[tuple[Any, ...]]  # rows are what the query gives

_LEAVES_CONNECTION: Final = 60.0
_CLASSES: Final[Mapping[str, type[StorageError]]] = {
    "08": WarehouseDownError,
    "28": WarehouseLoginError,
    "53": WarehouseQuotaError,
    "57P": WarehouseDownError,
    "57014": WarehouseSlowError,
    "42501": WarehouseRightsError,
}
_HINTS: Final[Mapping[type[StorageError], str]] = {
    WarehouseDownError: "see that it is up and that `host` and `port` are right, then run again",
    WarehouseLoginError: "see `user` and what `password` refers to, then run again",
    WarehouseSlowError: "raise the asset's `timeout`, or `timeout_seconds` of the warehouse",
    WarehouseQuotaError: "make room there, then run again",
    WarehouseRightsError: "grant it to the user: docs/guide/warehouses.md lists what is needed",
    WarehouseStatementError: "the server's log has the whole of it, under the tag of the step",
}


@dataclass(frozen=True, slots=True)
class PostgresConnector:
    """PostgreSQL, by host, database and user."""

    kind: str = "postgres"
    target: str = "postgres"
    options: Sequence[Option] = (
        Option("host", needed=True, example="db.example.com"),
        Option("port", "whole", example="5432"),
        Option("database", needed=True, example="analytics"),
        Option("user", needed=True, example="flowforge"),
        Option("password", "secret"),
        Option("sslmode", example="verify-full"),
        Option("sslrootcert"),
        Option("timeout_seconds", "whole", example="600"),
    )
    stages: Sequence[str] = ()

    def misfits(self, given: Mapping[str, object]) -> Iterator[str]:  # noqa: ARG002 - the seam's
        """Nothing depends on another."""
        return iter(())

    def connect(self, settings: Settings, *, session: Sequence[str] = ()) -> Postgres:
        """The database that `settings` name."""
        return Postgres(settings, session)


CONNECTOR: Final = PostgresConnector()


class Postgres:
    """One database; see `Warehouse`."""

    target = "postgres"
    longest_comment: int | None = None

    def __init__(self, settings: Settings, session: Sequence[str] = ()) -> None:
        """Of a server that nobody has spoken to yet."""
        self._settings = settings
        self._session = session
        self._sessions: Sessions[Connection] = Sessions(self._connect, lambda c: c.close())

    @property
    def uri(self) -> str:
        """`postgres://db.example.com:5432/analytics`."""
        return f"{self.target}://{self._place}/{self._settings()['database']}"

    @property
    def _place(self) -> str:
        said = self._settings()
        return f"{said['host']}:{said.get('port', 5432)}"

    def execute(self, statement: str, tag: Tag) -> JobStats:
        """Runs one statement in a transaction of its own."""
        with self._speaking(tag) as connection:
            return _run(connection, statement, tag)

    def publish(
        self, table: TableName, statements: Sequence[str], tag: Tag, *, expected: str | None
    ) -> JobStats:
        """Runs them in one transaction, under a lock that whoever publishes this table takes."""
        with self._speaking(tag) as connection:
            stats = JobStats()
            with connection.transaction():
                self._lock(connection, table)
                facts = _facts(connection, table)
                refuse_moved(table, facts, expected=expected)
                for statement in statements:
                    stats += _run(connection, statement, tag)
            return stats

    def load(
        self, table: TableName, schema: pa.Schema, batches: Iterable[pa.RecordBatch], tag: Tag
    ) -> JobStats:
        """By COPY FROM STDIN, in one transaction."""
        from flowforge_assets.sdk.arrow_csv import as_csv  # as above

        columns = ", ".join(quoted(name) for name in schema.names)
        statement = f"COPY {path(table)} ({columns}) FROM STDIN (FORMAT csv)"
        start = time.perf_counter()
        with self._speaking(tag) as connection, connection.cursor() as cursor:
            with cursor.copy(tag.before(statement).encode()) as copy:
                for batch in batches:
                    copy.write(as_csv(batch))
            return JobStats(rows=cursor.rowcount, elapsed_ms=_since(start))

    def read(self, query: str, schema: pa.Schema, tag: Tag) -> Iterator[pa.RecordBatch]:
        """By COPY TO STDOUT."""
        from flowforge_assets.sdk.arrow_csv import batches_of_csv  # pyarrow: only where rows go

        statement = tag.before(f"COPY ({query}) TO STDOUT (FORMAT csv)").encode()
        with (
            self._speaking(tag) as connection,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            blocks: Iterator[bytes] = (bytes(block) for block in copy)
            yield from batches_of_csv(blocks, schema)

    def number(self, query: str, tag: Tag) -> int:
        """The one whole number that the query gives."""
        with self._speaking(tag) as connection:
            row = connection.execute(tag.before(query).encode()).fetchone()
            return int(row[0]) if row and row[0] is not None else 0

    def look(self, table: TableName) -> TableFacts | None:
        """The table or view as it is now."""
        with self._speaking(NOBODY) as connection:
            return _facts(connection, table)

    def tables(self, schema: str) -> Sequence[str]:
        """The names of the tables and views in a schema."""
        query = (
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1"
        )
        with self._speaking(NOBODY) as connection:
            return [str(row[0]) for row in connection.execute(query, (schema,))]

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._sessions.close()

    def _lock(self, connection: Connection, table: TableName) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"flowforge {table}",))

    @contextmanager
    def _speaking(self, tag: Tag) -> Generator[Connection]:
        """A connection with the step's deadline; what the driver raises comes out as ours."""
        with translated(self._place), self._sessions.one() as connection:
            seconds = tag.seconds_within(self._settings().get("timeout_seconds"))
            ms = 0 if seconds is None else max(1, round(float(seconds) * 1000))
            connection.execute(f"SET statement_timeout = {ms}".encode())
            yield connection

    def _connect(self) -> Connection:
        said = dict(self._settings())
        said.pop("timeout_seconds", None)
        said["dbname"] = said.pop("database")
        connection = open_postgres(said)
        for statement in self._session:
            connection.execute(statement.encode())
        return connection


def open_postgres(said: Mapping[str, OptionValue]) -> Connection:
    """A connection that commits each statement by itself, in UTC and UTF-8.

    Raises:
        WarehouseDriverError: psycopg is not installed (FF-689).
    """
    try:
        import psycopg  # the client: who does not use this warehouse need not have it
    except ImportError as error:
        hint = "pip install 'flowforge-assets[postgres]'"
        raise WarehouseDriverError("psycopg is not installed", hint=hint) from error
    return psycopg.connect(
        **cast("dict[str, Any]", dict(said)),  # what libpq takes has no type
        autocommit=True,
        connect_timeout=int(_LEAVES_CONNECTION),
        application_name="flowforge",
        client_encoding="utf8",
        options="-c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=1",
        keepalives_idle=30,
    )


@contextmanager
def translated(place: str) -> Generator[None]:
    """What psycopg raises, as an error of ours by its SQLSTATE; `place` is the server's."""
    try:
        import psycopg  # see `open_postgres`, which says how to install it
    except ImportError:
        yield
        return
    try:
        yield
    except psycopg.Error as error:
        kind, said = _told(error)
        raise kind(told_where(kind, said, place), hint=_HINTS.get(kind)) from error


def _told(error: psycopg.Error) -> tuple[type[StorageError], str]:
    """The kind of error, and what it says without the values of rows."""
    import psycopg  # it has raised already

    state = error.sqlstate or ""
    kind = next((k for code, k in _CLASSES.items() if state.startswith(code)), None)
    if not state and isinstance(error, psycopg.OperationalError):
        text = str(error).lower()
        refused = any(each in text for each in ("password", "authentication", "pg_hba", 'role "'))
        return (
            (WarehouseLoginError, "the warehouse does not let this user in")
            if refused
            else (WarehouseDownError, "the warehouse does not answer, or the connection was lost")
        )
    words = (error.diag.message_primary or type(error).__name__).strip()
    if state[:2] in {"22", "23"}:  # their texts quote values
        words = _plain(type(error).__name__)
    if kind is WarehouseLoginError:
        words = "the warehouse does not let this user in"
    if kind is WarehouseSlowError:
        words = "a statement took longer than it may"
    shown = f"{words[:1].lower()}{words[1:]} (SQLSTATE {state or 'unknown'})"
    return kind or WarehouseStatementError, shown


def _plain(name: str) -> str:
    """`NumericValueOutOfRange` as words."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def _run(connection: Connection, statement: str, tag: Tag) -> JobStats:
    start = time.perf_counter()
    cursor = connection.execute(tag.before(statement).encode())
    rows = cursor.rowcount if cursor.rowcount >= 0 else None
    return JobStats(rows=rows, elapsed_ms=_since(start))


def _since(start: float) -> int:
    return round((time.perf_counter() - start) * 1000)


def _facts(connection: Connection, table: TableName) -> TableFacts | None:
    found = connection.execute(FIND_TABLE, (table.schema[-1], table.table)).fetchone()
    if found is None:
        return None
    columns = connection.execute(FIND_COLUMNS, (found[0],)).fetchall()
    pairs = tuple((str(name), str(kind)) for name, kind in columns)
    kind = found[1].decode() if isinstance(found[1], bytes) else found[1]
    return TableFacts(pairs, found[2] or "", is_view=kind in {"v", "m"})
