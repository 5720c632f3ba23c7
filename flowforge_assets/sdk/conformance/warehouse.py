"""What every warehouse promises, as tests: subclass `WarehouseConformance` in a test file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pytest

from flowforge_assets.core.table_name import TableName
from flowforge_assets.errors.storage import BaseMovedError, StorageError
from flowforge_assets.errors.warehouse import WarehouseSlowError, WarehouseStatementError
from flowforge_assets.sdk.warehouse import Tag, Warehouse

TAG: Final = Tag("run", "orders", "step")
_FIELDS: Final[dict[str, pa.DataType]] = {
    "Id": pa.int64(),
    "small": pa.int32(),
    "price": pa.decimal128(18, 4),
    "ratio": pa.float64(),
    "note": pa.string(),
    "is_open": pa.bool_(),
    "day": pa.date32(),
    "at": pa.timestamp("us"),
}
SCHEMA: Final = pa.schema(_FIELDS)
ROWS: Final[list[dict[str, object]]] = [
    {
        "Id": 2**62,
        "small": -(2**31),
        "price": Decimal("-12345678901234.5678"),
        "ratio": 0.1,
        "note": 'a "quote", a comma\nand a \\ back\\\\slash; ünïcode and 東',
        "is_open": True,
        "day": date(1900, 2, 28),
        "at": datetime(2020, 12, 31, 23, 59, 59, 123456),  # noqa: DTZ001 - a wall-clock reading
    },
    {
        "Id": 1,
        "small": 0,
        "price": Decimal("0.0001"),
        "ratio": -1e300,
        "note": "",
        "is_open": False,
        "day": date(9999, 12, 31),
        "at": datetime(1970, 1, 1),  # noqa: DTZ001 - as above
    },
    {**dict.fromkeys(SCHEMA.names), "Id": 3},
]


@dataclass(frozen=True, slots=True)
class KnownWarehouse:
    """A warehouse with an empty schema, and the words of its SQL that the tests need.

    `create` makes a table of the columns of an Arrow schema, `comment` sets its comment, `path`
    writes its name. `slow` takes more than a second; empty where no statement of it does.
    `is_atomic` says that statements which define tables can be part of one act.
    """

    warehouse: Warehouse
    schema: str
    create: Callable[[TableName, pa.Schema], Sequence[str]]
    comment: Callable[[TableName, str], Sequence[str]]
    path: Callable[[TableName], str]
    is_atomic: bool
    slow: str = ""


class WarehouseConformance(ABC):
    """Tests of one warehouse; pytest finds them in the subclass, whose name begins with `Test`."""

    @pytest.fixture
    @abstractmethod
    def known(self) -> KnownWarehouse:
        """A warehouse with a schema of its own for each test."""

    def test_a_table_that_was_never_made_is_not_found(self, known: KnownWarehouse) -> None:
        """Looking for it is no error."""
        assert known.warehouse.look(TableName((known.schema, "nothing"))) is None
        assert list(known.warehouse.tables("no_such_schema_1")) == []

    def test_a_new_table_tells_its_columns_in_order(self, known: KnownWarehouse) -> None:
        """Names keep their case."""
        table = made(known)
        facts = known.warehouse.look(table)
        assert facts is not None
        assert [name for name, _ in facts.columns] == SCHEMA.names
        assert facts.comment == ""
        assert list(known.warehouse.tables(known.schema)) == [table.table]

    def test_loaded_rows_are_read_as_they_were(self, known: KnownWarehouse) -> None:
        """Extremes, empty text, quotes, line ends and nulls."""
        table = made(known, ROWS)
        assert rows_of(known, table) == sorted(ROWS, key=str)

    def test_rows_come_from_several_batches(self, known: KnownWarehouse) -> None:
        """As many as there are, each once."""
        table = made(known)
        batches = [batch([{**ROWS[1], "Id": at}]) for at in range(5)]
        stats = known.warehouse.load(table, SCHEMA, batches, TAG)
        assert stats.rows in {5, None}
        query = f"SELECT COUNT(*) FROM {known.path(table)}"  # noqa: S608 - quoted
        assert known.warehouse.number(query, TAG) == 5  # noqa: PLR2004 - as many

    def test_loading_nothing_leaves_a_table_empty(self, known: KnownWarehouse) -> None:
        """No batch is no error."""
        table = made(known)
        known.warehouse.load(table, SCHEMA, [], TAG)
        assert rows_of(known, table) == []

    def test_publishing_sets_rows_and_comment_together(self, known: KnownWarehouse) -> None:
        """Where the table is as expected."""
        table = made(known, ROWS[:1])
        statements = known.comment(table, "first")
        known.warehouse.publish(table, statements, TAG, expected="")
        facts = known.warehouse.look(table)
        assert facts is not None
        assert facts.comment == "first"

    def test_a_publish_is_refused_where_the_table_was_changed(self, known: KnownWarehouse) -> None:
        """By the comment that it had; nothing is done."""
        table = made(known, ROWS[:1])
        for statement in known.comment(table, "theirs"):
            known.warehouse.execute(statement, TAG)
        with pytest.raises(BaseMovedError):
            known.warehouse.publish(table, known.comment(table, "ours"), TAG, expected="before")
        facts = known.warehouse.look(table)
        assert facts is not None
        assert facts.comment == "theirs"

    def test_a_publish_expects_no_table_where_none_is(self, known: KnownWarehouse) -> None:
        """A table that someone else made meanwhile is left alone."""
        table = made(known)
        with pytest.raises(BaseMovedError):
            known.warehouse.publish(table, known.comment(table, "ours"), TAG, expected=None)

    def test_a_publish_that_fails_changes_nothing(self, known: KnownWarehouse) -> None:
        """Where statements can be one act."""
        if not known.is_atomic:
            pytest.skip("statements that define tables commit by themselves there")
        table = made(known, ROWS[:1])
        statements = [*known.comment(table, "half"), "SELECT no_such_column FROM no_such_table"]
        with pytest.raises(WarehouseStatementError):
            known.warehouse.publish(table, statements, TAG, expected="")
        facts = known.warehouse.look(table)
        assert facts is not None
        assert facts.comment == ""

    def test_a_wrong_statement_is_refused_and_the_next_one_works(
        self, known: KnownWarehouse
    ) -> None:
        """A failure spoils no later statement."""
        with pytest.raises(StorageError) as refused:
            known.warehouse.execute("SELECT no_such_column FROM no_such_table", TAG)
        assert refused.value.code == "FF-680"
        assert known.warehouse.number("SELECT 1", TAG) == 1

    def test_a_slow_statement_is_ended_at_its_deadline(self, known: KnownWarehouse) -> None:
        """By the warehouse itself."""
        if not known.slow:
            pytest.skip("no statement of it is slow by itself")
        with pytest.raises(WarehouseSlowError):
            known.warehouse.execute(known.slow, Tag(seconds=0.2))
        assert known.warehouse.number("SELECT 1", TAG) == 1

    def test_it_is_used_by_several_threads(self, known: KnownWarehouse) -> None:
        """Each with an answer of its own."""
        with ThreadPoolExecutor(4) as pool:
            queries = [f"SELECT {n}" for n in range(8)]
            found = list(pool.map(known.warehouse.number, queries, [TAG] * 8))
        assert found == list(range(8))

    def test_it_is_used_again_after_it_was_closed(self, known: KnownWarehouse) -> None:
        """Closing ends connections, no more."""
        known.warehouse.close()
        assert known.warehouse.number("SELECT 7", TAG) == 7  # noqa: PLR2004 - what was asked

    def test_its_place_tells_no_secret(self, known: KnownWarehouse) -> None:
        """Neither in words nor for debugging."""
        assert "secret-word" not in known.warehouse.uri
        assert "secret-word" not in repr(known.warehouse)


def made(known: KnownWarehouse, rows: Sequence[dict[str, object]] = ()) -> TableName:
    """A new table of the test's columns, with those rows."""
    table = TableName((known.schema, "Orders"))
    for statement in known.create(table, SCHEMA):
        known.warehouse.execute(statement, TAG)
    if rows:
        known.warehouse.load(table, SCHEMA, [batch(rows)], TAG)
    return table


def batch(rows: Sequence[dict[str, object]]) -> pa.RecordBatch:
    """The rows as a batch of the test's columns."""
    return pa.RecordBatch.from_pylist(list(rows), schema=SCHEMA)


def rows_of(known: KnownWarehouse, table: TableName) -> list[dict[str, object]]:
    """All rows of a table, in the order of their text."""
    query = f"SELECT * FROM {known.path(table)}"  # noqa: S608 - quoted
    found: list[dict[str, object]] = []
    for part in known.warehouse.read(query, SCHEMA, TAG):
        assert part.schema == SCHEMA
        found += part.to_pylist()
    return sorted(found, key=str)
