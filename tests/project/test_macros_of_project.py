"""Macros of a project from the file to the table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.sql_language import SqlMacroFileError, SqlMacroNameError

MACROS = """
CREATE MACRO net(gross, vat := 0.25) AS gross / (1 + vat);
CREATE MACRO dear(least) AS TABLE SELECT * FROM bronze.items WHERE price >= least;
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of a project in SQL alone."""
    for name, text in {
        "flowforge.toml": '[project]\nname = "shop"\n',
        "assets/bronze/items.csv": "id,price\n1,12.5\n2,25.0\n",
        "assets/silver/nets.sql": "SELECT id, net(price) AS net FROM bronze.items",
        "assets/silver/dear.sql": "SELECT id FROM dear(20)",
        "assets/silver/plain.sql": "SELECT id FROM bronze.items",
        "macros/money.sql": MACROS,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def write_macros(shop: Path, text: str) -> None:
    (shop / "macros/money.sql").write_text(text)


def planned(shop: Path) -> list[str]:
    return [str(step.asset) for step in Project.load(shop).plan().steps]


def test_queries_run_with_the_macros_of_their_project(shop: Path) -> None:
    project = Project.load(shop)
    project.run()
    assert project.read("silver.nets").sort("id").rows() == [(1, 10.0), (2, 20.0)]
    assert project.read("silver.dear").rows() == [(2,)]


def test_a_macro_that_changes_makes_those_stale_that_use_it_and_no_others(shop: Path) -> None:
    Project.load(shop).run()
    assert planned(shop) == []
    write_macros(shop, MACROS.replace("0.25", "0.5"))
    assert planned(shop) == ["nets"]
    write_macros(shop, f"-- a word on it\n{MACROS}")
    assert planned(shop) == []


def test_a_warm_plan_parses_neither_queries_nor_macros(shop: Path) -> None:
    Project.load(shop).run()
    asked = (
        "import sys; from pathlib import Path; from flowforge_assets import Project;"
        f"assert not Project.load(Path({str(shop)!r})).plan().steps;"
        "print([name for name in ('sqlglot', 'duckdb') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("CREATE MACRO net(g) AS g; SELECT 1", SqlMacroFileError, "expected `create`"),
        ("CREATE MACRO lonely(g) AS g + price", SqlMacroNameError, "uses `price`"),
    ],
)
def test_a_macro_that_is_wrong_is_told_though_nobody_calls_it(
    shop: Path, text: str, error: type[Exception], said: str
) -> None:
    for name in ("nets", "dear"):
        (shop / f"assets/silver/{name}.sql").unlink()
    write_macros(shop, text)
    with pytest.raises(error, match=said) as caught:
        Project.load(shop)
    assert "macros/money.sql:1" in str(caught.value)
