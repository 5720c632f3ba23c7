from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from flowforge_assets.api import Project
from flowforge_assets.plan.runs_in import told_acceptances, told_engines


def test_a_plan_tells_where_its_sql_runs() -> None:
    assert list(told_engines({"totals": "postgres", "best": "postgres"}, "prod")) == [
        "`totals`, `best` run in the warehouse, postgres"
    ]


def test_an_environment_without_a_warehouse_is_named() -> None:
    assert list(told_engines({"totals": "duckdb"}, "dev")) == [
        "`totals` runs in DuckDB: `dev` has no warehouse"
    ]


def test_many_assets_are_counted() -> None:
    engines = {f"t{number}": "duckdb" for number in range(4)}
    assert list(told_engines(engines, "dev")) == ["4 assets run in DuckDB: `dev` has no warehouse"]


def test_nothing_is_told_where_nothing_asks_for_a_warehouse() -> None:
    assert list(told_engines({}, "dev")) == []


def test_what_a_query_accepts_in_a_warehouse_is_told_with_its_place(
    write_project: Callable[[Mapping[str, str]], Path],
) -> None:
    query = """/*
warehouse = {warehouse}
*/
SELECT
  id,
  md5(city) AS place  -- ff: accept FF-451 no city has 8,000 letters
FROM bronze.shops
"""
    root = write_project(
        {
            "flowforge.toml": '[project]\nname = "till"\n',
            "assets/bronze/shops.csv": "id,city\n1,Bonn\n",
            "assets/gold/there.sql": query.format(warehouse="true"),
            "assets/gold/here.sql": query.format(warehouse="false"),
        }
    )
    graph = Project.load(root).graph
    assert list(told_acceptances(graph, graph.assets)) == [
        "`there` accepts FF-451 at assets/gold/there.sql:6: no city has 8,000 letters"
    ]
