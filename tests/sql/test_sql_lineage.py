from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Schema
from flowforge_assets.errors.sql import SqlLineageError
from flowforge_assets.sql.infer import Binder
from flowforge_assets.sql.lineage import column_lineage
from flowforge_assets.sql.parse import ParsedSql

Parse = Callable[[str], ParsedSql]
Schemas = Mapping[DatasetKey, Schema]
Lineage = Callable[[str], dict[str, list[str]]]


@pytest.fixture
def lineage(binder: Binder, parsed: Parse, schemas: Schemas) -> Lineage:
    def trace(text: str) -> dict[str, list[str]]:
        query = parsed(text)
        found = column_lineage(query, schemas, binder.bind(query, schemas).names)
        return {
            name: [f"{key}.{column}" for key, column in sources] for name, sources in found.items()
        }

    return trace


def test_each_column_has_the_columns_it_is_computed_from(lineage: Lineage) -> None:
    found = lineage(
        "select f.day, max(f.delay + c.id) as x, count(*) as n, 1 as one\n"
        "from silver.flights f join bronze.crm.customers c on f.flight_id = c.id::varchar\n"
        "where f.fare > 0 group by f.day"
    )
    assert found == {
        "day": ["silver.flights.day"],
        "x": ["bronze.crm.customers.id", "silver.flights.delay"],
        "n": [],
        "one": [],
    }


def test_it_is_traced_through_ctes_and_unions(lineage: Lineage) -> None:
    found = lineage(
        "with a as (select day as d, delay + 1 as x from silver.flights)\n"
        "select d, sum(x) over (partition by d) as s from a union all select null, id from "
        "bronze.crm.customers"
    )
    assert found["d"] == ["silver.flights.day"]
    assert "silver.flights.delay" in found["s"]


def test_a_star_gives_each_column(lineage: Lineage) -> None:
    assert lineage("select * exclude (fare, departed, flight_id) from silver.flights") == {
        "day": ["silver.flights.day"],
        "delay": ["silver.flights.delay"],
    }


def test_names_keep_case_and_blanks(lineage: Lineage) -> None:
    assert lineage('select "Order ID" as "My Id", silver.odd."copy" as C from silver.odd') == {
        "My Id": ["silver.odd.Order ID"],
        "C": ["silver.odd.copy"],
    }


def test_a_query_without_tables_has_no_sources(lineage: Lineage) -> None:
    assert lineage("values (1, 2)") == {"col0": [], "col1": []}
    assert lineage("select 1 as x") == {"x": []}


def test_a_dataset_with_two_aliases_is_one_source(lineage: Lineage) -> None:
    found = lineage("select a.delay - b.delay as d from silver.flights a, silver.flights b")
    assert found == {"d": ["silver.flights.delay"]}


def test_what_cannot_be_traced_says_so(lineage: Lineage) -> None:
    with pytest.raises(SqlLineageError, match="cannot be traced") as caught:
        lineage("select min(columns(*)) from silver.flights")
    assert caught.value.place is not None
