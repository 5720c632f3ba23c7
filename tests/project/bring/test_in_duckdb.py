from __future__ import annotations

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Plain
from flowforge_assets.project.bring.read_order import read_order
from flowforge_assets.project.bring.to_duckdb import (
    condition_in_duckdb,
    dialect_of,
    to_duckdb,
    type_in_duckdb,
)
from flowforge_assets.project.bring.used_columns import used_columns

RAW = DatasetKey("bronze.shop.orders")


def test_a_query_of_duckdb_stays_as_it_is() -> None:
    text = "select  1 -- as it was\n"
    assert to_duckdb(text, "duckdb").text == text


def test_a_query_of_another_warehouse_is_put_into_duckdbs_sql() -> None:
    done = to_duckdb("SELECT IFF(a > 1, 'x', 'y') AS b FROM silver.t", "snowflake")
    assert "CASE WHEN a > 1 THEN 'x' ELSE 'y' END AS b" in " ".join(done.text.split())
    assert done.failure == ""


def test_functions_that_nobody_knows_are_doubts() -> None:
    done = to_duckdb("SELECT own_function(a) AS b FROM silver.t", "snowflake")
    assert done.doubts == ("functions that are not known: own_function",)


def test_a_query_that_cannot_be_read_says_so() -> None:
    done = to_duckdb("SELECT FROM WHERE (", "postgres")
    assert done.failure
    assert done.text == "SELECT FROM WHERE ("


def test_adapters_are_known_by_the_sql_that_they_speak() -> None:
    assert dialect_of("sqlserver") == "tsql"
    assert dialect_of("bigquery") == "bigquery"
    assert dialect_of("nobody_knows") == "duckdb"


def test_types_and_conditions_are_put_into_duckdbs_sql() -> None:
    assert type_in_duckdb("INT64", "bigquery") == "BIGINT"
    assert type_in_duckdb("text", "postgres") == "VARCHAR"
    assert type_in_duckdb("varchar(10)", "duckdb") == "VARCHAR"
    assert condition_in_duckdb("IFF(a, b, c)", "snowflake") == "CASE WHEN a THEN b ELSE c END"


def test_columns_are_told_from_what_queries_do_with_them() -> None:
    text = """
        with source as (select * from bronze.shop.orders),
        named as (
            select id as order_id, cents / 100 as price, created_at, is_paid,
                cast(due as date) as due_on
            from source where state = 'open' and source.items > 2
        )
        select * from named
    """
    assert used_columns(text, RAW) == {
        "id": Plain("string"),
        "cents": Plain("float64"),
        "created_at": Plain("timestamp_ntz"),
        "is_paid": Plain("bool"),
        "due": Plain("date"),
        "state": Plain("string"),
        "items": Plain("float64"),
    }


def test_columns_of_other_tables_are_not_taken_for_its_own() -> None:
    text = "select o.id, c.name from bronze.shop.orders o join silver.c c using (customer_id)"
    assert set(used_columns(text, RAW)) == {"id", "customer_id"}


def test_queries_come_after_those_that_they_read() -> None:
    a, b, c = DatasetKey("gold.a"), DatasetKey("gold.b"), DatasetKey("gold.c")
    assert [*read_order([a, b, c], {a: {b}, b: {c}, c: set()})] == [c, b, a]


def test_a_circle_has_an_order_too() -> None:
    a, b = DatasetKey("gold.a"), DatasetKey("gold.b")
    assert [*read_order([a, b], {a: {b}, b: {a}})] == [b, a]
