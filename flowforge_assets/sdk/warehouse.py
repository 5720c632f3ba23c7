"""The seam to a warehouse: run statements there, load rows, read rows, look at tables.

Whoever is above writes the statements in the warehouse's own SQL; a connector sends them, tags
them, and turns what its driver raises into errors of ours. It keeps no state that a kill could
lose: all that matters stands in the warehouse's tables and their comments.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, runtime_checkable

from flowforge_assets.core.table_name import TableName
from flowforge_assets.errors.storage import BaseMovedError, StorageError
from flowforge_assets.errors.warehouse import WarehouseDownError

if TYPE_CHECKING:
    import pyarrow as pa

OptionKind: TypeAlias = Literal["text", "whole", "flag", "secret"]
OptionValue: TypeAlias = str | int | bool
Settings: TypeAlias = Callable[[], Mapping[str, OptionValue]]
"""What gives the options of a connection, secrets looked up anew each time; shown nowhere."""


@dataclass(frozen=True, slots=True)
class Tag:
    """On whose behalf a statement runs, and how long it may take (None: as the connection says)."""

    run_id: str = ""
    asset: str = ""
    step_id: str = ""
    seconds: float | None = None

    @property
    def text(self) -> str:
        """One line of JSON: `{"app":"flowforge","run":...,"asset":...,"step":...}`."""
        said = {"run": self.run_id, "asset": self.asset, "step": self.step_id}
        return json.dumps(
            {"app": "flowforge", **{name: value for name, value in said.items() if value}},
            separators=(",", ":"),
        )

    def seconds_within(self, allowed: str | int | None) -> float | None:
        """How long its statement may take by the option `timeout_seconds`; None: no end."""
        if allowed is None:
            return self.seconds
        return min(self.seconds or float(allowed), float(allowed))

    def before(self, statement: str) -> str:
        """The statement behind a comment that holds the tag."""
        return f"/* {self.text.replace('*/', '* /')} */ {statement}"


@dataclass(frozen=True, slots=True)
class JobStats:
    """What statements have cost, as far as the warehouse says; None where it does not.

    `bytes` were read and billed, `slot_ms` are BigQuery's, `credits` Snowflake's. `rows` are
    those that the statement wrote. Several `job_id` are told by a blank.
    """

    job_id: str | None = None
    rows: int | None = None
    bytes: int | None = None
    slot_ms: int | None = None
    credits: float | None = None
    elapsed_ms: int | None = None

    def __add__(self, other: JobStats) -> JobStats:
        """Both together."""
        ids = " ".join(each for each in (self.job_id, other.job_id) if each)
        return JobStats(
            ids or None,
            _sum(self.rows, other.rows),
            _sum(self.bytes, other.bytes),
            _sum(self.slot_ms, other.slot_ms),
            None
            if self.credits is None and other.credits is None
            else (self.credits or 0.0) + (other.credits or 0.0),
            _sum(self.elapsed_ms, other.elapsed_ms),
        )

    def as_json(self) -> dict[str, object]:
        """What is known, by name."""
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in pairs if value is not None}


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table as it is: names and types of its columns as the warehouse spells them.

    `comment` is that of the table, empty where it has none.
    """

    columns: tuple[tuple[str, str], ...]
    comment: str = ""
    is_view: bool = False


STATE_TABLE: Final = "_flowforge"
"""Where a schema keeps the states of its tables that are too long for a comment."""

NOBODY: Final = Tag()
"""The tag of what no step asks for: reading a table, looking what is there."""


class Warehouse(Protocol):
    """One warehouse; safe for use from several threads, connected when it is first needed.

    Every method raises:
        WarehouseLoginError, WarehouseDownError, WarehouseSlowError, WarehouseQuotaError,
        WarehouseRightsError, WarehouseStatementError (FF-676 to FF-680, FF-685).
    """

    @property
    def target(self) -> str:
        """The target that SQL is emitted for: `postgres`."""
        ...

    @property
    def uri(self) -> str:
        """Kind and place, without user and secrets: `postgres://db.example/sales`."""
        ...

    @property
    def longest_comment(self) -> int | None:
        """How many characters the comment of a table takes; None for as many as one likes."""
        ...

    def execute(self, statement: str, tag: Tag) -> JobStats:
        """Runs one statement; it is committed when this returns."""
        ...

    def publish(
        self, table: TableName, statements: Sequence[str], tag: Tag, *, expected: str | None
    ) -> JobStats:
        """Runs the statements that make rows visible in `table`, as one act where that can be had.

        `expected` is the comment that the table must have before (None: there must be no table),
        so that of two who publish at once one is refused.

        Raises:
            BaseMovedError: its comment is another (FF-621).
        """
        ...

    def load(
        self,
        table: TableName,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        tag: Tag,
    ) -> JobStats:
        """Adds the rows of `batches`, one after another, to a table that is there and has `schema`.

        Takes the memory of a few batches, however many there are.
        """
        ...

    def read(self, query: str, schema: pa.Schema, tag: Tag) -> Iterator[pa.RecordBatch]:
        """The rows of a query as batches of `schema`, in the memory of a few of them."""
        ...

    def number(self, query: str, tag: Tag) -> int:
        """The one whole number that the query gives."""
        ...

    def look(self, table: TableName) -> TableFacts | None:
        """The table or view as it is now; None where there is none."""
        ...

    def tables(self, schema: str) -> Sequence[str]:
        """The names of the tables and views in a schema, sorted; none where it is not there.

        Without those that hold states of ours.
        """
        ...

    def close(self) -> None:
        """Ends its connections; it may be used again after."""
        ...


@dataclass(frozen=True, slots=True)
class StagedFiles:
    """Parquet files in a bucket, with columns in the order of the table that they are for.

    `manifest` is the URL of a file that lists them, as Redshift reads it. `credentials` are those
    by which they were written, by the names that a store's options have; none where this machine
    has an identity of its own. They are shown nowhere.
    """

    urls: tuple[str, ...]
    manifest: str
    rows: int
    credentials: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@runtime_checkable
class CopiesFiles(Protocol):
    """A warehouse that loads files from where they lie."""

    def copy(self, table: TableName, schema: pa.Schema, files: StagedFiles, tag: Tag) -> JobStats:
        """Adds the rows of the files to a table that is there and has `schema`.

        Raises:
            as every method of `Warehouse`; no error holds credentials.
        """
        ...


@dataclass(frozen=True, slots=True)
class Option:
    """One option of `[env.NAME.warehouse]`; a `secret` is given by reference alone."""

    name: str
    kind: OptionKind = "text"
    needed: bool = False
    example: str = "..."


class WarehouseConnector(Protocol):
    """What an entry point of the group `flowforge.connectors` names: a kind of warehouse."""

    @property
    def kind(self) -> str:
        """What the project file calls it: `snowflake`."""
        ...

    @property
    def target(self) -> str:
        """The target that SQL is emitted for."""
        ...

    @property
    def options(self) -> Sequence[Option]:
        """What it can be told."""
        ...

    @property
    def stages(self) -> Sequence[str]:
        """The schemes of the buckets from which it loads files; none where it loads no files."""
        ...

    def misfits(self, given: Mapping[str, object]) -> Iterator[str]:
        """What is wrong about the options as a whole, a sentence each; values may be references."""
        ...

    def connect(self, settings: Settings, *, session: Sequence[str] = ()) -> Warehouse:
        """The warehouse; nothing is opened yet, and no driver is imported.

        Each connection runs the statements `session` before all others.
        """
        ...


def refuse_moved(table: TableName, facts: TableFacts | None, *, expected: str | None) -> None:
    """Passes a table whose comment is the expected one; None: there is no table.

    Raises:
        BaseMovedError: a publish finds it other than it was (FF-621).
    """
    if (None if facts is None else facts.comment) == expected:
        return
    message = f"the table `{table}` of the warehouse was changed by someone else meanwhile"
    raise BaseMovedError(message, hint="run again: the step reads the table as it is now")


def told_where(kind: type[StorageError], said: str, place: str) -> str:
    """What an error says, with the host and port where nobody answers; never with a secret."""
    return f"{said}: `{place}`" if kind is WarehouseDownError else said


def _sum(a: int | None, b: int | None) -> int | None:
    return None if a is None and b is None else (a or 0) + (b or 0)
