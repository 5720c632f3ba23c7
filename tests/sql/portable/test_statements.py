"""Statements that write: each target's own words, and names that stay names."""

from __future__ import annotations

from contextlib import closing

import duckdb
import pytest

from flowforge_assets.core.table_name import TableName
from flowforge_assets.sql.portable.refusal import Refused
from flowforge_assets.sql.portable.statements.all import STATEMENTS
from flowforge_assets.sql.portable.statements.statements import Layout, Statements, TableColumn
from flowforge_assets.sql.portable.types import BIGINT, DATE, DOUBLE, TEXT, TIMESTAMP

TABLE = TableName(("gold", "orders"))
STAGED = TABLE.beside("orders__new")
COLUMNS = (
    TableColumn("id", BIGINT, nullable=False, doc="it's the number"),
    TableColumn("day", DATE),
    TableColumn("at", TIMESTAMP, is_instant=True),
    TableColumn("city", TEXT),
    TableColumn("share", DOUBLE),
)
LAYOUT = Layout(spread="id", cut="day", unit="month", sort=("city",))
HOSTILE = ('a"b', "a`b", "a]b", "a'b", "a; DROP TABLE t; --", "a\\b", "a\nb", "select")

each_target = pytest.mark.parametrize(
    "statements", STATEMENTS.values(), ids=lambda s: s.target.name
)


@each_target
def test_a_target_has_the_statements_that_its_way_of_publishing_needs(
    statements: Statements,
) -> None:
    match statements.publishing:
        case "transaction":
            assert statements.begin
            assert statements.commit
        case "replace":
            assert statements.replaced(TABLE, STAGED, "said").startswith("CREATE OR REPLACE TABLE")
            assert statements.copied(STAGED, TABLE).startswith("CREATE OR REPLACE TABLE")
        case "rename":
            assert "[orders__new]" in statements.renamed(TABLE, "orders__new")
            assert "[orders__new]" in statements.forgotten(TABLE, STAGED)


@each_target
def test_a_table_is_made_with_its_layout(statements: Statements) -> None:
    text = "\n".join(statements.filled(TABLE, COLUMNS, "SELECT 1", LAYOUT))
    wanted = {
        "snowflake": 'CLUSTER BY ("day", "city")',
        "bigquery": "PARTITION BY DATE_TRUNC(`day`, MONTH)\nCLUSTER BY `city`",
        "redshift": 'DISTSTYLE KEY DISTKEY ("id")\nSORTKEY ("day", "city")',
        "synapse": "WITH (DISTRIBUTION = HASH([id]), CLUSTERED COLUMNSTORE INDEX)\nAS\nSELECT 1",
        "databricks": "CLUSTER BY (`day`, `city`)",
    }
    assert wanted.get(statements.target.name, "SELECT 1") in text


def test_bigquery_cuts_times_by_the_unit_and_weeks_by_days() -> None:
    bigquery = STATEMENTS["bigquery"]
    by_hour = bigquery.created(TABLE, COLUMNS, Layout(cut="at", unit="hour"))
    assert "PARTITION BY TIMESTAMP_TRUNC(`at`, HOUR)" in by_hour
    assert "PARTITION BY `day`" in bigquery.created(TABLE, COLUMNS, Layout(cut="day", unit="week"))


@each_target
def test_what_is_no_word_of_a_target_is_not_said(statements: Statements) -> None:
    granted = statements.granted("select", TABLE, "analysts")
    tagged = statements.tagged(TABLE, "cost", "reports")
    assert bool(granted) == (statements.target.name != "duckdb")
    has_tags = statements.target.name in {"snowflake", "bigquery", "databricks"}
    assert bool(tagged) == has_tags
    assert "analysts" in granted or not granted
    said = [
        each for each in statements.commented(TABLE, "it's") if "it''s" in each or "\\'" in each
    ]
    assert said


@each_target
def test_two_tables_change_their_names(statements: Statements) -> None:
    moves = statements.swapped(TABLE, STAGED)
    assert moves
    if statements.target.name == "snowflake":
        assert moves == ('ALTER TABLE "gold"."orders" SWAP WITH "gold"."orders__new"',)


@each_target
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_a_name(statements: Statements, name: str) -> None:
    opening, closing_mark = statements.target.quotes
    table = TableName(("gold", name))
    if statements.target.name == "bigquery" and not name.isidentifier():
        with pytest.raises(Refused, match="can be named"):
            statements.path(table)
        return
    path = statements.path(table)
    inside = path.removeprefix(f"{opening}gold{closing_mark}.")
    assert inside[0] == opening
    assert inside[-1] == closing_mark
    bare = inside[1:-1].replace(closing_mark * 2, "")
    assert closing_mark not in bare
    for statement in (
        statements.dropped(table), statements.deleted(table), *statements.commented(table, name),
        *statements.viewed(table, "SELECT 1", name), statements.comment_query(table),
    ):  # fmt: skip
        assert statement


def test_hostile_names_are_those_of_tables_in_duckdb() -> None:
    statements = STATEMENTS["duckdb"]
    with closing(duckdb.connect(":memory:")) as connection:
        for name in HOSTILE:
            table = TableName(("gold", name))
            text = f"{name} said 'no'"
            for statement in (
                *statements.prepared(table),
                *statements.filled(table, COLUMNS[:2], "SELECT 1 AS a, DATE '2026-01-01' AS b"),
                *statements.commented(table, text),
            ):
                connection.execute(statement)
            assert connection.execute(statements.comment_query(table)).fetchall() == [(text,)]
            connection.execute(statements.dropped(table))
        left = connection.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    assert left == [(0,)]


def test_tables_change_their_names_in_duckdb() -> None:
    statements = STATEMENTS["duckdb"]
    with closing(duckdb.connect(":memory:")) as connection:
        connection.execute(
            "CREATE SCHEMA gold; CREATE TABLE gold.orders AS SELECT 1 AS n;"
            "CREATE TABLE gold.orders__new AS SELECT 2 AS n"
        )
        for statement in statements.swapped(TABLE, STAGED):
            connection.execute(statement)
        assert connection.execute("SELECT n FROM gold.orders").fetchall() == [(2,)]
        assert connection.execute("SELECT n FROM gold.orders__new").fetchall() == [(1,)]
