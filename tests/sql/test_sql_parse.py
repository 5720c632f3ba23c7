from __future__ import annotations

from collections.abc import Callable

import pytest

from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.sql import (
    NoQueryError,
    NotAQueryError,
    SeveralQueriesError,
    SqlOutsideError,
    SqlParameterError,
    SqlSyntaxError,
    SqlTableNameError,
)
from flowforge_assets.sql.parse import ParsedSql

Parse = Callable[[str], ParsedSql]


def where(error: FlowForgeError) -> tuple[int, int]:
    assert error.place is not None
    return error.place.line, error.place.column


def tables(parsed: ParsedSql) -> list[tuple[str, int, int]]:
    return [(ref.name, ref.line, ref.column) for ref in parsed.tables]


def test_tables_are_dataset_keys_with_their_places(parsed: Parse) -> None:
    found = parsed(
        "/*\ntags = []\n*/\nselect *\nfrom silver.flights f\n\tjoin bronze.crm.customers using (id)"
    )
    assert tables(found) == [("silver.flights", 5, 6), ("bronze.crm.customers", 6, 7)]


def test_a_table_read_twice_is_told_once_where_it_stands_first(parsed: Parse) -> None:
    found = parsed("select (select max(day) from silver.flights) from silver.flights")
    assert tables(found) == [("silver.flights", 1, 30)]


def test_unquoted_names_are_taken_in_lower_case(parsed: Parse) -> None:
    assert tables(parsed("from Silver.FLIGHTS")) == [("silver.flights", 1, 6)]


def test_a_quoted_name_keeps_its_case_and_is_then_no_key(parsed: Parse) -> None:
    with pytest.raises(SqlTableNameError, match=r"`silver\.Flights`") as caught:
        parsed('select 1\nfrom silver."Flights"')
    assert where(caught.value) == (2, 6)
    assert caught.value.hint == "did you mean `silver.flights`?"


def test_ctes_are_no_tables(parsed: Parse) -> None:
    found = parsed("with a as (select 1 x), b as (select * from a) select * from b, A")
    assert tables(found) == []


def test_a_cte_is_not_seen_before_it_stands(parsed: Parse) -> None:
    with pytest.raises(SqlTableNameError, match="table `b`") as caught:
        parsed("with a as (select * from b), b as (select 1) select * from a")
    assert where(caught.value) == (1, 26)


def test_a_cte_does_not_see_itself_unless_it_is_recursive(parsed: Parse) -> None:
    query = "flights as (select 1 x union all select x from flights) select * from flights"
    assert tables(parsed(f"with recursive {query}")) == []
    with pytest.raises(SqlTableNameError) as caught:
        parsed(f"with {query}")
    assert where(caught.value) == (1, 53)


def test_a_cte_of_a_subquery_is_not_seen_outside(parsed: Parse) -> None:
    with pytest.raises(SqlTableNameError, match="table `c`") as caught:
        parsed("select * from (with c as (select 1) select * from c) x, c")
    assert where(caught.value) == (1, 57)


def test_a_cte_named_like_a_dataset_hides_no_dataset(parsed: Parse) -> None:
    found = parsed("with flights as (select * from silver.flights) select * from flights")
    assert tables(found) == [("silver.flights", 1, 32)]


def test_a_table_without_layer_suggests_the_dataset_of_that_name(parsed: Parse) -> None:
    with pytest.raises(SqlTableNameError, match="`customers` is not the key") as caught:
        parsed("/* tags = [] */\nselect 'ü' as x from customers")
    assert where(caught.value) == (2, 22)
    assert caught.value.hint == "did you mean `bronze.crm.customers`?"


def test_a_misspelt_layer_suggests_the_nearest_key(parsed: Parse) -> None:
    with pytest.raises(SqlTableNameError) as caught:
        parsed("from slver.flights")
    assert caught.value.hint == "did you mean `silver.flights`?"


def test_a_name_of_four_parts_is_no_key(parsed: Parse) -> None:
    with pytest.raises(SqlTableNameError, match=r"`bronze\.a\.b\.c`"):
        parsed("from bronze.a.b.c")


def test_the_groups_main_and_none_cannot_be_read_together(parsed: Parse) -> None:
    with pytest.raises(SqlTableNameError, match="cannot be read by one query"):
        parsed("from silver.main.x, silver.x")


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("from 'flights.csv'", 6),
        ('from "lake/x.parquet"', 6),
        ("from read_csv('x')", 6),
        ("select 1 from read_parquet(['x'])", 15),
        ("from glob('*')", 6),
        ("from query('select 1')", 6),
        ("from duckdb_settings()", 6),
        ("with a as (from parquet_scan('x')) from a", 17),
    ],
)
def test_what_is_no_dataset_is_not_read(parsed: Parse, query: str, column: int) -> None:
    with pytest.raises(SqlOutsideError) as caught:
        parsed(query)
    assert where(caught.value) == (1, column)


@pytest.mark.parametrize("call", ["range(5)", "generate_series(1, 5)", "unnest([1, 2])"])
def test_functions_that_make_rows_are_no_tables(parsed: Parse, call: str) -> None:
    assert tables(parsed(f"from {call} t(i)")) == []


def test_all_wrong_tables_are_told_at_once(parsed: Parse) -> None:
    with pytest.raises(Problems) as caught:
        parsed("from a, read_csv('x'), b")
    assert [where(error) for error in caught.value.errors] == [(1, 6), (1, 9), (1, 24)]


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "from silver.flights",
        "values (1)",
        "(select 1) union all select 2",
        "with a as (select 1) select * from a",
        "select 1;",
        "select 1;;\n-- done",
    ],
)
def test_every_form_of_query_is_one(parsed: Parse, query: str) -> None:
    assert parsed(query).statement == query.partition(";")[0]


@pytest.mark.parametrize("query", ["", " \n", "-- only a comment", ";", "/* tags = [] */"])
def test_a_file_without_query_says_so(parsed: Parse, query: str) -> None:
    with pytest.raises(NoQueryError):
        parsed(query)


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("create table x as select 1", 1),
        ("insert into silver.flights select 1", 1),
        ("copy silver.flights to 'x'", 1),
        ("explain select 1", 1),
        ("call f()", 1),
        ("set threads = 1", 1),
        ("describe silver.flights", 1),
        ("attach 'x' as y", 1),
        ("pivot silver.flights on day", 1),
        ("with x as (delete from silver.flights returning *) select * from x", 24),
    ],
)
def test_what_is_no_reading_query_is_refused(parsed: Parse, query: str, column: int) -> None:
    with pytest.raises(NotAQueryError) as caught:
        parsed(query)
    assert where(caught.value) == (1, column)


def test_a_second_statement_is_told_where_it_starts(parsed: Parse) -> None:
    with pytest.raises(SeveralQueriesError) as caught:
        parsed("/* tags = [] */ select 1; -- one\n  select 2")
    assert where(caught.value) == (2, 3)


@pytest.mark.parametrize(
    ("query", "line", "column", "message"),
    [
        ("select (1", 1, 9, "expected `)` at `1`"),
        ("select 1 from", 1, 10, "expected a table after `from`"),
        ("\n\tselect\t'ü', x frm a b c", 2, 20, "unexpected `a`"),
        ("/*\ntags = []\n*/\nselec 1", 4, 7, "unexpected `1`"),
        ("/* tags = [] */ selec 1", 1, 23, "unexpected `1`"),
        ("select 'abc", 1, 8, "a text is not closed"),
        ('select "abc', 1, 8, "a name is not closed"),
        ("select 1 - 2 / 3, 'it''s' /* x", 1, 27, "a comment is not closed"),
        ("select $$abc", 1, 8, "a text is not closed"),
    ],
)
def test_what_does_not_parse_is_told_with_line_and_column(
    parsed: Parse, *, query: str, line: int, column: int, message: str
) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        parsed(query)
    assert caught.value.message == message
    assert where(caught.value) == (line, column)


def test_parameters_are_found_once_each_outside_texts_and_comments(parsed: Parse) -> None:
    query = (
        "select $day, $carrier, '$no', $day -- $neither\nfrom silver.flights where $$ $x $$ = 'a'"
    )
    found = parsed(query)
    assert [(ref.name, ref.offset) for ref in found.parameters] == [("day", 7), ("carrier", 13)]
    assert tables(found) == [("silver.flights", 2, 6)]


@pytest.mark.parametrize("parameter", ["?", "$1"])
def test_parameters_have_names(parsed: Parse, parameter: str) -> None:
    with pytest.raises(SqlParameterError) as caught:
        parsed(f"select {parameter}")
    assert where(caught.value) == (1, 8)


@pytest.mark.parametrize(
    "other",
    [
        "SELECT a.day, Sum(delay)\nFROM silver.flights AS a -- comment\nGROUP BY a.day;",
        "/* tags = ['x'] */ select a.day,sum(delay)from /* x */ silver.flights as a group by a.day",
    ],
)
def test_layout_comments_and_keyword_case_leave_the_fingerprint(parsed: Parse, other: str) -> None:
    query = "select a.day, sum(delay) from silver.flights as a group by a.day"
    assert parsed(other).fingerprint == parsed(query).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        "select day as Day from silver.flights",
        'select day as "day" from silver.flights',
        "select day as dayy from silver.flights",
        "select 'day' as day from silver.flights",
        "select day as day from silver.odd",
        "select day as rows from silver.flights",
    ],
)
def test_what_changes_rows_or_names_changes_the_fingerprint(parsed: Parse, other: str) -> None:
    query = "select day as day from silver.flights"
    assert parsed(other).fingerprint != parsed(query).fingerprint


def test_the_fingerprint_does_not_depend_on_the_installed_parser(parsed: Parse) -> None:
    # a changed value here makes every SQL asset of every user stale: count that as breaking
    assert (
        parsed("select day from silver.flights where delay > 1").fingerprint == "22dbdac9d72e0b2e"
    )
