from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.project import NeverMadeHereError, UsedProjectError
from flowforge_assets.errors.sql import SqlInputMissingError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.doctor import project_health
from flowforge_assets.project.sync import sync
from flowforge_assets.sql.analysis import SqlAnalysis

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
FINANCE = """
from datetime import date

import polars as pl

from flowforge_assets import Col, Daily, Frame, Gold, Table, asset, col, key

DAY = Daily("2026-01-01", "2026-01-03")


class Revenue(Gold, partition=DAY.on("day")):
    day: Col[date] = key()
    euros: Col[float] = col(ge=0)


class Seen(Gold):
    days: Col[int] = col()


@asset
def revenue(day: date) -> Table[Revenue]:
    return pl.DataFrame({"day": [day], "euros": [FACTOR * day.day]})


@asset(write="view")
def seen(revenue: Frame[Revenue]) -> Frame[Seen]:
    return revenue.select(days=pl.len().cast(pl.Int64))
"""
SHOP = """
import polars as pl
from finance_of_others.datasets import Revenue

from flowforge_assets import Col, Frame, Gold, Shape, asset, col


class Costs(Gold, name="revenue"):
    euros: Col[float] = col()


@asset
def costs(theirs: Frame[Revenue]) -> Frame[Costs]:
    return theirs.select(euros=Revenue.euros.sum() / 2)
"""
BY_SQL = 'select sum(r.euros) as euros from "finance/gold.revenue" as r'
FILES = {
    "finance/flowforge.toml": '[project]\nmodules = ["finance_of_others"]\n[env.prod]\n',
    "finance/finance_of_others/__init__.py": "",
    "finance/finance_of_others/datasets.py": FINANCE.replace("FACTOR", "1.0"),
    "shop/flowforge.toml": '[project]\nmodules = ["shop_of_ours"]\n'
    '[uses.finance]\npath = "../finance"\n',
    "shop/shop_of_ours.py": SHOP,
    "shop/assets/gold/by_sql.sql": BY_SQL,
}


@pytest.fixture
def folder(write_project: Write) -> Path:
    return write_project(FILES)


@pytest.fixture
def finance(folder: Path) -> Project:
    return Project.load(folder / "finance", env="prod")


@pytest.fixture
def shop(folder: Path) -> Project:
    return Project.load(folder / "shop")


def test_a_class_of_another_project_has_its_name_in_the_key(shop: Project) -> None:
    assert shop.graph.assets[shop.dataset("gold.revenue").key].inputs[0].dataset == (
        "finance/gold.revenue"
    )


def test_both_projects_in_one_process_have_keys_of_their_own(
    shop: Project, finance: Project
) -> None:
    theirs = finance.dataset("gold.revenue")
    assert theirs.cls is shop.dataset("finance/gold.revenue").cls
    assert theirs.external is None
    assert finance.dataset(theirs.cls or "").key == "gold.revenue"
    assert shop.dataset(theirs.cls or "").key == "finance/gold.revenue"


def test_python_and_sql_read_what_another_project_has_made(shop: Project, finance: Project) -> None:
    finance.run()
    assert shop.run().made == 2
    assert shop.read("gold.revenue")["euros"].to_list() == [3.0]
    assert shop.read("gold.by_sql")["euros"].to_list() == [6.0]
    assert shop.plan().steps == ()
    assert shop.plan().notes == ("`finance/gold.revenue` from `finance` (prod)",)


def test_what_reads_another_project_is_checked_against_its_columns(shop: Project) -> None:
    report = shop.check()
    assert report.errors == ()
    assert shop.dataset("gold.by_sql").schema.names == ("euros",)


def test_a_change_in_another_project_makes_the_reader_stale(
    shop: Project, finance: Project, folder: Path
) -> None:
    finance.run()
    shop.run()
    module = folder / "finance/finance_of_others/datasets.py"
    module.write_text(FINANCE.replace("FACTOR", "10.0"))
    Project.load(folder / "finance", env="prod").run(partitions="2026-01-02")
    assert [step.detail for step in shop.plan().steps] == [
        "`finance/gold.revenue` was made after it"
    ] * 2


def test_the_reader_waits_for_what_another_project_has_not_made(shop: Project) -> None:
    assert {waiting.missing for waiting in shop.plan().waiting} == {"finance/gold.revenue"}


def test_what_another_project_makes_is_never_made_here(shop: Project) -> None:
    with pytest.raises(NeverMadeHereError, match="is made elsewhere"):
        shop.plan("finance/gold.revenue")


def test_a_view_of_another_project_is_not_lent(folder: Path) -> None:
    (folder / "shop/assets/gold/by_sql.sql").write_text('select * from "finance/gold.seen"')
    with pytest.raises(SqlInputMissingError, match=r"no dataset `finance/gold\.seen`"):
        Project.load(folder / "shop")


def test_projects_do_not_use_one_another_in_a_circle(folder: Path) -> None:
    config = folder / "finance/flowforge.toml"
    config.write_text(config.read_text() + '[uses.shop]\npath = "../shop"\n')
    with pytest.raises(UsedProjectError, match="goes in a circle"):
        Project.load(folder / "shop")


def test_the_environment_of_another_project_must_be_there(folder: Path) -> None:
    config = folder / "shop/flowforge.toml"
    config.write_text(config.read_text() + 'env = "prd"\n')
    with pytest.raises(UsedProjectError, match="`prd`, which it does not have") as caught:
        Project.load(folder / "shop")
    assert caught.value.hint == "did you mean `prod`?"


def test_a_module_of_classes_is_kept_beside_what_another_project_makes(folder: Path) -> None:
    config = read_config(folder / "shop")
    with SqlAnalysis() as sql:
        assert sync(config, sql).classes == ("BySql",)


def test_doctor_imports_what_the_project_uses(folder: Path) -> None:
    found = {each.about: each for each in project_health(folder / "shop", "dev")}
    assert found["modules"].health == "ok"
