from __future__ import annotations

import pytest

from flowforge_assets.errors.sql import SqlSyntaxError, SqlTargetError
from flowforge_assets.sql import emit
from tests.sql.portable.small_tables import TABLES


@pytest.mark.parametrize(
    ("sql", "target", "place", "code"),
    [
        ("SELECT id,\n  hash(s) AS r FROM t", "snowflake", (2, 3), "FF-450"),
        ("SELECT id, median(a) AS r FROM t GROUP BY id", "synapse", (1, 19), "FF-451"),
        ("SELECT id FROM t USING SAMPLE 50%", "redshift", (1, 8), "FF-452"),
        ("SELECT CAST(x AS VARCHAR) AS r FROM t", "snowflake", (1, 13), "FF-453"),
        ("SELECT regexp_matches(s, '(a|b)') AS r FROM t", "bigquery", (1, 8), "FF-454"),
        ("SELECT id FROM nowhere", "snowflake", (1, 16), "FF-455"),
        ("SELECT nothing FROM t", "snowflake", (1, 8), "FF-455"),
        ("DELETE FROM t", "snowflake", (1, 1), "FF-412"),
        ("SELECT 1; SELECT 2", "snowflake", (1, 11), "FF-413"),
        ("", "snowflake", (1, 1), "FF-411"),
        ("SELECT l FROM odd", "snowflake", (1, 8), "FF-453"),
        ("SELECT * FROM odd", "snowflake", (1, 8), "FF-453"),
    ],
)
def test_what_is_not_portable_is_refused_where_it_stands(
    sql: str, target: str, place: tuple[int, int], code: str
) -> None:
    found = emit(sql, schema=TABLES, target=target)
    assert found.text is None
    first = found.refusals[0]
    assert ((first.line, first.column), first.code) == (place, code)
    assert first.message
    assert first.hint


def test_all_refusals_of_a_query_are_listed_at_once() -> None:
    sql = "SELECT median(a) AS m,\n  corr(x, a) AS c FROM t GROUP BY s HAVING md5(s) = '1'"
    found = emit(sql, schema=TABLES, target="synapse")
    assert [(each.line, each.code) for each in found.refusals] == [
        (1, "FF-451"),
        (2, "FF-451"),
        (2, "FF-451"),
    ]


def test_sql_that_does_not_parse_is_an_error() -> None:
    with pytest.raises(SqlSyntaxError, match="unexpected"):
        emit("SELECT id FROM t WHERE", schema=TABLES, target="snowflake")


@pytest.mark.parametrize(("target", "dialect"), [("oracle", "duckdb"), ("duckdb", "oracle")])
def test_an_unknown_target_or_dialect_is_an_error(target: str, dialect: str) -> None:
    with pytest.raises(SqlTargetError, match="oracle"):
        emit("SELECT 1 AS a", schema=TABLES, target=target, dialect=dialect)


def test_redshift_needs_a_setting_for_names_to_keep_their_case() -> None:
    found = emit('SELECT id AS "MyId" FROM t', schema=TABLES, target="redshift")
    assert found.settings == ("SET enable_case_sensitive_identifier TO true",)
    assert found.columns == (("MyId", "INTEGER"),)
