"""The example project without any Python: what its user would see."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from flowforge_assets import Project
from flowforge_assets.execute.sql_tests import run_sql_tests

JAFFLE = Path(__file__).parents[2] / "projects" / "jaffle"


@pytest.fixture
def jaffle(tmp_path: Path) -> Project:
    folder = tmp_path / "jaffle"
    shutil.copytree(JAFFLE, folder, ignore=shutil.ignore_patterns(".flowforge"))
    return Project.load(folder)


def total(project: Project, dataset: str, column: str) -> Decimal:
    values: list[Decimal | int] = project.read(dataset)[column].to_list()
    return Decimal(sum(values))


def test_there_is_no_python_in_it() -> None:
    assert not list(JAFFLE.rglob("*.py"))


def test_six_seeds_and_twelve_models_are_well(jaffle: Project) -> None:
    assert len(jaffle.select("kind:seed")) == 6
    assert len(jaffle.select("kind:sql")) == 12
    report = jaffle.check()
    assert (report.errors, report.not_checked) == ((), {})


def test_its_unit_tests_pass(jaffle: Project) -> None:
    found = run_sql_tests(jaffle.graph, jaffle.root, jaffle.graph.assets)
    assert len(found) == 7
    assert [(each.name, each.difference) for each in found if not each.passed] == []


def test_it_is_made_whole_and_then_fresh(jaffle: Project) -> None:
    result = jaffle.run()
    assert (result.status, result.made) == ("succeeded", 18)
    assert not jaffle.plan().steps
    assert total(jaffle, "gold.customers", "spent") == total(jaffle, "gold.orders", "total")
    assert total(jaffle, "gold.store_months", "orders") == 300
    assert jaffle.read("gold.regulars").height == 18  # a view


def test_a_new_row_of_a_seed_goes_through_to_the_reports(jaffle: Project) -> None:
    jaffle.run()
    sold = total(jaffle, "gold.products", "sold")
    with (jaffle.root / "assets/bronze/items.csv").open("a", encoding="utf-8") as file:
        file.write("548,300,BEV-001\n")
    again = Project.load(jaffle.root)
    assert again.run().status == "succeeded"
    assert total(again, "gold.products", "sold") == sold + 1
