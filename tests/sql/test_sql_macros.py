"""Macros of a project: read, written out where they are called, refused where they mislead."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.sql import SqlSyntaxError
from flowforge_assets.errors.sql_language import (
    SqlMacroCallError,
    SqlMacroCaptureError,
    SqlMacroCycleError,
    SqlMacroFileError,
    SqlMacroNameError,
)
from flowforge_assets.sql.file import SqlFile, read_sql_file, read_sql_text
from flowforge_assets.sql.macros import Macros, macros_of, read_macros
from flowforge_assets.sql.parse import ParsedSql, parse
from flowforge_assets.sql.written import Written

MACROS = """\
-- what the tax office asks
CREATE MACRO net(gross, vat := 0.19) AS gross / (1 + vat); -- behind it
CREATE OR REPLACE MACRO both(x) AS net(x) + net(x, vat := 0.0);
CREATE MACRO year_format() AS '%Y';
CREATE FUNCTION recent(n) AS TABLE
  SELECT * FROM silver.orders o WHERE o.age < n;
CREATE MACRO dearest(i) AS (SELECT max(p.price) FROM silver.prices p WHERE p.id = i);
CREATE MACRO above(items, least) AS list_filter(items, y -> y > least);
CREATE MACRO square(x) AS x * x;
"""


def macros(text: str = MACROS) -> Macros:
    return macros_of([Written("macros/m.sql", text)])


def file(query: str, text: str = MACROS) -> SqlFile:
    return read_sql_text(query, path=Path("x.sql"), shown_as="x.sql", macros=macros(text))


def parsed(query: str, text: str = MACROS) -> ParsedSql:
    return parse(file(query, text))


def expanded(query: str, text: str = MACROS) -> str:
    return parsed(query, text).statement


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("net(a + 1)", "((a + 1) / (1 + 0.19))"),
        ("NET ( a, 0.07 )", "(a / (1 + 0.07))"),
        ("net(vat := 0.07, gross := a)", "(a / (1 + 0.07))"),
        ("net(a, vat => 0.07)", "(a / (1 + 0.07))"),
        ("both(t.b)", "((t.b / (1 + 0.19)) + (t.b / (1 + 0.0)))"),
        ("square(square(2))", "((2 * 2) * (2 * 2))"),
        ("strftime(d, year_format())", "strftime(d, '%Y')"),
        ("above([1, 2], b)", "(list_filter(([1, 2]), y -> y > b))"),
        ("net(coalesce(a, (1)), 2)", "((coalesce(a, (1))) / (1 + 2))"),
        ("'net(1)' || x.net(1)", "'net(1)' || x.net(1)"),
    ],
)
def test_a_call_stands_for_the_body_with_the_arguments_in_it(call: str, written: str) -> None:
    query = expanded(f"SELECT {call} AS r").removeprefix("SELECT ").removesuffix(" AS r")
    assert query.replace("((2 * 2))", "(2 * 2)") == written


def test_a_table_macro_is_a_query_in_from_named_as_it_is() -> None:
    text = "CREATE MACRO recent(n) AS TABLE SELECT * FROM silver.orders o WHERE o.age < n"
    inner = "(SELECT * FROM silver.orders o WHERE o.age < 3)"
    assert expanded("FROM recent(3)", text) == f'FROM {inner} AS "recent"'
    assert expanded("FROM recent(3) r WHERE r.a", text) == f"FROM {inner} r WHERE r.a"
    joined = expanded("FROM silver.t JOIN recent(3) AS r USING (id)", text)
    assert joined == f"FROM silver.t JOIN {inner} AS r USING (id)"


def test_the_datasets_that_a_macro_reads_are_inputs_of_its_caller() -> None:
    found = parsed("SELECT id,\n dearest(t.id) FROM silver.t")
    assert [(ref.name, ref.line, ref.column) for ref in found.tables] == [
        ("silver.prices", 2, 2),  # where the macro is called
        ("silver.t", 2, 21),
    ]


def test_a_comment_in_an_argument_does_not_swallow_the_rest() -> None:
    assert expanded("SELECT net(a -- of the line\n, 1)") == "SELECT (a / (1 + 1))"


@pytest.mark.parametrize(
    ("query", "error", "said", "place"),
    [
        ("SELECT net()", SqlMacroCallError, "is not given `gross`", "x.sql:1:8"),
        ("SELECT net(1, 2, 3)", SqlMacroCallError, "more arguments", "x.sql:1:18"),
        ("SELECT net(1, va := 2)", SqlMacroCallError, "given `va`", "x.sql:1:15"),
        ("SELECT net(1, gross := 2)", SqlMacroCallError, "`gross` twice", "x.sql:1:15"),
        ("SELECT dearest(id) FROM silver.t", SqlMacroCaptureError, "`id` would", "x.sql:1:16"),
        ("SELECT dearest(p.id) FROM silver.p", SqlMacroCaptureError, "`p` would", "x.sql:1:16"),
        ("SELECT above(l, y) FROM silver.t", SqlMacroCaptureError, "`y` would", "x.sql:1:17"),
        ("SELECT square(random())", SqlMacroCaptureError, "differs each time", "x.sql:1:8"),
    ],
)
def test_a_call_that_would_mislead_is_refused_where_it_stands(
    query: str, error: type[FlowForgeError], said: str, place: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        parsed(query)
    assert caught.value.place is not None
    assert f"{caught.value.place}".startswith(place)
    assert caught.value.hint


def test_a_call_with_too_few_arguments_says_where_the_macro_stands() -> None:
    with pytest.raises(SqlMacroCallError) as caught:
        parsed("SELECT net()")
    assert caught.value.hint == "it is `net(gross, vat := 0.19)`, declared at macros/m.sql:2"


@pytest.mark.parametrize(
    ("text", "error", "said", "column"),
    [
        ("CREATE MACRO m(x) AS x + price", SqlMacroNameError, "uses `price`", 26),
        ("CREATE MACRO m(x) AS x + t.price", SqlMacroNameError, "uses `t`", 26),
        ("CREATE MACRO m() AS (SELECT 1 FROM cte)", SqlMacroNameError, "table `cte`", 36),
        ("CREATE MACRO m() AS $day", SqlMacroNameError, "asks for a parameter", 1),
        ("CREATE MACRO m(x) AS x +", SqlMacroFileError, "is no expression", 22),
        ("CREATE MACRO m(x) AS TABLE x + 1", SqlMacroFileError, "is no query", 28),
        ("CREATE MACRO m(x) AS n(x); CREATE MACRO n(x) AS m(x)", SqlMacroCycleError, "circle", 49),
        ("CREATE MACRO m(x) AS m(x)", SqlMacroCycleError, "`m` -> `m`", 22),
    ],
)
def test_a_macro_that_is_wrong_is_told_at_its_own_place(
    text: str, error: type[FlowForgeError], said: str, column: int
) -> None:
    call = "SELECT m(1)" if "m(x)" in text else "SELECT m()"
    call = call if "TABLE" not in text else "FROM m(1)"
    with pytest.raises(error, match=said) as caught:
        parsed(call, text)
    place = caught.value.place
    assert place is not None
    assert (place.file, place.line, place.column) == ("macros/m.sql", 1, column)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT 1", "expected `create`"),
        ("CREATE TABLE t (a INT)", "this is no macro"),
        ("CREATE MACRO m AS 1", r"expected `\(`"),
        ("CREATE MACRO m(a, a) AS 1", "two parameters are named `a`"),
        ("CREATE MACRO m(a :=) AS 1", "no default"),
        ("CREATE MACRO m(a) AS", "has no body"),
        ("CREATE MACRO m() AS 1; CREATE MACRO M() AS 2", "two macros are named `m`"),
    ],
)
def test_a_file_that_holds_anything_but_macros_is_an_error(text: str, said: str) -> None:
    (error,) = macros(text).errors
    assert isinstance(error, SqlMacroFileError)
    with pytest.raises(SqlMacroFileError, match=said):
        raise error


def test_an_error_behind_a_macro_points_into_the_file_as_it_is_written() -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        parsed("SELECT net(a),\n  b + FROM silver.t")
    assert caught.value.place is not None
    assert (caught.value.place.line, caught.value.place.column) == (2, 7)


def test_only_the_macros_that_a_query_may_call_count_for_its_digest() -> None:
    changed = MACROS.replace("x * x", "x * x * 1")
    for query, is_same in (("SELECT net(1)", True), ("SELECT square(1)", False)):
        before, after = file(query), file(query, changed)
        assert (before.digest == after.digest) is is_same
        assert (parse(before).fingerprint == parse(after).fingerprint) is is_same


def test_a_macro_that_another_calls_counts_too() -> None:
    changed = MACROS.replace("vat := 0.19", "vat := 0.2")
    assert parsed("SELECT both(1)").fingerprint != parsed("SELECT both(1)", changed).fingerprint


def test_layout_and_comments_of_a_macro_do_not_count() -> None:
    changed = MACROS.replace("gross / (1 + vat)", "gross  /\n ( 1 + vat ) /* net */")
    assert parsed("SELECT net(1)").fingerprint == parsed("SELECT net(1)", changed).fingerprint


def test_the_macros_of_a_project_are_those_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "macros").mkdir()
    (tmp_path / "assets" / "gold").mkdir(parents=True)
    (tmp_path / "macros" / "a.sql").write_text("CREATE MACRO one() AS 1;")
    (tmp_path / "macros" / "b.sql").write_bytes(b"CREATE MACRO \xff() AS 1;")
    query = tmp_path / "assets" / "gold" / "x.sql"
    query.write_text("SELECT one() AS a")
    assert parse(read_sql_file(query, shown_as="assets/gold/x.sql")).statement == "SELECT 1 AS a"
    found = read_macros(tmp_path)
    assert list(found.by_name) == ["one"]
    assert [error.message for error in found.errors] == ["`macros/b.sql` cannot be read"]
    (tmp_path / "macros" / "a.sql").write_text("CREATE MACRO one() AS 1 + 0;")
    assert parse(read_sql_file(query, shown_as="assets/gold/x.sql")).statement == (
        "SELECT (1 + 0) AS a"
    )
