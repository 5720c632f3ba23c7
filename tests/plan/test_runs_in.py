from __future__ import annotations

from flowforge_assets.plan.runs_in import told_engines


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
