from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from flowforge_assets.sql.asked_values import AskedValues, asked_values, passing
from flowforge_assets.sql.file import read_sql_file
from flowforge_assets.sql.parse import parse
from flowforge_assets.sql.result import ParameterValue

Ask = Callable[..., AskedValues]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """`ask(sql)`: what the query asks of columns."""

    def asked(
        sql: str, parameters: Mapping[str, ParameterValue] | None = None, *also: str
    ) -> AskedValues:
        path = tmp_path / "query.sql"
        path.write_text(sql)
        return asked_values(
            parse(read_sql_file(path, shown_as="query.sql")), parameters or {}, also=also
        )

    return asked


def test_constants_go_to_the_columns_that_they_meet(ask: Ask) -> None:
    found = ask(
        "SELECT CASE kind WHEN 'a' THEN 1 END AS k FROM bronze.t\n"
        "WHERE day >= DATE '2024-01-01' + INTERVAL 1 MONTH AND name LIKE 'x%' AND n IN (3, -4)\n"
    ).constants
    assert found["name"] == ("x", "xzz")
    assert found["n"] == (3, -4)
    assert found["kind"][0] == "a"
    assert [str(value)[:10] for value in found["day"]] == ["2024-02-01"]


def test_what_is_asked_of_a_new_name_is_asked_of_what_it_comes_from(ask: Ask) -> None:
    found = ask(
        "WITH sums AS (SELECT sum(price * pieces) AS worth FROM bronze.t GROUP BY kind)\n"
        "SELECT worth AS total FROM sums WHERE worth > 300\n"
    )
    assert found.constants["price"] == found.constants["pieces"] == (300,)


def test_conditions_on_one_column_can_be_asked_of_values(ask: Ask) -> None:
    found = ask("SELECT 1 AS one FROM bronze.t AS t WHERE t.n BETWEEN 2 AND 5 AND lower(s) = 'b'")
    assert passing(found.conditions["n"], [1, 2, 9], "INTEGER") == [(1, 0), (2, 1), (9, 0)]
    assert passing(found.conditions["s"], ["B", "c", None], "VARCHAR") == [
        ("B", 1), ("c", 0), (None, 0),
    ]  # fmt: skip


def test_a_condition_of_another_type_counts_for_nothing(ask: Ask) -> None:
    found = ask("SELECT 1 AS one FROM bronze.t WHERE n > DATE '2024-01-01'")
    assert passing(found.conditions["n"], [True], "BOOLEAN") == [(True, 0)]


def test_a_parameter_is_the_constant_that_it_stands_for(ask: Ask) -> None:
    found = ask("SELECT 1 AS one FROM bronze.t WHERE day = $day", {"day": date(2024, 3, 1)})
    assert found.constants["day"] == (date(2024, 3, 1),)


def test_what_inputs_are_restricted_to_is_asked_too(ask: Ask) -> None:
    found = ask("SELECT 1 AS one FROM bronze.t", None, "\"day\" >= DATE '2024-03-01'")
    assert found.constants["day"] == (date(2024, 3, 1),)
    assert len(found.conditions["day"]) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS one FROM bronze.a JOIN bronze.b ON a.x = lower(b.y)",
        "SELECT 1 AS one FROM bronze.a WHERE x IN (SELECT y FROM bronze.b)",
        "SELECT x FROM bronze.a EXCEPT SELECT y FROM bronze.b",
        "SELECT 1 AS one FROM bronze.a WHERE EXISTS (SELECT 1 FROM bronze.b WHERE y = x)",
        "WITH c AS (SELECT y AS z FROM bronze.b) SELECT 1 AS one FROM bronze.a JOIN c ON x = z",
    ],
)
def test_columns_that_are_compared_share_their_values(ask: Ask, sql: str) -> None:
    assert any({"x", "y"} <= group for group in ask(sql).shared)


def test_columns_of_using_share_theirs(ask: Ask) -> None:
    assert ask("SELECT 1 AS one FROM bronze.a JOIN bronze.b USING (id)").shared == (
        frozenset({"id"}),
    )


def test_columns_that_order_rows_are_known(ask: Ask) -> None:
    found = ask("SELECT row_number() OVER (ORDER BY day) AS n FROM bronze.t ORDER BY name")
    assert found.ordering == {"day", "name"}
