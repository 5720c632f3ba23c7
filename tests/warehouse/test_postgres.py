from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowforge_assets.errors.warehouse import WarehouseDownError, WarehouseLoginError
from flowforge_assets.sdk.conformance.warehouse import KnownWarehouse, WarehouseConformance
from flowforge_assets.sdk.connectors import warehouse_connector
from flowforge_assets.sdk.warehouse import NOBODY, OptionValue, Tag
from warehouse_places import WarehousePlace, known_warehouse


class TestPostgres(WarehouseConformance):
    @pytest.fixture
    def known(self, postgres: WarehousePlace) -> Iterator[KnownWarehouse]:
        found = known_warehouse(postgres, is_atomic=True, slow="SELECT pg_sleep(5)")
        yield found
        found.warehouse.close()


def test_a_server_that_does_not_answer_is_said_to_be_down() -> None:
    options: dict[str, OptionValue] = {"host": "127.0.0.1", "port": 9, "database": "d", "user": "u"}
    with pytest.raises(WarehouseDownError) as refused:
        warehouse_connector("postgres").connect(lambda: options).number("SELECT 1", NOBODY)
    assert refused.value.message.endswith(": `127.0.0.1:9`")


def test_a_user_that_is_not_let_in_is_told(postgres: WarehousePlace) -> None:
    options = {**postgres.options, "user": "nobody_knows"}
    with pytest.raises(WarehouseLoginError):
        warehouse_connector("postgres").connect(lambda: options).number("SELECT 1", NOBODY)


def test_statements_carry_their_tag(postgres: WarehousePlace) -> None:
    warehouse = postgres.warehouse()
    asked = 'SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE \'%"step":"s*1"%\''
    assert warehouse.number(asked, Tag("r", "a", "s*1")) == 1
    warehouse.close()


def test_a_connection_that_is_ended_is_not_used_again(postgres: WarehousePlace) -> None:
    warehouse = postgres.warehouse()
    with pytest.raises(WarehouseDownError):
        warehouse.execute("SELECT pg_terminate_backend(pg_backend_pid())", NOBODY)
    assert warehouse.number("SELECT 1", NOBODY) == 1
    warehouse.close()


def test_a_refusal_holds_no_value_of_a_row(postgres: WarehousePlace) -> None:
    warehouse = postgres.warehouse()
    with pytest.raises(Exception, match="FF-680") as refused:
        warehouse.number("SELECT CAST('4929-1234' AS INTEGER)", NOBODY)
    assert "4929" not in str(refused.value)
    warehouse.close()
