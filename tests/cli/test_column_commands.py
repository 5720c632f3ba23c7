"""What `plan`, `run`, `show` and `why` say of a class whose columns changed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from flowforge_assets.errors.project import UnconfirmedRebuildError

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Call

KEPT = '''

class Log(Silver, partition=DAY.on("day")):
    """All visits, as they came."""

    visit: Col[int] = col()
    shop: Col[str] = col()
    day: Col[date] = col()


@asset(write="append")
def log(visits: Frame[Visits]) -> Frame[Log]:
    return visits.select("visit", "day", shop=pl.lit("north"))
'''


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def edit(project: Path, *pairs: tuple[str, str]) -> None:
    module = project / "visits_project.py"
    text = module.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    module.write_text(text)


@pytest.fixture
def logged(days: Path, call: Call) -> Path:
    """A project with a log that was made."""
    module = days / "visits_project.py"
    imports = "Bronze, Col, Daily, Frame, Gold, asset"
    module.write_text(
        module.read_text().replace(imports, imports.replace("Gold,", "Gold, Silver,")) + KEPT
    )
    assert call("run", "-q").code == 0
    return days


DROPPED = (
    ("    shop: Col[str] = col()\n", ""),
    ('"day", shop=pl.lit("north")', '"day"'),
)


def test_a_plan_says_what_became_of_columns_and_who_reads_them(call: Call, logged: Path) -> None:
    edit(logged, ("shop: Col[str] = col()", 'place: Col[str] = col(renamed_from="shop")'),
         ("shop=", "place="))  # fmt: skip
    assert (
        "silver.log renamed: `place` was called `shop`; the next commit writes the rows that stay "
        "again (about 40 rows)" in call("plan").out
    )
    [change] = call("plan", "--json").data["changes"]
    assert (change["dataset"], change["change"], change["answer"]) == (
        "silver.log", "renamed", "rewritten",
    )  # fmt: skip


def test_why_names_the_columns(call: Call, logged: Path) -> None:
    edit(logged, ("shop: Col[str] = col()", 'place: Col[str] = col(renamed_from="shop")'),
         ("shop=", "place="))  # fmt: skip
    assert "its columns: `place` was called `shop`" in call("why", "log").out
    [part] = call("why", "log", "--json").data["partitions"]
    assert part["columns"] == "`place` was called `shop`"


def test_what_breaks_is_refused_before_anything_runs(call: Call, logged: Path) -> None:
    edit(logged, *DROPPED, ('end="2026-01-20"', 'end="2026-01-21"'))
    ran = call("run")
    assert ran.code == 1
    assert ran.err.startswith(
        "error[FF-223]: the rows of `silver.log` do not survive its new columns: `shop` (string) "
        "is no longer declared\n"
    )
    assert len(call("history", "--json").data["runs"]) == 1


def test_dropped_columns_are_asked_about_on_a_terminal(
    call: Call, logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(logged, *DROPPED)
    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    said = call("run", "--allow-breaking")
    assert (said.code, said.out) == (0, "")
    assert "silver.log loses `shop` in 40 rows\n" in said.err
    assert "drop them?" in said.err
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    assert call("run", "--allow-breaking").code == 0
    assert call("plan", "--json").data["changes"] == []
    history = call("show", "log", "--json").data["schema_history"]
    assert [len(entry["columns"]) for entry in history] == [3, 2]
    assert all(entry["run_id"] for entry in history)


def test_nobody_there_to_agree_is_an_error(
    call: Call, logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(logged, *DROPPED)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    said = call("run", "--allow-breaking")
    assert (said.code, UnconfirmedRebuildError.code) == (2, "FF-838")
    assert "nobody is here to agree that `silver.log` loses `shop` in 40 rows" in said.err


@pytest.mark.parametrize("flag", ["--allow-breaking", "--rebuild"])
def test_a_table_whose_rows_cannot_be_read_any_more_is_emptied_by_leave(
    call: Call, logged: Path, flag: str
) -> None:
    edit(logged, ("shop: Col[str]", "shop: Col[int]"), ('"north"', "1, pl.Int64"))
    said = call("run", flag, "-y")
    assert said.code == 0, said.err
    assert said.err.startswith("silver.log is emptied: 20 partitions, about 40 rows\n")
    assert call("plan", "--json").data["changes"] == []


@pytest.mark.usefixtures("logged")
def test_a_resumed_run_takes_no_leave(call: Call) -> None:
    assert call("run", "--resume", "x", "--allow-breaking").code == 2
