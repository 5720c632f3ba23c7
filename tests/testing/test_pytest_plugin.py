from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Write = Callable[[Mapping[str, str]], Path]

pytestmark = pytest.mark.slow  # each starts a pytest of its own

SHOP = {
    "flowforge.toml": '[project]\nmodules = ["corner_store"]\n',
    "corner_store.py": """
from flowforge_assets import Bronze, Col, Frame, Silver, asset, col, key
import polars as pl

class Raw(Bronze):
    price: Col[float] = col()

class Prices(Silver):
    price: Col[float] = key()

@asset
def raw() -> Frame[Raw]:
    return pl.LazyFrame({"price": [1.0, 2.0]})

@asset
def prices(raw: Frame[Raw]) -> Frame[Prices]:
    return raw
""",
    "assets/gold/best.sql": "select max(price) as price from silver.prices",
}
TESTS = """
from pathlib import Path

from flowforge_assets import Project
from flowforge_assets.testing import Materialize
from corner_store import Prices, Raw, prices


def test_materialize(materialize: Materialize) -> None:
    assert materialize(Prices, given={Raw: [{"price": 3.0}]})[Prices].item() == 3.0
    assert materialize(prices, given={Raw: []})[Prices].is_empty()
    ran = materialize("gold.best", given={Prices: [{"price": 3.0}, {"price": 4.0}]})
    assert ran["gold.best"].item() == 4.0


def test_project(flowforge_project: Project) -> None:
    assert len(flowforge_project.plan().steps) == 3
    assert flowforge_project.run().made == 3
    assert flowforge_project.read("gold.best").item() == 2.0


def test_each_test_has_a_project_of_its_own(flowforge_project: Project) -> None:
    assert len(flowforge_project.plan().steps) == 3
    assert flowforge_project.environment.name == "dev"
"""
QUERY_TESTS = """
[[test]]
name = "the highest price"
given."silver.prices" = [{ price = 1.0 }, { price = 5.0 }]
expect = [{ price = 5.0 }]

[[test]]
name = "a wrong hope"
given."silver.prices" = [{ price = 1.0 }]
expect = [{ price = 7.0 }]
"""


def run_pytest(folder: Path, *arguments: str) -> str:
    """What pytest prints when it is started in `folder`, with its outcome counts at the end."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", "-W",
         "error", *_plugin(), *arguments],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return ran.stdout + ran.stderr


def _plugin() -> list[str]:
    """Loads the plugin by name where an older install does not announce it."""
    from importlib.metadata import entry_points

    announced = [point.value for point in entry_points(group="pytest11")]
    return (
        []
        if "flowforge_assets.pytest_plugin" in announced
        else ["-p", "flowforge_assets.pytest_plugin"]
    )


def test_fixtures_are_those_of_the_tests_own_project(write_project: Write) -> None:
    folder = write_project(SHOP | {"tests/test_store.py": TESTS, "tests/conftest.py": PATH})
    said = run_pytest(folder, "tests")
    assert "3 passed" in said, said
    assert not (folder / ".flowforge").exists()


PATH = "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parents[1]))\n"


def test_in_a_folder_of_projects_each_test_has_its_own(write_project: Write) -> None:
    files = {f"one/{name}": text for name, text in SHOP.items()}
    files |= {"one/tests/test_store.py": TESTS, "one/tests/conftest.py": PATH}
    said = run_pytest(write_project(files))
    assert "3 passed" in said, said


def test_without_a_project_the_fixture_says_so(write_project: Write) -> None:
    test = "def test_it(flowforge_project): pass"
    said = run_pytest(write_project({"test_nothing.py": test}))
    assert "FF-801" in said


def test_files_of_query_tests_are_collected(write_project: Write) -> None:
    folder = write_project(SHOP | {"assets/gold/best.test.toml": QUERY_TESTS})
    said = run_pytest(folder, "-v")
    assert "assets/gold/best.test.toml::the highest price PASSED" in said
    assert "assets/gold/best.test.toml::a wrong hope FAILED" in said
    assert re.search(r"^[-+].*7\.0", said, re.MULTILINE), said
    assert "Traceback" not in said
    assert "1 failed, 1 passed" in said


def test_a_file_of_query_tests_that_is_wrong_is_told_in_our_words(write_project: Write) -> None:
    wrong = QUERY_TESTS.replace("silver.prices", "silver.prizes")
    folder = write_project(SHOP | {"assets/gold/best.test.toml": wrong})
    said = run_pytest(folder)
    assert "error[FF-442]" in said
    assert "did you mean `silver.prices`?" in said
    folder = write_project({"assets/gold/best.test.toml": "[[test]\n"})
    assert "error[FF-441]" in run_pytest(folder)


def test_such_files_outside_of_a_project_are_left_alone(write_project: Write) -> None:
    assert "no tests ran" in run_pytest(write_project({"some.test.toml": "x = 1"}))


def test_loading_the_plugin_costs_next_to_nothing() -> None:
    code = (
        "import sys, flowforge_assets.pytest_plugin\n"
        "heavy = {'polars', 'pyarrow', 'duckdb', 'pydantic', 'sqlglot', 'deltalake'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert 'flowforge_assets.api' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
