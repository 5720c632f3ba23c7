"""`flowforge init` with each of its templates, and `new` beside what is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowforge_assets.api import Project
from flowforge_assets.execute.sql_tests import run_sql_tests

if TYPE_CHECKING:
    from command_line import Call

each_kind = pytest.mark.parametrize("kind", ["python", "sql", "flights"])


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@each_kind
def test_a_template_checks_plans_and_runs(call: Call, kind: str) -> None:
    project = f"new_{kind}_shop"
    assert call("init", project, f"--{kind}").code == 0
    assert call("check", "-C", project).out.startswith("all is well")
    planned = call("plan", "-C", project, "--json").data["steps"]
    ran = call("run", "-C", project)
    assert ran.code == 0, ran.err
    assert {step["reason"] for step in planned} == {"never made"}
    assert call("plan", "-C", project, "--json").data["steps"] == []


@each_kind
def test_a_template_is_well_in_the_eyes_of_doctor(call: Call, kind: str) -> None:
    call("init", f"new_{kind}_shop", f"--{kind}")
    assert call("doctor", "-C", f"new_{kind}_shop").code == 0


@pytest.mark.parametrize("kind", ["python", "flights"])
def test_the_tests_of_a_template_pass(call: Call, kind: str) -> None:
    call("init", f"new_{kind}_shop", f"--{kind}")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"],
        cwd=f"new_{kind}_shop",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_the_tests_of_the_queries_pass(call: Call) -> None:
    call("init", "shop", "--sql")
    project = Project.load("shop")
    results = run_sql_tests(project.graph, project.root, project.select(None))
    assert [result.passed for result in results] == [True]


def test_a_project_of_queries_has_no_python(call: Call) -> None:
    call("init", "shop", "--sql")
    assert list(Path("shop").rglob("*.py")) == []


def test_two_templates_at_once_are_refused(call: Call) -> None:
    ran = call("init", "shop", "--sql", "--flights")
    assert (ran.code, Path("shop").exists()) == (2, False)
    assert "`--sql` and `--flights` do not go together" in ran.err


def test_a_project_file_that_declares_nothing_is_an_error(call: Call) -> None:
    Path("flowforge.toml").write_text("")
    ran = call("plan")
    assert ran.code == 2
    assert ran.err.startswith("error[FF-822]: the project declares nothing")


def test_the_package_that_is_there_is_named_in_the_hint(call: Call) -> None:
    Path("flowforge.toml").write_text("")
    Path("corner").mkdir()
    Path("corner/__init__.py").touch()
    assert '`modules = ["corner"]`' in call("plan").err


def test_a_project_that_declares_nothing_may_be_given_a_dataset(call: Call) -> None:
    Path("flowforge.toml").write_text("")
    assert call("new", "silver.orders_2024", "--sql").code == 0
    assert call("check").code == 0


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("silver.orders", "new_declared_shop/datasets.py:"),
        ("gold.sales", "assets/gold/sales.sql:1"),
    ],
)
@pytest.mark.parametrize("form", [[], ["--sql"]])
def test_a_dataset_that_is_declared_is_not_added(
    call: Call, key: str, place: str, form: list[str]
) -> None:
    call("init", "new_declared_shop")
    ran = call("new", key, "-C", "new_declared_shop", *form)
    assert ran.code == 2
    assert f"`{key}` is declared already" in ran.err
    assert place in ran.err


def test_a_broken_project_may_be_given_a_dataset(call: Call) -> None:
    call("init", "new_broken_shop")
    Path("new_broken_shop/new_broken_shop/assets.py").write_text("1 / 0")
    assert call("new", "silver.orders", "-C", "new_broken_shop").code == 0


def test_a_name_with_a_number_is_the_datasets_name(call: Call) -> None:
    call("init", "new_numbered_shop")
    call("new", "silver.orders_2024", "-C", "new_numbered_shop")
    assert call("show", "silver.orders_2024", "-C", "new_numbered_shop").code == 0
