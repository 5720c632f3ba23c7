from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from flowforge_assets.api import Project
from flowforge_assets.compile.project_sql import ProjectSql
from flowforge_assets.errors.sql_parity import (
    ParityColumnsError,
    ParityRowsError,
    ParityStatementError,
)
from flowforge_assets.execute.parity import ParityFinding, compared, load, parity
from flowforge_assets.execute.parity_difference import is_same_order, is_vacuous, rows_apart
from flowforge_assets.execute.parity_fixture import fixtures
from flowforge_assets.execute.parity_place import duckdb_place
from flowforge_assets.execute.parity_query import ParityQuery
from flowforge_assets.sql.engine import SqlEngine

WriteProject = Callable[[Mapping[str, str]], Path]
Find = Callable[..., ParityFinding]

_TABLE: Final = """
from datetime import date

import polars as pl

from flowforge_assets import Bronze, Col, Int32, Table, asset, col, key


class T(Bronze):
    id: Col[int] = key()
    g: Col[str | None] = col()
    n: Col[Int32 | None] = col()
    x: Col[float | None] = col()
    day: Col[date] = col()
    extra: Col[list[int]] = col()


@asset
def t() -> Table[T]:
    raise NotImplementedError
"""
SUMS: Final = (
    "SELECT g, sum(n)::BIGINT AS n, avg(x) AS x FROM bronze.t GROUP BY g ORDER BY g DESC\n"
)
DAYS: Final = """/*
partition = { daily = "2024-01-01", end = "2024-12-31", column = "day" }
*/
SELECT $day AS day, count(*) AS c FROM bronze.t WHERE day = $day
"""


@pytest.fixture
def project(write_project: WriteProject) -> Callable[[str], Project]:
    """`project(query)`: one with that query beside a table."""

    def made(query: str) -> Project:
        files = {
            "flowforge.toml": '[project]\nname = "p"\nmodules = ["tables"]\n',
            "tables.py": _TABLE,
            "assets/gold/q.sql": query,
        }
        return Project.load(write_project(files))

    return made


@pytest.fixture
def find(project: Callable[[str], Project]) -> Find:
    """`find(query, target)`: what parity finds of it."""

    def found(query: str, target: str = "duckdb", **options: int) -> ParityFinding:
        loaded = project(query)
        source = ProjectSql(loaded.graph, target, loaded.clock())
        asset = loaded.graph.assets[loaded.dataset("gold.q").key]
        (finding,) = parity(source, [asset], None, **options)
        return finding

    return found


def test_a_query_that_gives_the_same_rows_is_verified(find: Find) -> None:
    found = find(SUMS)
    assert (found.verdict, found.reason, found.error) == ("verified", "", None)
    assert found.rows > 2
    assert found.engine.startswith("DuckDB")


def test_the_same_seed_finds_the_same(find: Find) -> None:
    assert replace(find(SUMS), asset=None) == replace(find(SUMS), asset=None)  # type: ignore[arg-type] # not compared
    assert find(SUMS, seed=5).seed >= 5


def test_what_is_refused_is_not_verified(find: Find) -> None:
    found = find("SELECT mode(g) AS g FROM bronze.t", "bigquery")
    assert found.verdict == "unverified"
    assert found.reason.startswith("FF-450 assets/gold/q.sql:1:")


@pytest.mark.parametrize("target", ["snowflake", "bigquery", "redshift", "synapse", "databricks"])
def test_without_a_warehouse_the_grammar_is_all_there_is(find: Find, target: str) -> None:
    found = find(SUMS, target)
    assert (found.verdict, found.rows) == ("parsed only", 0)
    assert found.reason == "the environment has no warehouse"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT id FROM bronze.t WHERE n > 5 AND n < 5", "FF-470"),
        (
            "SELECT count(*) AS c, sum(n)::BIGINT AS s FROM bronze.t WHERE n IS NULL AND n = 1",
            "FF-470",
        ),
        (
            "SELECT id, row_number() OVER (ORDER BY id IS NULL) AS r FROM bronze.t",
            "FF-471",
        ),
        ("SELECT CAST(g || 'z' AS INTEGER) AS r FROM bronze.t", "FF-472"),
    ],
)
def test_what_proves_nothing_is_unverified(find: Find, query: str, reason: str) -> None:
    found = find(query)
    assert (found.verdict, found.reason[:6]) == ("unverified", reason)


def test_rows_that_ties_make_uncertain_are_compared_without_ties(find: Find) -> None:
    found = find(
        "SELECT g, n, row_number() OVER (ORDER BY n) AS r FROM bronze.t WHERE n IS NOT NULL"
    )
    assert found.verdict == "verified"


def test_extremes_that_stop_the_query_are_left_out(find: Find) -> None:
    found = find("SELECT id, (n * n)::INTEGER AS r FROM bronze.t WHERE n IS NOT NULL")
    assert found.verdict == "verified"


def test_a_column_that_is_always_null_is_told(find: Find) -> None:
    found = find("SELECT id, CASE WHEN id < id THEN n END AS never FROM bronze.t")
    assert (found.verdict, found.reason) == ("verified", "`never` is null in each row")


def test_a_query_that_asks_for_its_partition_has_one(find: Find) -> None:
    assert find(DAYS).verdict == "verified"


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("SUM(", "MAX(", ParityRowsError),
        ("AVG(", "SUM(", ParityRowsError),
        ("GROUP BY", "WHERE g <> 'a' GROUP BY", ParityRowsError),
        ("CAST(SUM(", "CAST(1.0 * SUM(", None),
        ("AS BIGINT)", "AS VARCHAR)", ParityColumnsError),
        ("GROUP BY", "GROUPED BY", ParityStatementError),
    ],
)
def test_a_text_that_says_something_else_is_caught(
    project: Callable[[str], Project], right: str, wrong: str, error: type[Exception] | None
) -> None:
    loaded = project(SUMS)
    source = ProjectSql(loaded.graph, "duckdb", loaded.clock())
    asset = loaded.graph.assets[loaded.dataset("gold.q").key]
    query = ParityQuery.of(source, asset, "parity")
    emitted = query.emitted()
    assert emitted.text is not None
    assert right in emitted.text
    changed = replace(emitted, text=emitted.text.replace(right, wrong, 1))
    with SqlEngine() as engine, duckdb_place() as place:
        fixture = next(fixtures(query, engine, seed=0, rows=24))
        load(query, fixture, place)
        if error is None:
            compared(query, changed, fixture, place)
            return
        with pytest.raises(error) as caught:
            compared(query, changed, fixture, place)
    if isinstance(caught.value, ParityRowsError):
        assert {line[0] for line in caught.value.lines} >= {"-"}


# --- rows -----------------------------------------------------------------------------------------


def test_rows_are_bags_and_floats_are_near() -> None:
    wanted = [(1, 0.1 + 0.2, "a"), (1, None, "b"), (1, None, "b")]
    assert rows_apart("nxs", wanted, [(1, None, "b"), (1, 0.3, "a"), (1, None, "b")]) is None
    apart = rows_apart("nxs", wanted, [(1, None, "b"), (1, 0.3001, "a")])
    assert apart is not None
    assert apart.lines == [
        '- n=1, x=0.30000000000000004, s="a"',
        '- n=1, x=null, s="b"',
        '+ n=1, x=0.3001, s="a"',
    ]


def test_a_truth_is_no_number_and_a_missing_text_not_an_empty_one() -> None:
    assert rows_apart("a", [(True,)], [(1,)]) is not None
    assert rows_apart("a", [(None,)], [("",)]) is not None
    assert rows_apart("a", [(float("nan"),)], [(float("nan"),)]) is None


def test_order_is_that_of_the_keys() -> None:
    assert is_same_order([(1,), (1,), (None,)], [(1,), (1,), (None,)])
    assert not is_same_order([(1,), (None,)], [(None,), (1,)])


@pytest.mark.parametrize("rows", [[], [(None, None)], [(0, None), (0, "")]])
def test_nothing_but_nulls_and_zeros_proves_nothing(rows: list[tuple[object, ...]]) -> None:
    assert is_vacuous(rows)
    assert not is_vacuous([*rows, (1, None)])
