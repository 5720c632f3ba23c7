"""SQL that is wrong: what is said, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.sql import (
    NoQueryError,
    NotAQueryError,
    SeveralQueriesError,
    SqlBindError,
    SqlColumnError,
    SqlInputMissingError,
    SqlSyntaxError,
)
from flowforge_assets.sql import Refusal, emit

SCHEMA = {
    "orders": {"id": "INTEGER", "city": "VARCHAR", "price": "DOUBLE", "h": "HUGEINT", "l": "BLOB"},
    "cities": {"city": "VARCHAR", "people": "INTEGER"},
}


@pytest.fixture
def check(tmp_path: Path) -> Callable[[str], FlowForgeError]:
    """What a project says of a query over `bronze.orders` and `bronze.cities`."""

    def checked(query: str) -> FlowForgeError:
        for name, text in {
            "flowforge.toml": '[project]\nname = "shop"\n',
            "assets/bronze/orders.csv": "id,city,price\n1,Bern,2.5\n",
            "assets/bronze/cities.csv": "city,people\nBern,3\n",
            "assets/silver/x.sql": query,
        }.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        with pytest.raises(FlowForgeError) as caught:
            Project.load(tmp_path)
        return caught.value

    return checked


def refused(sql: str, target: str = "snowflake") -> Refusal:
    found = emit(sql, schema=SCHEMA, target=target)
    assert found.text is None
    return found.refusals[0]


@pytest.mark.parametrize(
    ("query", "error", "said", "place", "hint"),
    [
        ("SELECT id,\n  city FORM bronze.orders", SqlSyntaxError, "unexpected", (2, 13), "DuckDB"),
        ("SELECT id FROM bronze.ordres", SqlInputMissingError, "bronze.ordres", (1, 16), "orders"),
        ("SELECT id, ctiy FROM bronze.orders", SqlColumnError, "`ctiy`", (1, 12), "`city`"),
        ("SELECT o.ctiy FROM bronze.orders o", SqlColumnError, "`ctiy`", (1, 8), "`city`"),
        (
            "SELECT city FROM bronze.orders JOIN bronze.cities ON true",
            SqlBindError,
            "[Aa]mbiguous",
            (1, 8),
            None,
        ),
        ("-- nothing", NoQueryError, "no query", (1, 11), "SELECT"),
        ("DELETE FROM bronze.orders", NotAQueryError, "only reads", (1, 1), "SELECT"),
        ("CREATE TABLE x AS SELECT 1", NotAQueryError, "only reads", (1, 1), "SELECT"),
        ("SELECT 1 AS a; SELECT 2", SeveralQueriesError, "more than one", (1, 16), "file"),
    ],
)
def test_a_query_that_is_wrong_is_told_where_it_is_wrong(
    check: Callable[[str], FlowForgeError],
    query: str,
    error: type[FlowForgeError],
    said: str,
    place: tuple[int, int],
    hint: str | None,
) -> None:
    found = check(query)
    assert isinstance(found, error)
    with pytest.raises(error, match=said):
        raise found
    assert found.place is not None
    assert (found.place.line, found.place.column) == place
    assert hint is None or hint in (found.hint or "")


def test_a_query_that_does_not_parse_shows_a_caret(check: Callable[[str], FlowForgeError]) -> None:
    shown = check("SELECT id,\n  city FORM bronze.orders").render().splitlines()
    assert shown[1].endswith("city FORM bronze.orders")
    assert shown[2].index("^") == shown[1].index("bronze.orders")
    assert shown[2].strip() == "^"


def test_queries_that_read_each_other_through_a_view_are_a_circle(tmp_path: Path) -> None:
    for name, text in {
        "flowforge.toml": '[project]\nname = "shop"\n',
        "assets/silver/a.sql": '/* write = "view" */ SELECT id FROM silver.b',
        "assets/silver/b.sql": "SELECT id FROM silver.a",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with pytest.raises(
        FlowForgeError, match=r"silver\.a.*silver\.b|silver\.b.*silver\.a"
    ) as caught:
        Project.load(tmp_path)
    assert caught.value.code == "FF-203" or "circle" in caught.value.message


@pytest.mark.parametrize(
    ("sql", "target", "code", "said"),
    [
        ("SELECT nothing FROM orders", "snowflake", "FF-455", "nothing"),
        ("SELECT id FROM nowhere", "snowflake", "FF-455", "nowhere"),
        ("SELECT city FROM orders JOIN cities ON true", "snowflake", "FF-455", "ambiguous"),
        ("SELECT l FROM orders", "bigquery", "FF-453", "`l`"),
        ("SELECT id AS a{300} FROM orders", "snowflake", "FF-455", "too long"),
        ("SELECT id AS a{64} FROM orders", "postgres", "FF-455", "too long"),
        ("SELECT id AS a{130} FROM orders", "synapse", "FF-455", "too long"),
        ("INSERT INTO orders SELECT * FROM orders", "redshift", "FF-412", "only reads"),
        ("SELECT 1; SELECT 2", "fabric", "FF-413", "more than one"),
        ("  ", "databricks", "FF-411", "no query"),
    ],
)
def test_emit_refuses_what_is_wrong_where_it_stands(
    sql: str, target: str, code: str, said: str
) -> None:
    found = refused(re.sub(r"a\{(\d+)\}", lambda long: "a" * int(long[1]), sql), target)
    assert (found.code, said in found.message.lower()) == (code, True)
    assert found.line == 1
    assert found.hint


@pytest.mark.parametrize("target", ["snowflake", "bigquery", "redshift", "synapse", "databricks"])
def test_a_reserved_word_is_a_name_since_all_names_are_quoted(target: str) -> None:
    sql = 'SELECT id AS "select", city AS "order" FROM orders AS "group"'
    found = emit(sql, schema=SCHEMA, target=target)
    assert found.text is not None
    assert [name for name, _ in found.columns] == ["select", "order"]
    assert " select" not in found.text.replace("SELECT", "")


def test_emit_raises_for_what_does_not_parse_with_place_and_caret() -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        emit("SELECT id,\n  price + FROM orders", schema=SCHEMA, target="snowflake")
    assert caught.value.place is not None
    assert caught.value.place.line == 2
    assert caught.value.render().splitlines()[2].strip() == "^"


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT prcie FROM orders", "did you mean `price`?"),
        ("SELECT id FROM odrers", "did you mean `orders`?"),
    ],
)
def test_emit_names_what_is_near_to_a_name_that_is_not_there(sql: str, hint: str) -> None:
    assert refused(sql).hint == hint
