"""A project whose tables, ledger and caches are kept away from its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flowforge_assets import Project

if TYPE_CHECKING:
    import pytest

Write = Callable[[Mapping[str, str]], Path]

SHOP = {
    "flowforge.toml": '[project]\nname = "shop"\n[env.dev]\nstore = "lake"\n',
    "assets/silver/numbers.sql": "select 1 as number union all select 2",
    "assets/gold/total.sql": "select sum(number) as total from silver.numbers",
}


def test_nothing_is_written_into_the_projects_folder(
    write_project: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_project(SHOP)
    before = set(folder.rglob("*"))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shop = Project.load(folder, store=str(elsewhere / "lake"), folder=elsewhere)
    assert shop.run().made == 2
    assert {path.name for path in elsewhere.iterdir()} == {"cache", "dev", "lake"}
    assert set(folder.rglob("*")) == before


def test_without_a_store_the_tables_are_where_the_project_says(
    write_project: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_project(SHOP)
    shop = Project.load(folder, folder=tmp_path_factory.mktemp("elsewhere"))
    assert shop.run().made == 2
    assert (folder / "lake/silver/numbers").is_dir()
    assert not (folder / ".flowforge").exists()


def test_tables_may_be_in_memory(write_project: Write, tmp_path: Path) -> None:
    shop = Project.load(write_project(SHOP), store="memory://", folder=tmp_path / "kept")
    assert shop.run().made == 2
    assert shop.read("total").item() == 3
    assert not shop.plan().steps
    assert not (tmp_path / ".flowforge").exists()
