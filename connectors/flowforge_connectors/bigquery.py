"""BigQuery as a warehouse, by google-cloud-bigquery.

A statement is a job with labels and a deadline. DDL commits by itself: a publish looks at the
table's description first and ends in the one statement that puts a copy, with its description, into
the place of the old; no two can submit it upon the same state. Rows go in by load jobs of Parquet
and come back as Arrow. Read for it: the client's reference (Client, QueryJobConfig, LoadJobConfig),
"Introduction to labels", "Jobs: insert" (ids of jobs), "Error messages", 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from importlib import import_module
from io import BytesIO
from itertools import count
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
from flowforge_assets.sdk.sessions import Sessions
from flowforge_assets.sdk.warehouse import (
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

_LONGEST_DESCRIPTION: Final = 16_384
_UNSEEN_SECONDS: Final = 20.0
_BATCHES_A_JOB: Final = 8
_CONNECT_SECONDS: Final = 60.0
_NO_LABEL: Final = re.compile(r"[^a-z0-9_-]")
_QUOTA: Final = frozenset(
    {"quotaExceeded", "rateLimitExceeded", "billingTierLimitExceeded", "bytesBilledLimitExceeded"}
)


@dataclass(frozen=True, slots=True)
class BigQueryConnector:
    """BigQuery, by project and location."""

    kind: str = "bigquery"
    target: str = "bigquery"
    options: Sequence[Option] = (
        Option("project", needed=True, example="my-project"),
        Option("location", example="EU"),
        Option("service_account", "secret"),
        Option("ambient", "flag", example="true"),
        Option("anonymous", "flag", example="true"),
        Option("endpoint", example="http://127.0.0.1:9050"),
        Option("maximum_bytes_billed", "whole", example="1000000000000"),
        Option("timeout_seconds", "whole", example="600"),
    )
    stages: Sequence[str] = ()

    def misfits(self, given: Mapping[str, object]) -> Iterator[str]:
        """One kind of credentials is needed."""
        found = [n for n in ("service_account", "ambient", "anonymous") if given.get(n)]
        if len(found) != 1:
            yield (
                "say how to log in, once: `service_account` by reference, or `ambient = true`"
                " where this machine has an identity of its own"
            )

    def connect(self, settings: Settings, *, session: Sequence[str] = ()) -> BigQuery:  # noqa: ARG002 - it has no sessions
        """The project that `settings` name."""
        return BigQuery(settings)


CONNECTOR: Final = BigQueryConnector()


class BigQuery:
    """One project; see `Warehouse`. What the client gives has no types: Any stands for it."""

    target = "bigquery"
    longest_comment: int | None = _LONGEST_DESCRIPTION

    def __init__(self, settings: Settings) -> None:
        """Of a project that nobody has spoken to yet."""
        self._settings = settings
        self._sessions: Sessions[Any] = Sessions(self._connect, lambda client: client.close())

    @property
    def uri(self) -> str:
        """`bigquery://my-project`."""
        return f"{self.target}://{self._settings()['project']}"

    @property
    def _place(self) -> str:
        endpoint = str(self._settings().get("endpoint", "https://bigquery.googleapis.com"))
        scheme, _, host = endpoint.partition("://")
        host = host.partition("/")[0].rpartition("@")[2]
        return host if ":" in host else f"{host}:{443 if scheme == 'https' else 80}"

    def execute(self, statement: str, tag: Tag) -> JobStats:
        """Runs one statement, which commits by itself."""
        with self._speaking() as client:
            return stats_of(self._ran(client, statement, tag))

    def publish(
        self, table: TableName, statements: Sequence[str], tag: Tag, *, expected: str | None
    ) -> JobStats:
        """Runs them one by one; the last shows the rows, in a job that only one can submit.

        Its id is made of what the table is expected to be. Ids of jobs are unique for good: of two
        who publish upon the same state the second is told that the job is there, alive or not.
        """
        with self._speaking() as client:
            refuse_moved(table, _facts(client, table), expected=expected)
            stats = JobStats()
            for statement in statements[:-1]:
                stats += stats_of(self._ran(client, statement, tag))
            for number in count():
                job_id = publish_id(client.project, table, expected, number)
                try:
                    return stats + stats_of(self._ran(client, statements[-1], tag, job_id=job_id))
                except _exceptions().Conflict as error:
                    if not _is_of_job(error):
                        raise
                    other = self._other(client, job_id, tag)
                    facts = _facts(client, table)
                    found = "" if facts is None else facts.comment
                    if found and found != expected and found in statements[-1]:
                        return stats + stats_of(other)  # it was mine, and its answer was lost
                    refuse_moved(table, facts, expected=expected)
            raise AssertionError

    def _other(self, client: Any, job_id: str, tag: Tag) -> Any:  # noqa: ANN401 - see the class
        """The job of that id when it has ended, well or not."""
        seconds = tag.seconds_within(self._settings().get("timeout_seconds"))
        retry = import_module("google.api_core.retry")
        # an id may be taken for a moment before the job can be asked for
        is_not_yet = retry.if_exception_type(_exceptions().NotFound)
        patient = retry.Retry(is_not_yet, initial=0.1, maximum=1.0, timeout=_UNSEEN_SECONDS)
        job = patient(client.get_job)(job_id, location=self._settings().get("location"))
        try:
            with suppress(_exceptions().GoogleAPICallError):
                job.result(timeout=seconds)
        except TimeoutError as error:
            hint = "run again when the other publish has ended"
            message = "another publish takes longer than it may"
            raise WarehouseSlowError(message, hint=hint) from error
        return job

    def load(
        self, table: TableName, schema: pa.Schema, batches: Iterable[pa.RecordBatch], tag: Tag
    ) -> JobStats:
        """By load jobs of a few batches each, one after another."""
        bigquery = _library()
        stats = JobStats(rows=0)
        with self._speaking() as client:
            for file, rows in _files(batches, schema):
                config = bigquery.LoadJobConfig(
                    source_format="PARQUET",
                    write_disposition="WRITE_APPEND",
                    create_disposition="CREATE_NEVER",
                    labels=labels(tag),
                )
                target = f"{client.project}.{table}"
                job = client.load_table_from_file(file, target, job_config=config)
                self._waited(job, tag)
                stats += JobStats(job.job_id, rows, elapsed_ms=_elapsed(job))
        return stats

    def read(self, query: str, schema: pa.Schema, tag: Tag) -> Iterator[pa.RecordBatch]:
        """By pages of the result, as Arrow."""
        with self._speaking() as client:
            rows = self._result(client, query, tag)
            for batch in rows.to_arrow_iterable():
                yield from _as_table(batch).cast(schema).to_batches()

    def number(self, query: str, tag: Tag) -> int:
        """The one whole number that the query gives."""
        with self._speaking() as client:
            row = next(iter(self._result(client, query, tag)), None)
            return int(row[0]) if row is not None and row[0] is not None else 0

    def look(self, table: TableName) -> TableFacts | None:
        """The table or view as it is now."""
        with self._speaking() as client:
            return _facts(client, table)

    def tables(self, schema: str) -> Sequence[str]:
        """The names of the tables and views in a dataset of BigQuery's."""
        with self._speaking() as client:
            try:
                found = list(client.list_tables(f"{client.project}.{schema}"))
            except _exceptions().NotFound:
                return []
            names = (str(each.table_id) for each in found)
            return sorted(name for name in names if name != STATE_TABLE)

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        self._sessions.close()

    def _ran(self, client: Any, statement: str, tag: Tag, *, job_id: str | None = None) -> Any:  # noqa: ANN401 - see the class
        said = self._settings()
        config = _library().QueryJobConfig(labels=labels(tag), use_legacy_sql=False)
        if "maximum_bytes_billed" in said:
            config.maximum_bytes_billed = said["maximum_bytes_billed"]
        named: dict[str, Any] = {}  # what the client takes has many types
        if job_id is not None:
            named = {"job_id": job_id, "job_retry": None}
        job = client.query(statement, job_config=config, **named)
        self._waited(job, tag)
        return job

    def _result(self, client: Any, query: str, tag: Tag) -> Any:  # noqa: ANN401 - see the class
        return self._ran(client, query, tag).result()

    def _waited(self, job: Any, tag: Tag) -> None:  # noqa: ANN401 - see the class
        """Waits for the job's end; at the deadline it is cancelled."""
        seconds = tag.seconds_within(self._settings().get("timeout_seconds"))
        try:
            job.result(timeout=None if seconds is None else float(seconds))
        except TimeoutError as error:
            job.cancel()
            hint = "raise the asset's `timeout`, or `timeout_seconds` of the warehouse"
            raise WarehouseSlowError("a statement took longer than it may", hint=hint) from error

    @contextmanager
    def _speaking(self) -> Generator[Any]:
        """A client, whose library may be missing; what it raises comes out as ours."""
        with _translated(self._place), self._sessions.one() as client:
            yield client

    def _connect(self) -> Any:  # noqa: ANN401 - see the class
        bigquery, said = _library(), self._settings()
        options: dict[str, Any] = {}
        if "endpoint" in said:
            options["client_options"] = {"api_endpoint": said["endpoint"]}
        if said.get("anonymous"):
            options["credentials"] = import_module("google.auth.credentials").AnonymousCredentials()
        elif "service_account" in said:
            accounts = import_module("google.oauth2.service_account")
            content = import_module("json").loads(str(said["service_account"]))
            options["credentials"] = accounts.Credentials.from_service_account_info(content)
        return bigquery.Client(said["project"], location=said.get("location"), **options)


def publish_id(project: str, table: TableName, expected: str | None, number: int) -> str:
    """The id of the job that publishes upon that state; `number` counts those that failed."""
    upon = json.dumps([project, table.parts, expected])
    return f"flowforge_publish_{_digest(upon)}_{number}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _is_of_job(error: Exception) -> bool:
    """Whether it says that the job is there already, and not a table that its statement makes."""
    return "Already Exists: Job " in str(error)


def labels(tag: Tag) -> dict[str, str]:
    """The tag as labels: of small letters, digits, `-` and `_`, at most 63."""
    said = {"app": "flowforge", "run": tag.run_id, "asset": tag.asset, "step": tag.step_id}
    return {name: _NO_LABEL.sub("_", text.lower())[-63:] for name, text in said.items() if text}


def _library() -> Any:  # noqa: ANN401 - it may be missing
    try:
        return import_module("google.cloud.bigquery")
    except ImportError as error:
        hint = "pip install 'flowforge-assets[bigquery]'"
        raise WarehouseDriverError("the client is not installed", hint=hint) from error


def _exceptions() -> Any:  # noqa: ANN401 - it may be missing
    _library()
    return import_module("google.api_core.exceptions")


def _facts(client: Any, table: TableName) -> TableFacts | None:  # noqa: ANN401 - see `BigQuery`
    try:
        found = client.get_table(f"{client.project}.{table}")
    except _exceptions().NotFound:
        return None
    pairs = tuple((str(field.name), str(field.field_type)) for field in found.schema)
    return TableFacts(pairs, found.description or "", is_view=found.table_type == "VIEW")


def stats_of(job: Any) -> JobStats:  # noqa: ANN401 - see `BigQuery`
    """What a job has cost, as far as it says."""
    return JobStats(
        job_id=job.job_id,
        rows=job.num_dml_affected_rows,
        bytes=job.total_bytes_billed,
        slot_ms=job.slot_millis,
        elapsed_ms=_elapsed(job),
    )


def _elapsed(job: Any) -> int | None:  # noqa: ANN401 - see `BigQuery`
    if job.started is None or job.ended is None:
        return None
    seconds: float = (job.ended - job.started).total_seconds()
    return round(seconds * 1000)


def _as_table(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa  # pyarrow: only where rows go

    return pa.Table.from_batches([batch])


def _files(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[tuple[BytesIO, int]]:
    """Parquet of a few batches each, and how many rows it has."""
    import pyarrow as pa  # as above
    from pyarrow import parquet

    held: list[pa.RecordBatch] = []

    def written() -> tuple[BytesIO, int]:
        rows, file = pa.Table.from_batches(held, schema), BytesIO()
        cast("Any", parquet).write_table(rows, file, coerce_timestamps="us")
        file.seek(0)
        return file, rows.num_rows

    for batch in batches:
        held.append(batch)
        if len(held) == _BATCHES_A_JOB:
            yield written()
            held = []
    if held:
        yield written()


@contextmanager
def _translated(place: str) -> Generator[None]:
    """What the client raises, as an error of ours by its class and reason."""
    try:
        yield
    except StorageError:
        raise
    except Exception as error:
        found = _told(error)
        if found is None:
            raise
        said = told_where(type(found), found.message, place)
        raise type(found)(said, hint=found.hint) from error


def _told(error: Exception) -> StorageError | None:
    """The error of ours; None of what the client does not raise."""
    module = type(error).__module__
    if module.startswith(("google.auth", "google.oauth2")):
        hint = "see what `service_account` refers to, or this machine's own identity"
        return WarehouseLoginError("the warehouse does not let this user in", hint=hint)
    if module.startswith(("requests", "urllib3")) or isinstance(error, ConnectionError):
        hint = "see the network and `endpoint`, then run again"
        return WarehouseDownError("the warehouse does not answer", hint=hint)
    if not module.startswith("google.api_core"):
        return None
    number = int(getattr(error, "code", 0) or 0)
    said: Any = getattr(error, "errors", None) or [{}]
    reason = str(said[0].get("reason", "")) if isinstance(said[0], dict) else ""
    if reason in _QUOTA:
        words, hint = "the quota is used up", "raise it, or wait until it is renewed"
        return WarehouseQuotaError(f"{words} ({reason})", hint=hint)
    if number == HTTPStatus.UNAUTHORIZED:
        hint = "renew the token or the key"
        return WarehouseLoginError("the warehouse does not let this user in", hint=hint)
    if number == HTTPStatus.FORBIDDEN:
        hint = "grant the role: docs/guide/warehouses.md lists what is needed"
        return WarehouseRightsError(f"the user may not do it ({reason or number})", hint=hint)
    if not number or number >= HTTPStatus.INTERNAL_SERVER_ERROR:
        hint = "try again when it is up"
        return WarehouseDownError(f"the warehouse does not answer ({reason or number})", hint=hint)
    message = f"a statement was refused ({reason or number})"
    hint = "the job's history has the whole of it, under the labels of the step"
    return WarehouseStatementError(message, hint=hint)
