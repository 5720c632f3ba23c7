"""Snowflake as a warehouse, by its own connector for Python.

DDL commits by itself there: a publish looks at the comment first and ends in the one statement
that puts a whole table, with its comment, into the place of the old. Rows go in as Parquet through
a temporary stage and come back as Arrow. Read for it: Snowflake's documentation (Python connector
API, PUT, COPY INTO <table>, MATCH_BY_COLUMN_NAME, QUERY_TAG, error codes), 2026-11.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

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
from flowforge_assets.sdk.fetched_rows import fetched_names, fetched_number
from flowforge_assets.sdk.parquet_files import parquet_files
from flowforge_assets.sdk.sessions import Sessions
from flowforge_assets.sdk.warehouse import (
    NOBODY,
    STATE_TABLE,
    JobStats,
    Option,
    Settings,
    TableFacts,
    Tag,
    refuse_moved,
    told_where,
)

if TYPE_CHECKING:
    import pyarrow as pa

_CREDENTIALS: Final = ("password", "private_key", "private_key_file", "token", "authenticator")
_CONNECT_SECONDS: Final = 60
_LONGEST_COMMENT: Final = 100_000  # a statement may have a million characters
_KINDS: Final[Mapping[int, type[StorageError]]] = {
    250001: WarehouseLoginError,  # as it comes with a refused login; see `_told`
    390100: WarehouseLoginError,  # wrong user or password
    390114: WarehouseLoginError,  # the token has expired
    390144: WarehouseLoginError,  # the key pair's token is not accepted
    390318: WarehouseLoginError,  # the OAuth token has expired
    250003: WarehouseDownError,
    251001: WarehouseDownError,
    251012: WarehouseDownError,
    604: WarehouseSlowError,  # canceled, by the deadline that we set
    630: WarehouseSlowError,  # STATEMENT_TIMEOUT_IN_SECONDS
    90073: WarehouseQuotaError,  # the resource monitor's quota is used up
    3001: WarehouseRightsError,
}
_WORDS: Final[Mapping[type[StorageError], tuple[str, str]]] = {
    WarehouseDownError: (
        "the warehouse does not answer, or the connection was lost",
        "see `account` and the network, then run again",
    ),
    WarehouseLoginError: (
        "the warehouse does not let this user in",
        "see `user`, and that what it logs in with is valid still",
    ),
    WarehouseSlowError: (
        "a statement took longer than it may",
        "raise the asset's `timeout`, or `timeout_seconds` of the warehouse",
    ),
    WarehouseQuotaError: (
        "the quota of a resource monitor is used up",
        "raise the quota, or wait until it is renewed",
    ),
}


@dataclass(frozen=True, slots=True)
class SnowflakeConnector:
    """Snowflake, by account, database and user."""

    kind: str = "snowflake"
    target: str = "snowflake"
    options: Sequence[Option] = (
        Option("account", needed=True, example="myorg-myaccount"),
        Option("user", needed=True, example="FLOWFORGE"),
        Option("database", needed=True, example="ANALYTICS"),
        Option("warehouse", example="TRANSFORM_WH"),
        Option("role", example="FLOWFORGE_ROLE"),
        Option("password", "secret"),
        Option("private_key", "secret"),
        Option("private_key_file", example="keys/flowforge.p8"),
        Option("private_key_passphrase", "secret"),
        Option("token", "secret"),
        Option("authenticator", example="oauth"),
        Option("host"),
        Option("port", "whole"),
        Option("protocol"),
        Option("timeout_seconds", "whole", example="600"),
    )
    stages: Sequence[str] = ()

    def misfits(self, given: Mapping[str, object]) -> Iterator[str]:
        """One kind of credentials is needed; OAuth has a token and an authenticator."""
        found = [name for name in _CREDENTIALS if name in given]
        if not found:
            yield "nothing says how to log in: give `private_key`, `token` or `password`"
        if len(found) > 1 and set(found) != {"token", "authenticator"}:
            yield f"several ways to log in: keep one of {', '.join(f'`{n}`' for n in found)}"

    def connect(self, settings: Settings, *, session: Sequence[str] = ()) -> Snowflake:
        """The database that `settings` name."""
        return Snowflake(settings, session)


CONNECTOR: Final = SnowflakeConnector()


class Snowflake:
    """One database; see `Warehouse`."""

    target = "snowflake"
    longest_comment: int | None = _LONGEST_COMMENT

    def __init__(self, settings: Settings, session: Sequence[str] = ()) -> None:
        """Of an account that nobody has spoken to yet."""
        self._settings = settings
        self._session = session
        self._sessions: Sessions[Any] = Sessions(self._connect, lambda c: c.close())

    @property
    def uri(self) -> str:
        """`snowflake://myorg-myaccount/ANALYTICS`."""
        said = self._settings()
        return f"{self.target}://{said['account']}/{said['database']}"

    @property
    def _place(self) -> str:
        said = self._settings()
        host = said.get("host") or f"{said['account']}.snowflakecomputing.com"
        return f"{host}:{said.get('port', 443)}"

    def execute(self, statement: str, tag: Tag) -> JobStats:
        """Runs one statement, which commits by itself."""
        with self._speaking() as connection:
            return self._run(connection, statement, tag)

    def publish(
        self, table: TableName, statements: Sequence[str], tag: Tag, *, expected: str | None
    ) -> JobStats:
        """Runs them one by one; the last, which shows the rows, is a single act.

        The comment is looked at before the first and right before the last. Within that one round
        trip another could publish: DDL ends the transaction that a lock would be held in. Runs of
        one environment take turns, so that only a run by another ledger could.
        """
        with self._speaking() as connection:
            refuse_moved(table, self._facts(connection, table), expected=expected)
            stats = JobStats()
            for statement in statements[:-1]:
                stats += self._run(connection, statement, tag)
            facts = self._facts(connection, table) if len(statements) > 1 else None
            if facts is not None and facts.comment:
                refuse_moved(table, facts, expected=expected)
            return stats + self._run(connection, statements[-1], tag)

    def load(
        self, table: TableName, schema: pa.Schema, batches: Iterable[pa.RecordBatch], tag: Tag
    ) -> JobStats:
        """By PUT of Parquet files, a few batches each, and one COPY INTO."""
        stage = f"@{_path(table.beside(f'{table.table}__{uuid4().hex[:8]}'))}"
        stats = JobStats(rows=0)
        with self._speaking() as connection, tempfile.TemporaryDirectory() as folder:
            stats += self._run(connection, f"CREATE TEMPORARY STAGE {stage[1:]}", tag, rows=False)
            rows = 0
            for file, height in parquet_files(batches, schema, Path(folder)):
                put = f"PUT 'file://{file}' {stage} AUTO_COMPRESS = FALSE PARALLEL = 1"
                stats += self._run(connection, put, tag, rows=False)
                rows += height
            if rows:
                copy = (
                    f"COPY INTO {_path(table)} FROM {stage}"
                    " FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE)"
                    " MATCH_BY_COLUMN_NAME = CASE_SENSITIVE PURGE = TRUE"
                )
                stats += self._run(connection, copy, tag, rows=False)
            return stats + JobStats(rows=rows)

    def read(self, query: str, schema: pa.Schema, tag: Tag) -> Iterator[pa.RecordBatch]:
        """By the result's Arrow chunks, one after another."""
        with self._speaking() as connection, connection.cursor() as cursor:
            self._send(cursor, query, tag)
            for chunk in cursor.fetch_arrow_batches():
                yield from chunk.cast(schema).to_batches()

    def number(self, query: str, tag: Tag) -> int:
        """The one whole number that the query gives."""
        with self._speaking() as connection, connection.cursor() as cursor:
            self._send(cursor, query, tag)
            return fetched_number(cursor)

    def look(self, table: TableName) -> TableFacts | None:
        """The table or view as it is now."""
        with self._speaking() as connection:
            return self._facts(connection, table)

    def tables(self, schema: str) -> Sequence[str]:
        """The names of the tables and views in a schema."""
        query = (
            "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES"  # noqa: S608 - quoted
            f" WHERE TABLE_SCHEMA = {_text(schema)} ORDER BY 1"
        )
        with self._speaking() as connection, connection.cursor() as cursor:
            self._send(cursor, query, NOBODY)
            return [name for name in fetched_names(cursor) if name != STATE_TABLE]

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._sessions.close()

    def _facts(self, connection: Any, table: TableName) -> TableFacts | None:  # noqa: ANN401 - as below
        of_table = f"TABLE_SCHEMA = {_text(table.schema[-1])} AND TABLE_NAME = {_text(table.table)}"
        with connection.cursor() as cursor:
            found = "SELECT TABLE_TYPE, COMMENT FROM INFORMATION_SCHEMA.TABLES"
            self._send(cursor, f"{found} WHERE {of_table}", NOBODY)
            row = cursor.fetchone()
            if row is None:
                return None
            columns = (
                "SELECT COLUMN_NAME, DATA_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE"  # noqa: S608 - quoted
                f" FROM INFORMATION_SCHEMA.COLUMNS WHERE {of_table} ORDER BY ORDINAL_POSITION"
            )
            self._send(cursor, columns, NOBODY)
            pairs = tuple(
                (str(name), f"{kind}({digits},{scale})" if kind == "NUMBER" else str(kind))
                for name, kind, digits, scale in cursor.fetchall()
            )
        return TableFacts(pairs, row[1] or "", is_view="VIEW" in str(row[0]).upper())

    def _run(self, connection: Any, statement: str, tag: Tag, *, rows: bool = True) -> JobStats:  # noqa: ANN401 - as below
        start = time.perf_counter()
        with connection.cursor() as cursor:
            self._send(cursor, statement, tag)
            written = cursor.rowcount if rows and _writes(statement) else None
            elapsed = round((time.perf_counter() - start) * 1000)
            return JobStats(job_id=cursor.sfqid, rows=written, elapsed_ms=elapsed)

    def _send(self, cursor: Any, statement: str, tag: Tag) -> None:  # noqa: ANN401 - as below
        seconds = tag.seconds_within(self._settings().get("timeout_seconds"))
        timeout = None if seconds is None else max(1, round(float(seconds)))
        parameters = {"QUERY_TAG": tag.text}
        cursor.execute(statement, timeout=timeout, _statement_params=parameters)

    @contextmanager
    def _speaking(self) -> Generator[Any]:
        """A connection, whose driver may be missing; what it raises comes out as ours."""
        with _translated(self._place), self._sessions.one() as connection:
            yield connection

    def _connect(self) -> Any:  # noqa: ANN401 - the driver may be missing
        try:
            import snowflake.connector  # the client: who does not use it need not have it
        except ImportError as error:
            hint = "pip install 'flowforge-assets[snowflake]'"
            raise WarehouseDriverError("the client is not installed", hint=hint) from error
        logging.getLogger("snowflake.connector").setLevel(logging.WARNING)
        said: dict[str, Any] = dict(self._settings())  # what the client takes has many types
        said.pop("timeout_seconds", None)
        if "private_key" in said:
            said["private_key"] = _key_bytes(
                said["private_key"], said.pop("private_key_passphrase", None)
            )
        elif "private_key_passphrase" in said:
            said["private_key_file_pwd"] = said.pop("private_key_passphrase")
        connection = snowflake.connector.connect(
            **said,
            application="FlowForge",
            login_timeout=_CONNECT_SECONDS,
            network_timeout=_CONNECT_SECONDS,
            session_parameters={"TIMEZONE": "UTC", "CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False},
        )
        for statement in self._session:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        return connection


def _key_bytes(pem: str, passphrase: str | None) -> bytes:
    """The private key of a PEM text as the client takes it: DER, PKCS 8."""
    from cryptography.hazmat.primitives import serialization  # comes with the client

    secret = None if passphrase is None else passphrase.encode()
    key = serialization.load_pem_private_key(pem.encode(), password=secret)
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@contextmanager
def _translated(place: str) -> Generator[None]:
    """What the client raises, as an error of ours by its number."""
    try:
        from snowflake.connector.errors import Error  # see `_connect`
    except ImportError:
        yield
        return
    try:
        yield
    except Error as error:
        kind, said = _told(error)
        hint = _WORDS[kind][1] if kind in _WORDS else "the query's history has the whole of it"
        raise kind(told_where(kind, said, place), hint=hint) from error


def _told(error: Any) -> tuple[type[StorageError], str]:  # noqa: ANN401 - the driver may be missing
    """The kind of error, and what it says without the values of rows."""
    number = int(error.errno or 0)
    kind = _KINDS.get(number, WarehouseStatementError)
    text = str(getattr(error, "raw_msg", "") or error.msg or "").strip()
    is_login = any(word in text.lower() for word in ("password", "token", "jwt", "saml"))
    if number == 250001 and not is_login:  # noqa: PLR2004 - of connecting at all
        kind = WarehouseDownError
    if kind in _WORDS:
        return kind, f"{_WORDS[kind][0]} (error {number})"
    state = str(getattr(error, "sqlstate", "") or "")
    lines = [line.strip() for line in text.splitlines() if any(map(str.isalpha, line))]
    first = next((line for line in lines if line != "SQL compilation error:"), "it was refused")
    if state.startswith("22") or "'" in first:  # their texts quote values
        first = "a value does not fit its type, or a name is not known"
    return kind, f"{first[:1].lower()}{first[1:200]} (error {number})"


def _writes(statement: str) -> bool:
    """Whether the count that comes back is one of rows written."""
    first = statement.lstrip().split(None, 1)[0].upper()
    return first in {"INSERT", "UPDATE", "DELETE", "MERGE"}


def _path(table: TableName) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.parts)


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
