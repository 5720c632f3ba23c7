"""What the ledger needs of the database that holds it: SQLite on one machine, or PostgreSQL.

A database's own errors end in its module: what leaves is a `RecordError` with the remedy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A schema of a PostgreSQL database; `url` may hold a password, and is shown nowhere."""

    url: str = field(repr=False)
    schema: str

    def __str__(self) -> str:
        """What people may see of it."""
        return f"PostgreSQL schema {self.schema}"


LedgerPlace: TypeAlias = Path | PostgresPlace
"""Where a ledger is: a file, or a schema."""


class Rows(Protocol):
    """What a statement gave. The columns' types are the statement's business, hence `Any`."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - see above
        """The next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...


class Transaction(Protocol):
    """Statements that take effect together; a `?` stands for a value."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Runs one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Runs one statement for each of many rows of values."""
        ...


class Database(Protocol):
    """An open ledger with today's tables; safe for several threads, beside other processes."""

    @property
    def shown(self) -> str:
        """What messages call it; holds no secret."""
        ...

    def close(self) -> None:
        """Ends its use; a second call does nothing."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """One write transaction: all of the block's effects, or none. One at a time is open.

        Raises:
            RecordError: the database refused (FF-501, FF-503 to FF-519); nothing was written.
        """
        ...

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a SELECT gives.

        Raises:
            RecordError: the database refused (FF-501, FF-503 to FF-519).
        """
        ...

    def now(self, transaction: Transaction, /) -> datetime:
        """Now, by a clock that all who use this database share."""
        ...

    def verify(self) -> None:
        """Reads all of it.

        Raises:
            LedgerBroken: it is damaged (FF-501).
        """
        ...
