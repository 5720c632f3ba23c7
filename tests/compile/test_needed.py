"""Which packages a project needs, by its settings, its own lists and its imports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flowforge_assets.compile.bundle_files import project_files
from flowforge_assets.compile.installed import Installed
from flowforge_assets.compile.needed import needed
from flowforge_assets.errors.project import ConfigSyntaxError
from flowforge_assets.project.config import read_config

Write = Callable[[Mapping[str, str]], Path]
INSTALLED = Installed()


def found(root: Path) -> tuple[str, ...]:
    config = read_config(root)
    return needed(config, project_files(config), INSTALLED).requirements


def test_a_plain_project_needs_what_prefect_brings(write_project: Write) -> None:
    root = write_project({"flowforge.toml": "[project]\nmodules = []\n"})
    assert found(root) == ("flowforge-assets[prefect]",)


def test_each_environment_says_which_of_our_extras_are_needed(write_project: Write) -> None:
    settings = """\
[project]
name = "till"
modules = []

[prefect]
task_runner = "dask"

[env.dev]
store = "lake"

[env.test]
store = { url = "s3://lake/till", ambient = true }
ledger = { env = "LEDGER_URL" }

[env.prod]
store = "lake"

[env.prod.stores]
gold = { url = "az://gold/till", account = "till", ambient = true }

[env.prod.warehouse]
kind = "postgres"
host = "db.example"
user = "till"
database = "till"
password = { env = "PGPASSWORD" }
"""
    root = write_project({"flowforge.toml": settings})
    assert found(root) == (
        "flowforge-assets[azure,dask,postgres,prefect,s3]",
        "flowforge-assets[postgres]",
    )


def test_what_the_project_lists_itself_is_needed(write_project: Write) -> None:
    project = """\
[project]
dependencies = ["requests>=2", "winonly; sys_platform == 'win32'"]
"""
    listed = "# ours\n-r more/own.txt\nzope.event==5.0  # pinned\n./wheels/own.whl\n\n"
    more = (
        "six==1.17.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n"
        "idna==3.10 --hash=sha256:123\n--requirement=../requirements.txt\n"
    )
    files = {
        "flowforge.toml": "",
        "pyproject.toml": project,
        "requirements.txt": listed,
        "more/own.txt": more,
    }
    assert found(write_project(files)) == (
        "flowforge-assets[prefect]",
        "idna==3.10",
        "requests>=2",
        "six==1.17.0",
        "zope.event==5.0",
    )


@pytest.mark.parametrize(
    "written",
    [
        "[project\n",
        "project = 1\n",
        '[project]\ndependencies = "polars"\n',
        "[project]\ndependencies = [1]\n",
    ],
)
def test_a_list_that_cannot_be_read_is_named(write_project: Write, written: str) -> None:
    root = write_project({"flowforge.toml": "", "pyproject.toml": written})
    with pytest.raises(ConfigSyntaxError, match=r"`pyproject\.toml` of the project cannot be read"):
        found(root)


def test_the_packages_whose_modules_the_project_imports_are_needed(write_project: Write) -> None:
    code = """\
\"\"\"Takes rows
from pytest cases, as prose has it.
from nowhere_at_all, too.
\"\"\"
import json, polars.selectors as cs
import rates
from flowforge_assets import Bronze
from yaml import safe_load


def late():
    import not_installed_anywhere
"""
    files = {
        "flowforge.toml": '[project]\nmodules = ["till"]\n',
        "till.py": code,
        "rates.py": "import pyarrow.parquet\n",
    }
    names = found(write_project(files))
    assert names == ("flowforge-assets[prefect]", "polars", "pyarrow", "pytest", "pyyaml")


def test_a_module_that_no_installed_package_has_is_named_with_its_place(
    write_project: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "elsewhere"
    (beside / "oddlib").mkdir(parents=True)
    (beside / "oddlib" / "deep.py").touch()
    (beside / "spoken").mkdir()
    monkeypatch.setattr(sys, "path", [str(beside), *sys.path])
    prose = '"""Takes rows\nfrom spoken words\nfrom oddlib, too.\n"""\n'
    files = {
        "flowforge.toml": '[project]\nmodules = ["a", "b"]\n[uses.odd]\npackage = "odd_one"\n',
        "a.py": prose,
        "b.py": f"{prose}\nimport polars, oddlib.deep as deep\nfrom oddlib import deep\n",
    }
    config = read_config(write_project(files))
    needs = needed(config, project_files(config), INSTALLED)
    assert needs.requirements == ("flowforge-assets[prefect]", "polars")
    named = {module: (place.file, place.line) for module, place in needs.unlisted.items()}
    assert named == {"odd_one": ("flowforge.toml", 3), "oddlib": ("b.py", 7)}
