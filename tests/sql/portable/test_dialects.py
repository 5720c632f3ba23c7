"""Queries of other dialects: read where each piece means the same in DuckDB, else refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.declare.asset import Dialect
from flowforge_assets.errors.sql import SqlError, SqlSyntaxError, SqlTargetError
from flowforge_assets.errors.sql_language import SqlDialectError
from flowforge_assets.sql import emit
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.file import read_sql_text
from flowforge_assets.sql.parse import read_query
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
        ("snowflake", "SELECT DATEADD(month, 1, d) AS r FROM t", 27),
        ("snowflake", "SELECT DATEADD(day, a, d) AS r FROM t", 25),
        ("snowflake", "SELECT s || g AS r FROM t", 8),
        ("snowflake", "SELECT DATEDIFF(week, d, d) AS r FROM t", 26),
        ("bigquery", "SELECT TRIM(s) AS r FROM t", 13),
        ("bigquery", "SELECT DATE_TRUNC(d, WEEK) AS r FROM t", 19),
        ("bigquery", "SELECT id FROM t WHERE s LIKE g", 24),
        ("bigquery", "SELECT id FROM t WHERE s = 'a\\n'", 28),
        ("databricks", "SELECT DATE_TRUNC('month', d) AS r FROM t", 8),
        ("databricks", "SELECT DATEDIFF(MONTH, d, d) AS r FROM t", 24),
        ("databricks", "SELECT a, LOG(x) AS r FROM t", 15),
        ("bigquery", "SELECT SAFE_CAST(s AS INT64) AS r FROM t", 18),
        ("bigquery", "SELECT 0.12345678901234567 AS r FROM t", 8),
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


def test_what_is_no_query_is_refused() -> None:
    (refusal,) = emit("DELETE FROM t", schema=TABLES, target="duckdb", dialect="snowflake").refusals
    assert refusal.code == "FF-412"


@pytest.mark.parametrize(
    ("dialect", "sql", "text"),
    [
        ("bigquery", "SELECT DATE_ADD(d, INTERVAL 3 DAY) AS r FROM t", "d + 3"),
        ("bigquery", "SELECT COUNTIF(a > 1) AS r FROM t", "COUNT(CASE WHEN a > 1 THEN 1 END)"),
        ("bigquery", "SELECT 1.5 AS r FROM t", "1.5e0 AS r"),
        ("snowflake", "SELECT 1.5 AS r FROM t", "1.5 AS r"),
        ("snowflake", "SELECT LEFT(s, 2) AS r FROM t", "LEFT(s, 2)"),
        ("databricks", "SELECT datediff(d, d) AS r FROM t", "d - d"),
        ("databricks", "SELECT year(d) AS r FROM t", "YEAR(d)"),
    ],
)
def test_what_duckdb_spells_otherwise_is_rewritten(dialect: Dialect, sql: str, text: str) -> None:
    file = read_sql_text(sql, path=Path("x.sql"), shown_as="x.sql", dialect=dialect)
    assert text in " ".join(read_query(file).statement.split())


def test_a_mistake_is_told_where_it_is_written() -> None:
    sql = "SELECT IFNULL(s, 'x') AS a,\n  COUNTIF(f) AS n\nFROM t\nWHERE nope = 1"
    with pytest.raises(SqlError) as caught:
        emit_of("bigquery", sql)
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (4, 7)


def emit_of(dialect: Dialect, sql: str) -> None:
    file = read_sql_text(
        sql.replace("FROM t", "FROM silver.t"), path=Path("x"), shown_as="x", dialect=dialect
    )
    fields = (Field("s", Plain("string")), Field("f", Plain("bool")))
    with SqlAnalysis() as analysis:
        analysis.result_schema(file, {DatasetKey("silver.t"): Schema(fields)})


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
