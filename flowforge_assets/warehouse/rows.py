"""The rows of a table in a warehouse as a lazy frame: batches come as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.io.plugins import register_io_source

from flowforge_assets.core.arrow_types import arrow_schema
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Schema
from flowforge_assets.sdk.warehouse import NOBODY, Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.sql.portable.statements.statements import Statements

_BATCH_ROWS: Final = 100_000


class WarehouseRows:
    """Reads tables that have the columns of one schema."""

    def __init__(self, warehouse: Warehouse, statements: Statements, schema: Schema) -> None:
        """Nothing is read yet."""
        self._warehouse = warehouse
        self._statements = statements
        self._schema = schema
        self._types = polars_schema(schema)

    def scan(
        self, table: TableName, where: str = "", *, before: Callable[[], object] | None = None
    ) -> pl.LazyFrame:
        """The rows of `table`, or those that a condition lets pass; `before` is called first."""

        def batches(
            with_columns: list[str] | None,
            predicate: pl.Expr | None,
            n_rows: int | None,
            batch_size: int | None,  # noqa: ARG001 - the warehouse's batches are as they are
        ) -> Iterator[pl.DataFrame]:
            if before is not None:
                before()
            left = n_rows
            for rows in self.read(table, where, with_columns):
                found = rows if predicate is None else rows.filter(predicate)
                found = found if left is None else found.head(left)
                left = None if left is None else left - found.height
                yield found
                if left == 0:
                    return

        return register_io_source(batches, schema=self._types, is_pure=True)

    def read(
        self, table: TableName, where: str = "", columns: list[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """The rows in batches, of all columns or those."""
        wanted = self._schema if columns is None else _only(self._schema, columns)
        names = ", ".join(self._statements.name(name) for name in wanted.names) or "1"
        query = f"SELECT {names} FROM {self._statements.path(table)}"  # noqa: S608 - quoted
        query += f" WHERE {where}" if where else ""
        types = polars_schema(wanted)
        for batch in self._warehouse.read(query, arrow_schema(wanted), NOBODY):
            yield pl.DataFrame(batch).cast(types)

    def distinct(self, table: TableName, columns: list[str]) -> pl.DataFrame:
        """The values of some columns, each combination once."""
        wanted = _only(self._schema, columns)
        names = ", ".join(self._statements.name(name) for name in wanted.names)
        query = f"SELECT DISTINCT {names} FROM {self._statements.path(table)}"  # noqa: S608 - quoted
        found = [
            pl.DataFrame(batch)
            for batch in self._warehouse.read(query, arrow_schema(wanted), NOBODY)
        ]
        types = polars_schema(wanted)
        return pl.concat([pl.DataFrame(schema=types), *(each.cast(types) for each in found)])


class Counted:
    """The rows of a frame as Arrow batches, counted as they go."""

    def __init__(self, frame: pl.DataFrame | pl.LazyFrame, schema: pa.Schema) -> None:
        """Nothing is collected before the first batch is taken."""
        self._frame = frame
        self.schema = schema
        self.rows = 0

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches, each of the schema; of a lazy frame few are in memory at once."""
        if isinstance(self._frame, pl.LazyFrame):
            parts: Iterator[pl.DataFrame] = iter(
                self._frame.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=False)
            )
        else:
            parts = self._frame.iter_slices(_BATCH_ROWS)
        for part in parts:
            self.rows += part.height
            yield from part.to_arrow().cast(self.schema).to_batches()


def _only(schema: Schema, columns: list[str]) -> Schema:
    """Those fields, in the order of `columns`."""
    fields = (schema.find(name) for name in columns)
    return Schema(tuple(field for field in fields if field is not None))
