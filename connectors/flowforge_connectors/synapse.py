"""Synapse dedicated SQL pools as a warehouse, by mssql-python. No engine of it runs in our tests.

Tables have no comments: the state is a row of `flowforge_state` in the same schema, under the
number of the object, which a table keeps when it is renamed. Rows go in by INSERT ... SELECT of
many rows, which suits seeds and small tables: large ones are loaded by COPY INTO from where they
lie. Read for it: Transact-SQL reference for Azure Synapse Analytics (INSERT, RENAME, OPTION LABEL,
transactions), mssql-python's documentation, 2026-11.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

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
from flowforge_assets.sdk.fetched_rows import fetched_batches, fetched_names, fetched_number
from flowforge_assets.sdk.sessions import Sessions
from flowforge_assets.sdk.warehouse import (
    NOBODY,
    STATE_TABLE,
    JobStats,
    Option,
    Settings,
    StagedFiles,
    TableFacts,
    Tag,
    refuse_moved,
    told_where,
)

if TYPE_CHECKING:
    import pyarrow as pa

_PORT: Final = 1433
_MOST_PARAMETERS: Final = 2000
_MOST_ROWS: Final = 500
_STATE_LENGTH: Final = 4000
_OURS: Final = frozenset({"flowforge_state", STATE_TABLE})
_LABELLED: Final = frozenset({"COPY", "SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
_IN_TRANSACTION: Final = frozenset({"INSERT", "UPDATE", "DELETE"})
_AUTHENTICATION: Final = {
    "password": "SqlPassword",
    "service_principal": "ActiveDirectoryServicePrincipal",
    "managed_identity": "ActiveDirectoryMSI",
}
_WORDS: Final[tuple[tuple[type[StorageError], tuple[str, ...], str], ...]] = (
    (WarehouseLoginError, ("login failed", "token", "aadsts"), "it does not let this user in"),
    (WarehouseSlowError, ("timeout expired", "query timeout"), "a statement took too long"),
    (WarehouseQuotaError, ("quota", "out of disk", "tempdb is full"), "there is no room left"),
    (WarehouseRightsError, ("permission", "denied"), "the user may not do it"),
    (WarehouseDownError, ("communication link", "connection", "paused"), "it does not answer"),
)
_FIND: Final = (
    "SELECT o.object_id, o.type FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id"
    " WHERE s.name = ? AND o.name = ? AND o.type IN ('U', 'V')"
)
_COLUMNS: Final = (
    "SELECT c.name, t.name, c.precision, c.scale FROM sys.columns c"
    " JOIN sys.types t ON t.user_type_id = c.user_type_id"
    " WHERE c.object_id = ? ORDER BY c.column_id"
)


@dataclass(frozen=True, slots=True)
class SynapseConnector:
    """A dedicated SQL pool, by server and database."""

    kind: str = "synapse"
    target: str = "synapse"
    options: Sequence[Option] = (
        Option("server", needed=True, example="myspace.sql.azuresynapse.net"),
        Option("database", needed=True, example="analytics"),
        Option("authentication", example="service_principal"),
        Option("user", example="client id, or a user of the database"),
        Option("password", "secret"),
        Option("timeout_seconds", "whole", example="600"),
    )
    stages: Sequence[str] = ("abfss", "abfs", "az")

    def misfits(self, given: Mapping[str, object]) -> Iterator[str]:
        """A managed identity has no password, all else has one."""
        how = given.get("authentication", "password")
        if how not in _AUTHENTICATION:
            known = ", ".join(f"`{name}`" for name in _AUTHENTICATION)
            yield f"`authentication` is one of {known}"
        elif how != "managed_identity" and not {"user", "password"} <= set(given):
            yield f'`authentication = "{how}"` needs `user` and `password`'

    def connect(self, settings: Settings, *, session: Sequence[str] = ()) -> Synapse:
        """The pool that `settings` name."""
        return Synapse(settings, session)


CONNECTOR: Final = SynapseConnector()


class Synapse:
    """One pool; see `Warehouse`. What the driver gives has no types: Any stands for it."""

    target = "synapse"
    longest_comment: int | None = _STATE_LENGTH

    def __init__(self, settings: Settings, session: Sequence[str] = ()) -> None:
        """Of a pool that nobody has spoken to yet."""
        self._settings = settings
        self._session = session
        self._sessions: Sessions[Any] = Sessions(self._connect, lambda c: c.close())

    @property
    def uri(self) -> str:
        """`synapse://myspace.sql.azuresynapse.net/analytics`."""
        said = self._settings()
        return f"{self.target}://{said['server']}/{said['database']}"

    @property
    def _place(self) -> str:
        return f"{self._settings()['server']}:{_PORT}"

    def execute(self, statement: str, tag: Tag) -> JobStats:
        """Runs one statement, which commits by itself."""
        with self._speaking(tag) as cursor:
            return _run(cursor, statement, tag)

    def publish(
        self, table: TableName, statements: Sequence[str], tag: Tag, *, expected: str | None
    ) -> JobStats:
        """Runs statements that change rows in one transaction, others one by one.

        In a transaction the row of the state is locked before it is looked at. Transactions take
        no DDL there: between two renames a reader finds no table for a moment, and another could
        publish between the last look and the first rename.
        """
        with self._speaking(tag) as cursor:
            if all(_first(each) in _IN_TRANSACTION for each in statements):
                return _in_transaction(cursor, table, statements, tag, expected)
            refuse_moved(table, _facts(cursor, table), expected=expected)
            stats, is_renamed = JobStats(), False
            for statement in statements:
                if not is_renamed and "RENAME OBJECT" in statement:
                    refuse_moved(table, _facts(cursor, table), expected=expected)
                    is_renamed = True
                stats += _run(cursor, statement, tag)
            return stats

    def load(
        self, table: TableName, schema: pa.Schema, batches: Iterable[pa.RecordBatch], tag: Tag
    ) -> JobStats:
        """By INSERT ... SELECT of many rows with bound values: there is no VALUES of many."""
        start, count = time.perf_counter(), 0
        names = ", ".join(_quoted(name) for name in schema.names)
        one = f"SELECT {', '.join(['?'] * len(schema.names))}"
        at_once = max(1, min(_MOST_ROWS, _MOST_PARAMETERS // max(1, len(schema.names))))
        with self._speaking(tag) as cursor:
            rows = (tuple(row.values()) for batch in batches for row in batch.to_pylist())
            while some := list(islice(rows, at_once)):
                places = " UNION ALL ".join([one] * len(some))
                statement = f"INSERT INTO {_path(table)} ({names}) {places}"
                cursor.execute(statement, tuple(value for row in some for value in row))
                count += len(some)
        return JobStats(rows=count, elapsed_ms=round((time.perf_counter() - start) * 1000))

    def copy(self, table: TableName, schema: pa.Schema, files: StagedFiles, tag: Tag) -> JobStats:
        """By COPY INTO of the files."""
        if not files.urls:
            return JobStats(rows=0)
        with self._speaking(tag) as cursor:
            stats = _run(cursor, copy_statement(table, schema.names, files), tag)
            return replace(stats, rows=files.rows)

    def read(self, query: str, schema: pa.Schema, tag: Tag) -> Iterator[pa.RecordBatch]:
        """By fetches of some thousand rows each."""
        with self._speaking(tag) as cursor:
            cursor.execute(_labelled(query, tag))
            yield from fetched_batches(cursor, schema)

    def number(self, query: str, tag: Tag) -> int:
        """The one whole number that the query gives."""
        with self._speaking(tag) as cursor:
            cursor.execute(_labelled(query, tag))
            return fetched_number(cursor)

    def look(self, table: TableName) -> TableFacts | None:
        """The table or view as it is now."""
        with self._speaking(NOBODY) as cursor:
            return _facts(cursor, table)

    def tables(self, schema: str) -> Sequence[str]:
        """The names of the tables and views in a schema."""
        query = (
            "SELECT o.name FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id"
            " WHERE s.name = ? AND o.type IN ('U', 'V') ORDER BY 1"
        )
        with self._speaking(NOBODY) as cursor:
            cursor.execute(query, (schema,))
            return [name for name in fetched_names(cursor) if name not in _OURS]

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._sessions.close()

    @contextmanager
    def _speaking(self, tag: Tag) -> Generator[Any]:
        """A cursor with the step's deadline; what the driver raises comes out as ours."""
        with _translated(self._place), self._sessions.one() as connection:
            seconds = tag.seconds_within(self._settings().get("timeout_seconds"))
            connection.timeout = 0 if seconds is None else max(1, round(float(seconds)))
            cursor = connection.cursor()
            try:
                yield cursor
            finally:
                cursor.close()

    def _connect(self) -> Any:  # noqa: ANN401 - the driver may be missing
        try:
            import mssql_python  # the client: who does not use it need not have it
        except ImportError as error:
            hint = "pip install 'flowforge-assets[synapse]'"
            raise WarehouseDriverError("mssql-python is not installed", hint=hint) from error
        connection = mssql_python.connect(connection_text(self._settings()), autocommit=True)
        cursor = connection.cursor()
        for statement in self._session:
            cursor.execute(statement)
        cursor.close()
        return connection


def connection_text(said: Mapping[str, object]) -> str:
    """The connection string; a value that could end its part of it stands in braces."""
    how = str(said.get("authentication", "password"))
    parts = {
        "Server": f"tcp:{said['server']},{_PORT}",
        "Database": said["database"],
        "Encrypt": "yes",
        "UID": said.get("user"),
        "PWD": said.get("password"),
    }
    if how != "password":
        parts["Authentication"] = _AUTHENTICATION[how]
    given = {name: str(value) for name, value in parts.items() if value is not None}
    return "".join(f"{name}={{{value.replace('}', '}}')}}};" for name, value in given.items())


def copy_statement(table: TableName, columns: Sequence[str], files: StagedFiles) -> str:
    """COPY INTO by the credentials that the files were written with, or by the pool's identity."""
    known = files.credentials
    if "sas_token" in known:
        by = "Shared Access Signature", known["sas_token"].lstrip("?")
    elif "account_key" in known:
        by = "Storage Account Key", known["account_key"]
    elif "client_secret" in known:
        issuer = f"https://login.microsoftonline.com/{known['tenant_id']}/oauth2/token"
        by = f"{known['client_id']}@{issuer}", known["client_secret"]
    else:
        by = "Managed Identity", ""
    secret = f", SECRET = {_text(by[1])}" if by[1] else ""
    placed = ", ".join(f"{_quoted(name)} {at}" for at, name in enumerate(columns, 1))
    return (
        f"COPY INTO {_path(table)} ({placed})\nFROM {', '.join(map(_text, files.urls))}\n"
        f"WITH (FILE_TYPE = 'PARQUET', CREDENTIAL = (IDENTITY = {_text(by[0])}{secret}))"
    )


@contextmanager
def _translated(place: str) -> Generator[None]:
    """What the driver raises, as an error of ours by its words: it tells no number."""
    try:
        import mssql_python  # see `_connect`
    except ImportError:
        yield
        return
    try:
        yield
    except mssql_python.Error as error:
        text = str(error).lower()
        found = ((k, said) for k, words, said in _WORDS if any(word in text for word in words))
        kind, said = next(found, (WarehouseStatementError, "it refused a statement"))
        hint = "sys.dm_pdw_exec_requests has the whole of it, under the label of the step"
        raise kind(told_where(kind, f"the warehouse: {said}", place), hint=hint) from error


def _in_transaction(
    cursor: Any,  # noqa: ANN401 - see `Synapse`
    table: TableName,
    statements: Sequence[str],
    tag: Tag,
    expected: str | None,
) -> JobStats:
    """Runs them as one act, while nobody else changes what is said of the table."""
    stats = JobStats()
    try:
        cursor.execute("BEGIN TRANSACTION")
        if expected is not None:
            kept = _path(table.beside("flowforge_state"))
            number = f"OBJECT_ID({_text(_path(table))})"
            cursor.execute(f"UPDATE {kept} SET [state] = [state] WHERE [object_id] = {number}")  # noqa: S608 - quoted
        refuse_moved(table, _facts(cursor, table), expected=expected)
        for statement in statements:
            stats += _run(cursor, statement, tag)
        cursor.execute("COMMIT TRANSACTION")
    except BaseException:
        cursor.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
        raise
    return stats


def _run(cursor: Any, statement: str, tag: Tag) -> JobStats:  # noqa: ANN401 - see `Synapse`
    start = time.perf_counter()
    cursor.execute(_labelled(statement, tag))
    rows = cursor.rowcount if _first(statement) in _IN_TRANSACTION else None
    return JobStats(rows=rows, elapsed_ms=round((time.perf_counter() - start) * 1000))


def _labelled(statement: str, tag: Tag) -> str:
    """The statement with the tag as its label, where it can have one."""
    if _first(statement) not in _LABELLED:
        return statement
    label = tag.text.replace("'", "''")[:255]
    return f"{statement.rstrip().rstrip(';')}\nOPTION (LABEL = N'{label}')"


def _first(statement: str) -> str:
    return statement.lstrip().split(None, 1)[0].upper()


def _facts(cursor: Any, table: TableName) -> TableFacts | None:  # noqa: ANN401 - see `Synapse`
    cursor.execute(_FIND, (table.schema[-1], table.table))
    found = cursor.fetchone()
    if found is None:
        return None
    number, kind = found[0], str(found[1]).strip()
    cursor.execute(_COLUMNS, (number,))
    pairs = tuple(
        (str(name), f"{type_}({digits},{scale})" if type_ in {"decimal", "numeric"} else str(type_))
        for name, type_, digits, scale in cursor.fetchall()
    )
    kept = table.beside("flowforge_state")
    cursor.execute(_FIND, (kept.schema[-1], kept.table))
    state = None
    if cursor.fetchone() is not None:
        query = f"SELECT [state] FROM {_path(kept)} WHERE [object_id] = ?"  # noqa: S608 - quoted
        cursor.execute(query, (number,))
        state = cursor.fetchone()
    return TableFacts(pairs, "" if state is None else str(state[0]), is_view=kind == "V")


def _path(table: TableName) -> str:
    return ".".join(_quoted(part) for part in table.parts)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"
