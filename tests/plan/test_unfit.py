"""Columns that were declared anew where a table keeps what it has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowforge_assets import Project

Make = Callable[..., Project]

PYTHON = """
from datetime import date

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-02")


class Log(Bronze):
    number: Col[int] = key()
    name: Col[str] = col()


@asset(write="WRITE", per=DAY.on("day"))
def log(day: date) -> Frame[Log]:
    return pl.DataFrame({"number": [day.day], "name": ["a"]})
"""
CHANGES = pytest.mark.parametrize(
    ("declared", "made", "said"),
    [
        (("name: Col[str]", "name: Col[int]"), ('["a"]', "[1]"), "`name` was string and is int64"),
        (
            ("= key()", "= key()\n    more: Col[int] = col()"),
            ('["a"]', '["a"], "more": [1]'),
            "`more` is new and not nullable",
        ),
        (("name: Col[str] = col()", ""), (', "name": ["a"]', ""), "`name` is no longer declared"),
    ],
    ids=["other type", "not null", "gone"],
)
WAYS = pytest.mark.parametrize("write", ["append", "merge", "insert"])


@pytest.fixture
def project(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """Loads a project with this code; what it imported is forgotten."""
    module = f"log_{abs(hash(request.node.nodeid)):x}"
    monkeypatch.setattr(sys, "path", list(sys.path))

    def make(write: str, *changes: tuple[str, str]) -> Project:
        python = PYTHON.replace("WRITE", write)
        for change in changes:
            python = python.replace(*change)
        (tmp_path / "flowforge.toml").write_text(f'[project]\nmodules = ["{module}"]\n')
        (tmp_path / f"{module}.py").write_text(python)
        return Project.load(tmp_path)

    yield make
    sys.modules.pop(module, None)


@CHANGES
@WAYS
def test_a_plan_foresees_columns_that_stand_in_its_way(
    project: Make, write: str, declared: tuple[str, str], made: tuple[str, str], said: str
) -> None:
    project(write).run(partitions="2026-01-01")
    [note] = project(write, declared, made).plan().notes
    assert note == (
        f"`bronze.log` keeps its history, and its table has other columns: {said}; declare them as "
        "they were, or make all of it anew from its inputs: `flowforge run --rebuild -s bronze.log`"
    )


@CHANGES
def test_what_stands_in_the_way_is_refused_with_a_way_out_that_leads_out(
    project: Make, declared: tuple[str, str], made: tuple[str, str], said: str
) -> None:
    project("append").run(partitions="2026-01-01")
    changed = project("append", declared, made)
    [error] = changed.run().errors
    assert error.code == "FF-611"
    assert said.partition(" was ")[0] in error.message
    assert "`flowforge run --rebuild -s bronze.log`" in (error.hint or "")
    assert "folder" not in (error.hint or "")

    assert changed.run("bronze.log", rebuild=True).status == "succeeded"
    assert changed.read("bronze.log").height == 2
    assert changed.plan().notes == ()


def test_a_new_column_that_may_be_null_is_no_hindrance(project: Make) -> None:
    project("append").run(partitions="2026-01-01")
    wider = ("= key()", "= key()\n    more: Col[int | None] = col()")
    assert project("append", wider, ('["a"]', '["a"], "more": [1]')).plan().notes == ()


def test_what_is_emptied_anyhow_is_no_hindrance(project: Make) -> None:
    project("append").run(partitions="2026-01-01")
    changed = project("append", ("name: Col[str]", "name: Col[int]"), ('["a"]', "[1]"))
    assert changed.plan(rebuild=True).notes == ()


def test_a_table_that_is_never_made_has_no_columns_in_the_way(project: Make) -> None:
    assert project("append").plan().notes == ()
