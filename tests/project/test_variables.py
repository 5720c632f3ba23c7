"""Variables of a project, and what a step is asked for by `:start`, `:end` and `:partition`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.base import Problems
from flowforge_assets.errors.project import ConfigValueError
from flowforge_assets.errors.sql import SqlParameterError
from flowforge_assets.errors.sql_language import SqlVariableError

CONFIG = """\
[project]
name = "shop"

[variables]
least = 20
rate = 0.5
city = "L'Aquila'; DROP"
since = 2026-01-02
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of a project in SQL alone."""
    for name, text in {
        "flowforge.toml": CONFIG,
        "assets/bronze/items.csv": (
            "id,day,price\n1,2026-01-01,12\n2,2026-01-02,25\n3,2026-01-02,19\n4,2026-01-03,40\n"
        ),
        "assets/silver/dear.sql": "SELECT id, :city AS city, :least AS least FROM bronze.items"
        " WHERE price >= :least AND day >= :since",
        "assets/silver/days.sql": "/*\n"
        'partition = { daily = "2026-01-01", end = "2026-01-02", column = "day" }\n*/\n'
        "SELECT day, id, :start AS first, :end AS next, :partition AS own FROM bronze.items"
        " WHERE day >= :start AND day < :end",
        "assets/silver/plain.sql": "SELECT id FROM bronze.items",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def configure(shop: Path, old: str, new: str) -> None:
    (shop / "flowforge.toml").write_text(CONFIG.replace(old, new))


def test_queries_are_given_the_variables_of_the_project(shop: Path) -> None:
    project = Project.load(shop)
    project.run()
    rows = project.read("silver.dear").sort("id").rows()
    assert rows == [(2, "L'Aquila'; DROP", 20), (4, "L'Aquila'; DROP", 20)]


def test_a_step_is_given_its_start_its_end_and_its_key(shop: Path) -> None:
    project = Project.load(shop)
    project.run()
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    assert project.read("silver.days").sort("id").rows() == [
        (first, 1, first, second, first),
        (second, 2, second, date(2026, 1, 3), second),
        (second, 3, second, date(2026, 1, 3), second),
    ]


def test_a_variable_that_changes_makes_those_stale_that_ask_for_it(shop: Path) -> None:
    Project.load(shop).run()
    configure(shop, "least = 20", "least = 30")
    assert [step.asset for step in Project.load(shop).plan().steps] == ["dear"]
    configure(shop, "rate = 0.5", "rate = 0.75")
    assert Project.load(shop).plan().steps == ()


def test_a_variable_that_is_not_there_is_told_with_its_near_ones(shop: Path) -> None:
    configure(shop, "least = 20", "leats = 20")
    with pytest.raises(SqlParameterError, match=r"no parameter `\$least`") as caught:
        Project.load(shop)
    assert caught.value.hint == "did you mean `leats`?"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("start = 1", "no variable can be named `start`"),
        ('"two words" = 1', "no variable can be named `two words`"),
        ("at = 10:00:00", "the variable `at` is no single value"),
        ("many = [1, 2]", "the variable `many` is no single value"),
    ],
)
def test_a_variable_that_no_query_can_use_is_told_with_its_line(
    shop: Path, line: str, said: str
) -> None:
    configure(shop, "rate = 0.5", line)
    with pytest.raises((SqlVariableError, ConfigValueError, Problems), match=said) as caught:
        Project.load(shop)
    assert "flowforge.toml:6" in str(caught.value)


def test_a_query_in_a_process_of_its_own_is_given_them_too(shop: Path) -> None:
    path = shop / "assets/silver/dear.sql"
    path.write_text(f"/* isolated = true */ {path.read_text()}")
    project = Project.load(shop)
    project.run(select="silver.dear+ or bronze.items")
    assert project.read("silver.dear").height == 2


def test_an_environment_has_values_of_its_own(shop: Path) -> None:
    text = CONFIG + "\n[env.prod.variables]\nleast = 30\n"
    (shop / "flowforge.toml").write_text(text)
    prod, dev = Project.load(shop, env="prod"), Project.load(shop)
    for project in (prod, dev):
        project.run()
    assert prod.read("silver.dear")["id"].to_list() == [4]
    assert sorted(dev.read("silver.dear")["id"]) == [2, 4]


def test_another_value_of_an_environment_makes_only_its_queries_stale(shop: Path) -> None:
    def stale(env: str) -> set[str]:
        return {str(step.asset) for step in Project.load(shop, env=env).plan().steps}

    text = CONFIG + "\n[env.prod.variables]\nleast = 30\n"
    (shop / "flowforge.toml").write_text(text)
    for env in ("prod", "dev"):
        Project.load(shop, env=env).run()
    (shop / "flowforge.toml").write_text(text.replace("30", "31"))
    assert (stale("prod"), stale("dev")) == ({"dear"}, set())


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("lest = 3", "`lest` in `[env.prod.variables]` is no variable", "did you mean `least`?"),
        ("least = '3'", "`least` is str in `[env.prod.variables]`, and int", "same type"),
        ("start = 3", "no variable can be named `start`", "a step's own"),
        ("least = [3]", "the variable `least` is no single value", "a text, a number"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_line(
    shop: Path, line: str, message: str, hint: str
) -> None:
    (shop / "flowforge.toml").write_text(f"{CONFIG}\n[env.prod.variables]\n{line}\n")
    with pytest.raises(SqlVariableError) as caught:
        Project.load(shop)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert caught.value.place is not None
    assert caught.value.place.line == CONFIG.count("\n") + 3
