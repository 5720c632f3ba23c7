"""`flowforge import`, as people call it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import util
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from command_line import Call

FIXTURES = Path(__file__).parents[1] / "fixtures"
Golden = Callable[[str, str], None]


@pytest.fixture
def cafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a dbt project; we are in it."""
    shutil.copytree(FIXTURES / "dbt/cafe", tmp_path / "cafe")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_dbt_project(golden: Golden, call: Call, cafe: Path) -> None:
    golden("cli/import_dbt.txt", call("import", "dbt", "cafe").text())
    golden("cli/import_dbt_again.txt", call("import", "dbt", "cafe").text())
    golden("cli/import_dbt_page.txt", (cafe / "cafe_flowforge/IMPORT.md").read_text())


def test_a_sqlmesh_project(
    golden: Golden, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(FIXTURES / "sqlmesh/bakery", tmp_path / "bakery")
    monkeypatch.chdir(tmp_path)
    golden("cli/import_sqlmesh.txt", call("import", "sqlmesh", "bakery", "-o", "here", "-v").text())


def test_what_is_said_as_json(call: Call, cafe: Path) -> None:
    data = call("import", "dbt", "cafe", "-o", "out", "--json").data
    assert data["folder"] == str(cafe / "out")
    assert "gold.orders" in data["datasets"]
    assert {each["level"] for each in data["findings"]} == {"left", "look", "note"}


def test_a_folder_that_is_none(golden: Golden, call: Call, cafe: Path) -> None:
    golden("cli/import_no_dbt.txt", call("import", "dbt", "cafe/models").text())
    golden("cli/import_no_sqlmesh.txt", call("import", "sqlmesh", "cafe").text())


def test_a_variable_without_a_value(golden: Golden, call: Call, cafe: Path) -> None:
    golden("cli/import_bad_variable.txt", call("import", "dbt", "cafe", "--var", "x").text())


def test_a_layer_that_is_none(golden: Golden, call: Call, cafe: Path) -> None:
    said = call("import", "dbt", "cafe", "--layer", "marts=golden")
    golden("cli/import_bad_layer.txt", said.text())


def test_libraries_that_are_not_installed(
    golden: Golden, call: Call, cafe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = util.find_spec

    def without_jinja(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "jinja2" else found(name, package)

    monkeypatch.setattr("flowforge_assets.cli.import_project.find_spec", without_jinja)
    golden("cli/import_no_extra.txt", call("import", "dbt", "cafe").text())
