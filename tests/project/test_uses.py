from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.errors.project import UsedProjectError
from flowforge_assets.project.config import ProjectConfig
from flowforge_assets.project.uses import Use, folder_of, refuse_clash


def test_a_project_is_found_in_a_folder_beside(tmp_path: Path) -> None:
    (tmp_path / "finance").mkdir()
    (tmp_path / "finance/flowforge.toml").touch()
    (tmp_path / "shop").mkdir()
    found = folder_of(Use("finance", "prod", path="../finance"), tmp_path / "shop")
    assert found == (tmp_path / "finance").resolve()


@pytest.mark.parametrize("inside", [True, False])
def test_a_project_is_found_in_a_package_or_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, inside: bool
) -> None:
    package = tmp_path / f"finance_found_{inside}".lower()
    package.mkdir()
    (package / "__init__.py").touch()
    folder = package if inside else tmp_path
    (folder / "flowforge.toml").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert folder_of(Use("finance", "prod", package=package.name), Path()) == folder.resolve()


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsedProjectError, match=r"holds no `flowforge\.toml`"):
        folder_of(Use("finance", "prod", path="nowhere"), tmp_path)


def test_a_package_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsedProjectError, match="is not installed"):
        folder_of(Use("finance", "prod", package="finance_of_nobody"), tmp_path)


def test_a_package_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsedProjectError, match=r"carries no `flowforge\.toml`"):
        folder_of(Use("json", "prod", package="json"), tmp_path)


def test_two_projects_cannot_share_the_name_of_a_module(tmp_path: Path) -> None:
    ours = ProjectConfig(tmp_path, "shop", ("datasets", "shop"), {})
    theirs = ProjectConfig(tmp_path, "finance", ("datasets.money",), {})
    with pytest.raises(UsedProjectError, match="both have a module `datasets`"):
        refuse_clash(Use("finance", "prod", path="."), ours, theirs)
