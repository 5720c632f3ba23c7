from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flowforge_assets import Project
from flowforge_assets.declare.asset import DECLARED, forget
from flowforge_assets.errors.graph import NoMakerError, TwoMakersError
from flowforge_assets.project.seen import modules_seen

Cell = Callable[[str], dict[str, Any]]
Write = Callable[[Mapping[str, str]], Path]

DATASETS = """
import polars as pl
from flowforge_assets import *

RATE = 2

class Prices(Bronze):
    price: Col[int] = col()

class Doubled(Silver):
    price: Col[int] = key()
"""
ASSETS = """
@asset
def prices() -> Frame[Prices]:
    return pl.LazyFrame({"price": [1, 2]})

@asset
def doubled(prices: Frame[Prices]) -> Frame[Doubled]:
    return prices.select(price=Prices.price * RATE)
"""


@pytest.fixture
def cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Cell]:
    """Runs cells as a notebook's kernel does: one namespace, and a file name for each text."""
    name = f"notebook_{abs(hash(request.node.nodeid)):x}"
    notebook = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, notebook)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(text: str) -> dict[str, Any]:
        file = f"/tmp/ipykernel_77/{abs(hash(text))}.py"  # noqa: S108 - as a kernel calls a cell
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), notebook.__dict__)  # noqa: S102 - that is what it does
        return notebook.__dict__

    yield run
    forget([name])


def here(cell: Cell) -> Project:
    project: Project = cell("project = Project.here()")["project"]
    return project


def reasons(project: Project) -> list[tuple[str, str]]:
    return [(step.asset, step.reason) for step in project.plan().steps]


def test_a_notebook_is_a_project_without_a_file(cell: Cell, tmp_path: Path) -> None:
    cell(DATASETS)
    cell(ASSETS)
    project = here(cell)
    assert project.run().made == 2
    assert project.read("silver.doubled")["price"].to_list() == [2, 4]
    assert project.plan().steps == ()
    assert [path.name for path in tmp_path.iterdir()] == [".flowforge"]


def test_its_tables_may_be_kept_elsewhere(cell: Cell, tmp_path: Path) -> None:
    cell(DATASETS)
    cell(ASSETS)
    cell("project = Project.here(folder='elsewhere'); project.run()")
    assert (tmp_path / "elsewhere/dev/ledger.db").exists()
    assert not (tmp_path / ".flowforge").exists()


def test_a_cell_run_again_unchanged_makes_nothing_anew(cell: Cell) -> None:
    cell(DATASETS)
    cell(ASSETS)
    here(cell).run()
    cell(DATASETS)
    cell(ASSETS)
    assert reasons(here(cell)) == []


def test_a_cell_run_again_with_other_code_replaces_the_old_one(cell: Cell) -> None:
    cell(DATASETS)
    cell(ASSETS)
    here(cell).run()
    cell(ASSETS.replace("* RATE", "* RATE + 1"))
    project = here(cell)
    assert reasons(project) == [("doubled", "code")]
    project.run()
    assert project.read("silver.doubled")["price"].to_list() == [3, 5]


def test_a_constant_of_another_cell_counts(cell: Cell) -> None:
    cell(DATASETS)
    cell(ASSETS)
    here(cell).run()
    cell("RATE = 3")
    assert reasons(here(cell)) == [("doubled", "code")]


def test_a_function_that_is_renamed_leaves_none_behind(cell: Cell) -> None:
    cell(DATASETS)
    cell(ASSETS)
    here(cell).run()
    cell(ASSETS.replace("def doubled", "def twice"))
    project = here(cell)
    assert sorted(asset.name for asset in project.graph.assets.values()) == ["prices", "twice"]
    cell(ASSETS)
    assert sorted(asset.name for asset in here(cell).graph.assets.values()) == ["doubled", "prices"]


def test_a_class_run_again_is_meant_by_the_cells_before(cell: Cell) -> None:
    cell(DATASETS)
    cell(ASSETS)
    here(cell).run()
    cell("class Doubled(Silver):\n    price: Col[int] = key()\n    note: Col[str | None] = col()\n")
    project = here(cell)
    assert reasons(project) == [("doubled", "schema")]
    assert [error.code for error in project.check().errors] == ["FF-301"]


def test_a_cell_that_is_wrong_is_told_when_the_project_is_made(cell: Cell) -> None:
    cell(DATASETS)
    cell("@asset\ndef doubled(prices: Frame[Prices]) -> Frame[Doubled]:\n    return prices\n")
    with pytest.raises(NoMakerError, match=r"bronze\.prices"):
        here(cell)


def test_a_broken_signature_does_not_hide_what_a_cell_replaced(cell: Cell) -> None:
    cell(DATASETS)
    cell(ASSETS)
    cell(ASSETS.replace("def doubled", "def twice"))
    cell("@asset\ndef odd(prices: Frame[Gone]) -> Frame[Doubled]:\n    return prices\n")
    with pytest.raises(Exception, match="FF-103"):
        here(cell)


def test_in_a_script_two_makers_are_a_mistake(cell: Cell) -> None:
    cell("__file__ = 'script.py'")
    cell(DATASETS)
    cell(ASSETS)
    cell(ASSETS.replace("def doubled", "def twice"))
    with pytest.raises(TwoMakersError):
        here(cell)


def test_a_notebook_in_a_project_sees_the_project_too(cell: Cell, write_project: Write) -> None:
    write_project(
        {
            "flowforge.toml": '[project]\nmodules = ["market"]\n[env.dev]\nstore = "lake"\n',
            "market.py": DATASETS + ASSETS,
        }
    )
    cell("from flowforge_assets import *\nimport polars as pl")
    cell("import sys; sys.path.insert(0, '.')\nfrom market import Doubled")
    cell("class Best(Gold):\n    price: Col[int] = key()\n")
    cell("@asset\ndef best(doubled: Frame[Doubled]) -> Frame[Best]:\n    return doubled.max()\n")
    project = here(cell)
    assert sorted(project.graph.assets) == ["bronze.prices", "gold.best", "silver.doubled"]
    assert project.environment.location.endswith("/lake")


def test_modules_beside_an_imported_one_are_meant_too(write_project: Write) -> None:
    folder = write_project(
        {
            "marketplace/__init__.py": "",
            "marketplace/datasets.py": DATASETS,
            "marketplace/assets.py": "from marketplace.datasets import *\n" + ASSETS,
        }
    )
    sys.path.insert(0, str(folder))
    names: dict[str, object] = {"__name__": "somewhere.test_market"}
    exec("from marketplace.datasets import Prices", names)  # noqa: S102 - what the test imports
    assert modules_seen(names) == {"somewhere.test_market", "marketplace.datasets"}
    exec("import marketplace.assets", {})  # noqa: S102 - now it is imported somewhere
    found = modules_seen(names)
    assert found == {"somewhere.test_market", "marketplace.datasets", "marketplace.assets"}
    assert ("marketplace.assets", "prices()") in DECLARED


def test_of_its_own_package_a_module_means_only_what_it_imports(write_project: Write) -> None:
    folder = write_project(
        {"market_tests/__init__.py": "", "market_tests/other.py": DATASETS + ASSETS}
    )
    sys.path.insert(0, str(folder))
    exec("import market_tests.other", {})  # noqa: S102 - another test module
    assert modules_seen({"__name__": "market_tests.test_own"}) == {"market_tests.test_own"}
