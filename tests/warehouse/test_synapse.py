"""Synapse's connector against a stub of its driver: what is sent, not what Synapse makes of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import pyarrow as pa
import pytest

from flowforge_assets.core.table_name import TableName
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.errors.warehouse import (
    WarehouseDownError,
    WarehouseLoginError,
    WarehouseStatementError,
)
from flowforge_assets.sdk.warehouse import OptionValue, Tag
from flowforge_connectors.synapse import CONNECTOR, Synapse, connection_text

TABLE = TableName(("gold", "Orders"))
_FIELDS: dict[str, pa.DataType] = {"a": pa.int64(), "b": pa.string()}
OPTIONS: dict[str, OptionValue] = {"server": "s", "database": "d", "user": "u", "password": "p;}w"}


class DriverError(Exception):
    """As the driver's own."""


@dataclass
class Stub:
    """Answers by a part of the statement; keeps what was sent."""

    answers: dict[str, list[Sequence[object]]] = field(default_factory=dict)
    fails: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, object]] = field(default_factory=list)
    rows: list[Sequence[object]] = field(default_factory=list)
    rowcount: int = 1
    timeout: int = 0

    def cursor(self) -> Stub:
        return self

    def close(self) -> None:
        """Stays as it is."""

    def execute(self, statement: str, parameters: object = ()) -> None:
        self.sent.append((statement, parameters))
        for part, words in self.fails.items():
            if part in statement:
                raise DriverError(words)
        found = (rows for part, rows in self.answers.items() if part in statement)
        self.rows = list(next(found, []))

    def fetchone(self) -> Sequence[object] | None:
        return self.rows.pop(0) if self.rows else None

    def fetchall(self) -> list[Sequence[object]]:
        found, self.rows = self.rows, []
        return found

    def fetchmany(self, count: int) -> list[Sequence[object]]:
        found, self.rows = self.rows[:count], self.rows[count:]
        return found

    @property
    def statements(self) -> list[str]:
        return [statement for statement, _ in self.sent]


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    made = Stub()
    driver = ModuleType("mssql_python")
    driver.Error = DriverError  # type: ignore[attr-defined]  # a stub
    driver.connect = lambda _, **__: made  # type: ignore[attr-defined]  # a stub
    monkeypatch.setitem(sys.modules, "mssql_python", driver)
    return made


@pytest.fixture
def synapse(stub: Stub) -> Iterator[Synapse]:
    found = CONNECTOR.connect(lambda: OPTIONS)
    yield found
    found.close()


def test_a_secret_cannot_end_its_part_of_the_connection_string() -> None:
    assert "PWD={p;}}w};" in connection_text(OPTIONS)
    assert "UID" not in connection_text(
        {"server": "s", "database": "d", "authentication": "managed_identity"}
    )


def test_statements_have_a_label_where_they_can(synapse: Synapse, stub: Stub) -> None:
    synapse.execute("DELETE FROM [a]", Tag("run", "orders", "step"))
    synapse.execute("RENAME OBJECT [a] TO [b]", Tag("run"))
    assert 'OPTION (LABEL = N\'{"app":"flowforge","run":"run"' in stub.statements[0]
    assert stub.statements[1] == "RENAME OBJECT [a] TO [b]"


def test_changes_of_rows_are_published_in_one_transaction(synapse: Synapse, stub: Stub) -> None:
    synapse.publish(TABLE, ["DELETE FROM [a]", "INSERT INTO [a] SELECT 1"], Tag(), expected=None)
    assert [each.split()[0] for each in stub.statements] == [
        *("BEGIN", "SELECT", "DELETE", "INSERT", "COMMIT")
    ]


def test_renames_are_published_outside_of_transactions(synapse: Synapse, stub: Stub) -> None:
    synapse.publish(TABLE, ["RENAME OBJECT [n] TO [Orders]"], Tag(), expected=None)
    assert [each.split()[0] for each in stub.statements] == ["SELECT", "SELECT", "RENAME"]


def test_a_publish_that_fails_is_rolled_back(synapse: Synapse, stub: Stub) -> None:
    stub.fails["INSERT"] = "conversion failed for 'secret value'"
    with pytest.raises(WarehouseStatementError) as refused:
        synapse.publish(TABLE, ["INSERT INTO [a] SELECT 1"], Tag(), expected=None)
    assert stub.statements[-1] == "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"
    assert "secret value" not in str(refused.value)


def test_the_state_is_a_row_about_the_object(synapse: Synapse, stub: Stub) -> None:
    stub.answers = {
        "sys.objects": [(7, "U ")],
        "sys.columns": [("Id", "bigint", 19, 0), ("price", "decimal", 18, 4)],
        "flowforge_state": [("flowforge:{}",)],
    }
    facts = synapse.look(TABLE)
    assert facts is not None
    assert facts.columns == (("Id", "bigint"), ("price", "decimal(18,4)"))
    assert facts.comment == "flowforge:{}"
    with pytest.raises(BaseMovedError):
        synapse.publish(TABLE, ["DELETE FROM [a]"], Tag(), expected="other")


def test_rows_are_loaded_with_bound_values(synapse: Synapse, stub: Stub) -> None:
    schema = pa.schema(_FIELDS)
    batch = pa.RecordBatch.from_pylist([{"a": 1, "b": "it's"}, {"a": 2, "b": None}], schema)
    assert synapse.load(TABLE, schema, [batch], Tag()).rows == 2
    statement, parameters = stub.sent[-1]
    assert statement.endswith("([a], [b]) SELECT ?, ? UNION ALL SELECT ?, ?")
    assert parameters == (1, "it's", 2, None)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Login failed for user", WarehouseLoginError),
        ("Communication link failure", WarehouseDownError),
        ("Incorrect syntax", WarehouseStatementError),
    ],
)
def test_what_the_driver_raises_has_a_code(
    words: str, kind: type[Exception], synapse: Synapse, stub: Stub
) -> None:
    stub.fails["SELECT"] = words
    with pytest.raises(kind):
        synapse.number("SELECT 1", Tag())


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"user": "u", "password": 1}, 0),
        ({"authentication": "managed_identity"}, 0),
        ({"authentication": "service_principal", "user": "u"}, 1),
        ({"authentication": "magic"}, 1),
    ],
)
def test_options_fit_together(given: dict[str, object], wrong: int) -> None:
    assert len(list(CONNECTOR.misfits(given))) == wrong


def test_the_state_is_locked_before_it_is_looked_at(synapse: Synapse, stub: Stub) -> None:
    stub.answers = {"sys.objects": [(7, "U ")], "SELECT [state]": [("flowforge:{}",)]}
    synapse.publish(TABLE, ["DELETE FROM [a]"], Tag(), expected="flowforge:{}")
    begin, lock, look = stub.statements[:3]
    assert begin == "BEGIN TRANSACTION"
    assert lock == (
        "UPDATE [gold].[flowforge_state] SET [state] = [state]"
        " WHERE [object_id] = OBJECT_ID('[gold].[Orders]')"
    )
    assert "sys.objects" in look
    assert stub.statements[-1] == "COMMIT TRANSACTION"


def test_the_state_is_looked_at_again_right_before_tables_are_renamed(
    synapse: Synapse, stub: Stub
) -> None:
    renames = ["IF 1 = 1 RENAME OBJECT [gold].[Orders] TO [old]", "RENAME OBJECT [new] TO [Orders]"]
    synapse.publish(TABLE, ["DELETE FROM [a]", *renames], Tag(), expected=None)
    looks = [each.startswith("SELECT o.object_id") for each in stub.statements]
    assert looks == [True, False, True, False, False]
