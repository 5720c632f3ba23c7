from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets.api import Project
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.sdk.warehouse import NOBODY
from warehouse_places import WarehousePlace, left_over
from warehouse_project import project_files

WriteProject = Callable[[Mapping[str, str]], Path]
EXPECTED = {"ann": 2.75, "bob": -1.0, None: 4.0}


def totals(rows: pl.DataFrame) -> dict[str | None, float]:
    return dict(rows.select("customer", "total").iter_rows())


def test_a_sql_asset_runs_in_the_warehouse_and_is_read_by_python(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    project = Project.load(write_project(project_files(postgres)))
    result = project.run()
    assert result.status == "succeeded", result
    facts = postgres.warehouse().look(postgres.table("gold", "totals"))
    assert facts is not None
    assert totals(project.read("gold.totals")) == EXPECTED
    assert totals(project.read("gold.report")) == EXPECTED


def test_a_second_run_finds_nothing_to_do(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    Project.load(root).run()
    assert [step.asset for step in Project.load(root).plan().steps] == []


def test_nothing_staged_or_loaded_is_left(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    Project.load(write_project(project_files(postgres))).run()
    warehouse = postgres.warehouse()
    for layer in ("bronze", "silver", "gold"):
        assert left_over(warehouse, f"{postgres.prefix}{layer}") == []
    assert warehouse.tables(f"{postgres.prefix}gold") == ["totals"]


def test_a_lost_ledger_is_made_again_from_the_comments(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    project = Project.load(root)
    project.run()
    before = project.history().lookup(project.dataset("gold.totals").key)
    project.environment.ledger_path.unlink()
    again = Project.load(root)
    again.rebuild_ledger()
    assert list(again.history().lookup(again.dataset("gold.totals").key)) == list(before)
    assert list(again.plan().steps) == []


def test_a_table_that_is_gone_is_made_again(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    Project.load(root).run()
    postgres.warehouse().execute(f'DROP TABLE "{postgres.prefix}gold"."totals"', NOBODY)
    assert [step.asset for step in Project.load(root).plan("gold.totals").steps] == ["totals"]


def test_what_a_step_cost_is_in_the_ledger(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    project = Project.load(write_project(project_files(postgres)))
    project.run()
    with Ledger.open(project.environment.ledger_path) as ledger:
        (step,) = ledger.history(project.dataset("gold.totals").key, 5)
    assert step.work is not None
    assert step.work["rows"] == 3
    assert isinstance(step.work["elapsed_ms"], int)


def test_a_broken_rule_leaves_the_table_as_it_was(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    Project.load(root).run()
    query = root / "assets/gold/totals.sql"
    query.write_text(query.read_text().replace("count(*)", "count(*) - 1"))
    project = Project.load(root)
    result = project.run()
    assert result.status == "failed"
    assert result.errors[0].code == "FF-710"
    assert totals(project.read("gold.totals")) == EXPECTED
    assert postgres.warehouse().tables(f"{postgres.prefix}gold") == ["totals"]


def test_a_check_of_python_sees_the_staged_rows(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    more = """

@check
def nobody_owes(totals: Frame[Totals]) -> BadRows[Totals]:
    return totals.filter(pl.col("total") < 0)
"""
    result = Project.load(write_project(project_files(postgres, more=more))).run()
    assert [error.code for error in result.errors] == ["FF-712"]
    assert postgres.warehouse().look(postgres.table("gold", "totals")) is None


def test_changed_columns_replace_the_table(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    root = write_project(project_files(postgres))
    Project.load(root).run()
    query = root / "assets/gold/totals.sql"
    query.write_text(query.read_text().replace("sum(amount)", "max(day) AS newest, sum(amount)"))
    shop = root / "shop.py"
    old = "    total: Col[float] = col()\n\n\n@asset\ndef report"
    shop.write_text(shop.read_text().replace(old, f"    newest: Col[date] = col()\n{old}"))
    project = Project.load(root)
    assert project.run().status == "succeeded"
    assert "newest" in project.read("gold.totals").columns


def test_without_a_warehouse_the_asset_runs_here(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    files = project_files(postgres)
    files["flowforge.toml"] = '[project]\nname = "shop"\nmodules = ["shop"]\n'
    project = Project.load(write_project(files))
    plan = project.plan()
    assert plan.as_json()["runs_in"] == {"totals": "duckdb"}
    assert "`totals` runs in DuckDB: `dev` has no warehouse" in plan.notes
    assert project.run().status == "succeeded"
    assert totals(project.read("gold.totals")) == EXPECTED


def test_the_plan_says_which_warehouse_an_asset_runs_in(
    postgres: WarehousePlace, write_project: WriteProject
) -> None:
    plan = Project.load(write_project(project_files(postgres))).plan()
    assert plan.as_json()["runs_in"] == {"totals": "postgres"}
    assert "`totals` runs in the warehouse, postgres" in plan.notes


@pytest.mark.parametrize("write", ["append", "merge", "insert"])
def test_each_way_of_writing_makes_the_rows_that_it_makes_here(
    write: str, postgres: WarehousePlace, write_project: WriteProject
) -> None:
    query = f"""/*
warehouse = true
write = "{write}"
per = {{ daily = "2026-01-01", end = "2026-01-03", column = "day" }}
{"" if write == "append" else 'key = ["customer"]'}
*/
SELECT coalesce(customer, 'nobody') AS customer, sum(amount) AS total
FROM bronze.orders WHERE day = $day
GROUP BY ALL
"""  # noqa: S608 - no query yet, but a file
    files = project_files(postgres)
    files["assets/gold/balances.sql"] = query
    root = write_project(files)
    there_project = Project.load(root)
    assert there_project.run("+gold.balances").status == "succeeded"
    there = there_project.read("gold.balances")
    (root / "flowforge.toml").write_text('[project]\nname = "shop"\nmodules = ["shop"]\n')
    local = Project.load(root, folder=root / "local")
    assert local.run("+gold.balances").status == "succeeded"
    assert there.sort(pl.all()).equals(local.read("gold.balances").sort(pl.all()))
