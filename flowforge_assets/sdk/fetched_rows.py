"""What a cursor of the DB-API gives, for warehouses whose driver knows no Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_A_FETCH: Final = 10_000


class Cursor(Protocol):
    """A cursor that a query was sent by; the values of its rows have no types."""

    def fetchone(self) -> Sequence[Any] | None:
        """The next row; None behind the last."""
        ...

    def fetchmany(self, count: int, /) -> Sequence[Sequence[Any]]:
        """Some more rows; none behind the last."""
        ...

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """All rows that are left."""
        ...


def fetched_batches(cursor: Cursor, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows as batches of `schema`, fetched some thousand at a time."""
    import pyarrow as pa  # pyarrow: only where rows go

    while rows := cursor.fetchmany(_ROWS_A_FETCH):
        pairs = [dict(zip(schema.names, row, strict=True)) for row in rows]
        yield from pa.Table.from_pylist(pairs, schema=schema).to_batches()


def fetched_number(cursor: Cursor) -> int:
    """The one whole number of the first row; 0 where it is null, or no row is."""
    row = cursor.fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def fetched_names(cursor: Cursor) -> list[str]:
    """The first column as texts."""
    return [str(row[0]) for row in cursor.fetchall()]
