"""Redshift as a warehouse, by redshift_connector. DDL is transactional: a publish is one act.

Rows go in by INSERTs of many rows, which suits seeds and small tables: large ones are loaded from
where they lie, in S3. Read for it: the Amazon Redshift Database Developer Guide (multi-row
inserts, LOCK, query_group, statement_timeout, COMMENT) and the driver's reference, 2026-11.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
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
from flowforge_assets.sdk.fetched_rows import fetched_batches, fetched_names, fetched_number
from flowforge_assets.sdk.postgres_family import FIND_COLUMNS, FIND_TABLE, path, quoted
from flowforge_assets.sdk.sessions import Sessions
from flowforge_assets.sdk.warehouse import (
    NOBODY,
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

_KEYS: Final = ("access_key_id", "secret_access_key", "session_token")
_ROWS_A_STATEMENT: Final = 1000
_MOST_PARAMETERS: Final = 30_000
_STATES: Final[Mapping[str, type[StorageError]]] = {
    "08": WarehouseDownError,
    "28": WarehouseLoginError,
    "53": WarehouseQuotaError,
    "57014": WarehouseSlowError,
    "57P": WarehouseDownError,
    "42501": WarehouseRightsError,
}


@dataclass(frozen=True, slots=True)
class RedshiftConnector:
    """Redshift, by host and user, or by cluster and IAM."""

    kind: str = "redshift"
    target: str = "redshift"
    options: Sequence[Option] = (
        Option("host", example="my-cluster.abc.eu-central-1.redshift.amazonaws.com"),
        Option("port", "whole", example="5439"),
        Option("database", needed=True, example="analytics"),
        Option("user", needed=True, example="flowforge"),
        Option("password", "secret"),
        Option("iam", "flag", example="true"),
        Option("cluster_identifier", example="my-cluster"),
        Option("region", example="eu-central-1"),
        Option("ssl", "flag", example="true"),
        Option("iam_role", example="arn:aws:iam::123456789012:role/flowforge-load"),
        Option("timeout_seconds", "whole", example="600"),
    )
    stages: Sequence[str] = ("s3",)

    def misfits(self, given: Mapping[str, object]) -> Iterator[str]:
        """A password with a host, or IAM with a cluster."""
        if given.get("iam"):
            if "password" in given:
                yield "`iam = true` takes no `password`"
            if "cluster_identifier" not in given:
                yield "`iam = true` needs `cluster_identifier` and `region`"
        elif not {"host", "password"} <= set(given):
            yield "give `host` and `password`, or `iam = true` with `cluster_identifier`"

    def connect(self, settings: Settings, *, session: Sequence[str] = ()) -> Redshift:
        """The database that `settings` name."""
        return Redshift(settings, session)


CONNECTOR: Final = RedshiftConnector()


class Redshift:
    """One database; see `Warehouse`. What the driver gives has no types: Any stands for it."""

    target = "redshift"
    longest_comment: int | None = None

    def __init__(self, settings: Settings, session: Sequence[str] = ()) -> None:
        """Of a cluster that nobody has spoken to yet."""
        self._settings = settings
        self._session = session
        self._sessions: Sessions[Any] = Sessions(self._connect, lambda c: c.close())

    @property
    def uri(self) -> str:
        """`redshift://my-cluster/analytics`."""
        said = self._settings()
        where = said.get("host") or said.get("cluster_identifier")
        return f"{self.target}://{where}/{said['database']}"

    @property
    def _place(self) -> str:
        said = self._settings()
        where = said.get("host") or said.get("cluster_identifier")
        return f"{where}:{said.get('port', 5439)}"

    def execute(self, statement: str, tag: Tag) -> JobStats:
        """Runs one statement in a transaction of its own."""
        with self._speaking(tag) as cursor:
            return _run(cursor, statement)

    def publish(
        self, table: TableName, statements: Sequence[str], tag: Tag, *, expected: str | None
    ) -> JobStats:
        """Runs them in one transaction; a table that is there is locked before it is looked at."""
        with self._speaking(tag) as cursor:
            stats = JobStats()
            cursor.execute("BEGIN")
            try:
                if expected is not None:
                    cursor.execute(f"LOCK TABLE {path(table)}")
                facts = _facts(cursor, table)
                refuse_moved(table, facts, expected=expected)
                for statement in statements:
                    stats += _run(cursor, statement)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
            return stats

    def load(
        self, table: TableName, schema: pa.Schema, batches: Iterable[pa.RecordBatch], tag: Tag
    ) -> JobStats:
        """By INSERTs of many rows with bound values."""
        start, count = time.perf_counter(), 0
        names = ", ".join(quoted(name) for name in schema.names)
        at_once = min(_ROWS_A_STATEMENT, _MOST_PARAMETERS // max(1, len(schema.names)))
        one = f"({', '.join(['%s'] * len(schema.names))})"
        with self._speaking(tag) as cursor:
            rows = (tuple(row.values()) for batch in batches for row in batch.to_pylist())
            while some := list(islice(rows, at_once)):
                places = ", ".join([one] * len(some))
                statement = f"INSERT INTO {path(table)} ({names}) VALUES {places}"  # noqa: S608 - quoted
                cursor.execute(statement, [value for row in some for value in row])
                count += len(some)
        return JobStats(rows=count, elapsed_ms=round((time.perf_counter() - start) * 1000))

    def copy(self, table: TableName, schema: pa.Schema, files: StagedFiles, tag: Tag) -> JobStats:  # noqa: ARG002 - columns go by their order
        """By COPY of the files that the manifest names."""
        if not files.urls:
            return JobStats(rows=0)
        role = self._settings().get("iam_role")
        statement = copy_statement(table, files, None if role is None else str(role))
        with self._speaking(tag) as cursor:
            return replace(_run(cursor, statement), rows=files.rows)

    def read(self, query: str, schema: pa.Schema, tag: Tag) -> Iterator[pa.RecordBatch]:
        """By fetches of some thousand rows each."""
        with self._speaking(tag) as cursor:
            cursor.execute(query)
            yield from fetched_batches(cursor, schema)

    def number(self, query: str, tag: Tag) -> int:
        """The one whole number that the query gives."""
        with self._speaking(tag) as cursor:
            cursor.execute(query)
            return fetched_number(cursor)

    def look(self, table: TableName) -> TableFacts | None:
        """The table or view as it is now."""
        with self._speaking(NOBODY) as cursor:
            return _facts(cursor, table)

    def tables(self, schema: str) -> Sequence[str]:
        """The names of the tables and views in a schema."""
        query = (
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = %s ORDER BY table_name"
        )
        with self._speaking(NOBODY) as cursor:
            cursor.execute(query, (schema,))
            return fetched_names(cursor)

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._sessions.close()

    @contextmanager
    def _speaking(self, tag: Tag) -> Generator[Any]:
        """A cursor with the step's deadline and group; what the driver raises comes out as ours."""
        with _translated(self._place), self._sessions.one() as connection:
            seconds = tag.seconds_within(self._settings().get("timeout_seconds"))
            ms = 0 if seconds is None else max(1, round(float(seconds) * 1000))
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout TO {ms}")
                group = tag.text.replace("'", "''")[:320]
                cursor.execute(f"SET query_group TO '{group}'")
                yield cursor

    def _connect(self) -> Any:  # noqa: ANN401 - the driver may be missing
        try:
            import redshift_connector  # the client: who does not use it need not have it
        except ImportError as error:
            hint = "pip install 'flowforge-assets[redshift]'"
            raise WarehouseDriverError("redshift_connector is not installed", hint=hint) from error
        said: dict[str, Any] = dict(self._settings())  # what the driver takes has many types
        for ours in ("timeout_seconds", "iam_role"):
            said.pop(ours, None)
        if said.get("iam"):
            said["db_user"] = said.pop("user")
        connection = redshift_connector.connect(**said)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in self._session:
                cursor.execute(statement)
        return connection


def copy_statement(table: TableName, files: StagedFiles, role: str | None) -> str:
    """COPY by the role, or by the credentials that the files were written with."""
    if role is not None:
        by = "IAM_ROLE default" if role == "default" else f"IAM_ROLE {_text(role)}"
    else:
        named = [name for name in _KEYS if name in files.credentials]
        by = "\n".join(f"{name.upper()} {_text(files.credentials[name])}" for name in named)
    source = f"COPY {path(table)} FROM {_text(files.manifest)}"
    return f"{source}\n{by}\nFORMAT AS PARQUET MANIFEST"


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@contextmanager
def _translated(place: str) -> Generator[None]:
    """What the driver raises, as an error of ours by its SQLSTATE."""
    try:
        import redshift_connector  # see `_connect`
    except ImportError:
        yield
        return
    try:
        yield
    except (redshift_connector.Error, OSError) as error:
        kind, said = told(error)
        hint = "the cluster's log has the whole of it, under the query group of the step"
        raise kind(told_where(kind, said, place), hint=hint) from error


def told(error: Exception) -> tuple[type[StorageError], str]:
    """The kind of error, and what it says without the values of rows."""
    given = error.args[0] if error.args else ""
    if not isinstance(given, dict):
        return WarehouseDownError, "the warehouse does not answer, or the connection was lost"
    said = cast("Mapping[object, object]", given)
    parts = {str(name): str(text) for name, text in said.items()}
    state, words = parts.get("C", ""), parts.get("M", "")
    kind = next((k for code, k in _STATES.items() if state.startswith(code)), None)
    if state[:2] in {"22", "23", ""} or "'" in words:  # their texts quote values
        words = "a value does not fit"
    return kind or WarehouseStatementError, f"{words[:1].lower()}{words[1:]} (SQLSTATE {state})"


def _run(cursor: Any, statement: str) -> JobStats:  # noqa: ANN401 - see `Redshift`
    start = time.perf_counter()
    cursor.execute(statement)
    rows = cursor.rowcount if cursor.rowcount is not None and cursor.rowcount >= 0 else None
    return JobStats(rows=rows, elapsed_ms=round((time.perf_counter() - start) * 1000))


def _facts(cursor: Any, table: TableName) -> TableFacts | None:  # noqa: ANN401 - see `Redshift`
    cursor.execute(FIND_TABLE, (table.schema[-1], table.table))
    found = cursor.fetchone()
    if found is None:
        return None
    cursor.execute(FIND_COLUMNS, (found[0],))
    pairs = tuple((str(name), str(kind)) for name, kind in cursor.fetchall())
    kind = found[1].decode() if isinstance(found[1], bytes) else str(found[1])
    return TableFacts(pairs, found[2] or "", is_view=kind in {"v", "m"})
