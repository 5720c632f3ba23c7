from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from command_line import Call

LAKE = """
from flowforge_assets import Bronze, Col, Out, Written, asset, col


class Wide(Bronze):
    n: Col[int] = col()


class Beside(Bronze):
    n: Col[int] = col()


@asset(in_place=True)
def wide(out: Out[Wide]) -> Written[Wide]:
    return out.written()


@asset
def beside(out: Out[Beside]) -> Written[Beside]:
    return out.written()
"""


@pytest.fixture
def root(
    write_project: Callable[[Mapping[str, str]], Path], monkeypatch: pytest.MonkeyPatch
) -> Path:
    root = write_project(
        {"flowforge.toml": '[project]\nname = "elsewhere"\nmodules = ["lake"]\n', "lake.py": LAKE}
    )
    monkeypatch.chdir(root)
    return root


@pytest.mark.usefixtures("root")
def test_a_plan_notes_what_is_written_in_place(call: Call) -> None:
    said = "`wide` writes `bronze.wide` in place: not atomic, checked afterwards"
    assert call("plan", "--json").data["notes"] == [said]
    assert said in call("plan").err


@pytest.mark.usefixtures("root")
def test_show_says_what_is_written_in_place(call: Call) -> None:
    assert "in place   not atomic: a job writes the table itself" in call("show", "wide").out
    assert "atomic" not in call("show", "beside").out
    assert call("show", "wide", "--json").data["in_place"] is True
    assert call("show", "beside", "--json").data["in_place"] is False


@pytest.mark.usefixtures("root")
def test_a_check_says_that_jobs_are_looked_at_when_they_run(call: Call) -> None:
    assert call("check", "--json").data["not_checked"]["wide"] == "a job elsewhere writes it"
