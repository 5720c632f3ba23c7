from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flowforge_assets.errors.adoption import DeclaredAlreadyError
from flowforge_assets.errors.project import FolderInUseError, NotWritableError, UsageError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.scaffold import make_asset, make_project


def test_the_package_bears_the_name_of_the_folder(tmp_path: Path) -> None:
    make_project(tmp_path / "Corner-Shop 2")
    assert read_config(tmp_path / "Corner-Shop 2").modules == ("corner_shop_2",)


@pytest.mark.parametrize(
    ("folder", "package"),
    [
        ("json", "json_project"),
        ("polars", "polars_project"),
        ("assets", "assets_project"),
        ("2026", "project_2026"),
        ("class", "project_class"),
        ("über", "ber"),
        ("---", "project"),
    ],
)
def test_a_name_that_python_knows_otherwise_is_not_taken(
    tmp_path: Path, folder: str, package: str
) -> None:
    make_project(tmp_path / folder)
    assert read_config(tmp_path / folder).modules == (package,)


def test_two_projects_of_one_name_have_ids_of_their_own(tmp_path: Path) -> None:
    for place in ("a", "b"):
        make_project(tmp_path / place / "shop")
    one, other = (read_config(tmp_path / place / "shop") for place in ("a", "b"))
    assert one.name == other.name == "shop"
    assert one.id
    assert one.id != other.id


def test_a_folder_with_other_files_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    make_project(tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


def test_nothing_is_written_when_a_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("mine")
    with pytest.raises(FolderInUseError, match="pyproject"):
        make_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritableError, match=r"file/shop/flowforge\.toml"):
        make_project(tmp_path / "file" / "shop")


def test_the_projects_own_test_passes(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    make_project(folder)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "1 passed" in ran.stdout


def test_ruff_is_told_that_annotations_are_read_at_run_time(tmp_path: Path) -> None:
    make_project(tmp_path)
    ruff = tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["ruff"]
    decorators = ruff["lint"]["flake8-type-checking"]["runtime-evaluated-decorators"]
    assert decorators == ["flowforge_assets.asset", "flowforge_assets.check"]


def test_a_new_asset_stands_in_the_projects_package(tmp_path: Path) -> None:
    make_project(tmp_path / "shop")
    made = make_asset(read_config(tmp_path / "shop"), "gold.crm.top_customers", sql=False)
    assert made.path == tmp_path / "shop/shop/crm_top_customers.py"
    assert 'class CrmTopCustomers(Gold, name="crm.top_customers")' in made.path.read_text()
    assert made.module is None


def test_a_new_asset_beside_a_module_is_to_be_listed(tmp_path: Path) -> None:
    (tmp_path / "flowforge.toml").write_text('[project]\nmodules = ["shop"]\n')
    (tmp_path / "shop.py").write_text("")
    made = make_asset(read_config(tmp_path), "gold.best", sql=False)
    assert (made.path, made.module) == (tmp_path / "best.py", "best")


def test_a_new_query_stands_where_its_key_says(tmp_path: Path) -> None:
    (tmp_path / "flowforge.toml").write_text("")
    made = make_asset(read_config(tmp_path), "silver.crm.users", sql=True)
    assert made.path == tmp_path / "assets/silver/crm/users.sql"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("orders", "write a layer and a name: `silver.orders`"),
        ("slver.orders", "did you mean `silver`?"),
        ("silver.Orders", "write a layer and a name: `silver.orders`"),
        ("silver.class", "take another name"),
        ("sales/gold.orders", "take another name"),
    ],
)
def test_what_is_no_key_is_refused(tmp_path: Path, key: str, hint: str) -> None:
    (tmp_path / "flowforge.toml").write_text("")
    with pytest.raises(UsageError) as caught:
        make_asset(read_config(tmp_path), key, sql=False)
    assert caught.value.hint == hint


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "flowforge.toml").write_text("")
    (tmp_path / "best.py").write_text("mine")
    with pytest.raises(FolderInUseError, match=r"best\.py"):
        make_asset(read_config(tmp_path), "gold.best", sql=False)
    assert (tmp_path / "best.py").read_text() == "mine"


def test_a_dataset_that_a_file_declares_is_not_declared_again(tmp_path: Path) -> None:
    (tmp_path / "flowforge.toml").write_text("")
    config = read_config(tmp_path)
    make_asset(config, "gold.best", sql=True)
    with pytest.raises(DeclaredAlreadyError) as caught:
        make_asset(config, "gold.best", sql=False)
    assert caught.value.place is not None
    assert caught.value.place.file.endswith("assets/gold/best.sql")
