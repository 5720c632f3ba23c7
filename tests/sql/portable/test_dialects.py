"""Queries of other dialects: read where each piece means the same in DuckDB, else refused."""

from __future__ import annotations

import pytest

from flowforge_assets.errors.sql import SqlSyntaxError, SqlTargetError
from flowforge_assets.errors.sql_language import SqlDialectError
from flowforge_assets.sql import emit
from flowforge_assets.sql.portable.dialects import DIALECTS
from tests.sql.portable.small_tables import TABLES

PLAIN = (
    "SELECT t.g AS city, COUNT(*) AS n, SUM(t.a) AS total FROM t JOIN u ON t.id = u.id"
    " WHERE t.a BETWEEN 1 AND 9 AND t.s <> 'x' GROUP BY t.g HAVING COUNT(*) > 1"
)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_plain_query_of_another_dialect_is_that_of_duckdb(dialect: str) -> None:
    found = emit(PLAIN, schema=TABLES, target="synapse", dialect=dialect)
    assert found.refusals == ()
    assert found == emit(PLAIN, schema=TABLES, target="synapse")


@pytest.mark.parametrize(
    ("dialect", "sql", "at"),
    [
        ("bigquery", "SELECT a / b AS r FROM t", 8),
        ("snowflake", "SELECT IFF(f, a, b) AS r, a::TEXT AS v FROM t", 27),
        ("snowflake", "SELECT DATEADD(day, 1, d) AS r FROM t", 23),
        ("databricks", "SELECT a, LOG(x) AS r FROM t", 15),
        ("bigquery", "SELECT SAFE_CAST(s AS INT64) AS r FROM t", 18),
        ("snowflake", "SELECT 1.5 AS r FROM t", 1),
        ("snowflake", "DELETE FROM t", 13),
    ],
)
def test_a_part_that_may_mean_something_else_is_refused(dialect: str, sql: str, at: int) -> None:
    found = emit(sql, schema=TABLES, target="duckdb", dialect=dialect)
    assert found.text is None
    (refusal,) = found.refusals
    assert (refusal.code, refusal.line) == (SqlDialectError.code, 1)
    assert abs(refusal.column - at) < 20
    assert "DuckDB" in refusal.message
    assert refusal.hint


def test_nulls_are_put_where_the_dialect_puts_them() -> None:
    sql = "SELECT id FROM t ORDER BY a"
    first = emit(sql, schema=TABLES, target="duckdb", dialect="bigquery").text
    last = emit(sql, schema=TABLES, target="duckdb", dialect="snowflake").text
    assert first is not None
    assert last is not None
    assert "NULLS FIRST" in first
    assert "NULLS FIRST" not in last


def test_a_query_that_does_not_parse_in_its_dialect_is_an_error() -> None:
    with pytest.raises(SqlSyntaxError, match="does not parse"):
        emit("SELECT FROM WHERE", schema=TABLES, target="duckdb", dialect="snowflake")


@pytest.mark.parametrize("dialect", ["oracle", "postgres", "mysql"])
def test_a_dialect_that_compares_texts_in_its_own_way_is_not_read(dialect: str) -> None:
    with pytest.raises(SqlTargetError, match=dialect):
        emit("SELECT id FROM t", schema=TABLES, target="duckdb", dialect=dialect)
