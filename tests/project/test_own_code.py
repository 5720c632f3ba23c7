from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from flowforge_assets.project.own_code import OwnCode


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnCode:
    """A project of the one package `ffshop`, with other modules around it."""
    places = {
        "ffshop": "shop/ffshop/__init__.py",
        "ffshop.assets": "shop/ffshop/assets.py",
        "ffbeside": "shop/ffbeside.py",
        "ffinside": "shop/src/ffinside.py",
        "ffelsewhere": "other/ffelsewhere.py",
        "ffinstalled": "shop/.venv/lib/site-packages/ffinstalled.py",
        "fffrozen": None,
    }
    for name, place in places.items():
        module = ModuleType(name)
        if place is not None:
            module.__file__ = str(tmp_path / place)
        monkeypatch.setitem(sys.modules, name, module)
    return OwnCode(["ffshop"])


@pytest.mark.parametrize("module", ["ffshop", "ffshop.assets", "ffbeside", "ffinside"])
def test_the_projects_modules_and_those_beside_them_are_its_own(own: OwnCode, module: str) -> None:
    assert own.has(module)


@pytest.mark.parametrize("module", ["ffelsewhere", "ffinstalled", "fffrozen", "ffmissing", "json"])
def test_others_are_not(own: OwnCode, module: str) -> None:
    assert not own.has(module)


def test_a_module_that_is_named_needs_no_file() -> None:
    assert OwnCode(["ffnotebook"]).has("ffnotebook")


def test_a_path_below_the_project_is_told_from_its_folder(own: OwnCode, tmp_path: Path) -> None:
    assert own.portable(tmp_path / "shop/data/a.csv") == "project:data/a.csv"
    assert own.portable(tmp_path / "other/a.csv") == f"{tmp_path}/other/a.csv"


def test_flowforge_itself_is_nobodys_own() -> None:
    assert not OwnCode([__name__]).has("flowforge_assets.core.key")
