"""`run --rebuild` asks before it empties anything; a `run` of which all waits fails."""

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
    day: Col[date] = col()


class Seen(Silver):
    visit: Col[int] = key()


@asset(write="append")
def log(visits: Frame[Visits]) -> Frame[Log]:
    return visits


@asset(write="merge", per=DAY)
def seen(visits: Frame[Visits]) -> Frame[Seen]:
    return visits.select("visit")
'''
LISTED = "silver.log is emptied: 20 partitions, 40 rows\nsilver.seen is emptied: 20 steps, 2 rows\n"


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def kept(days: Path, call: Call) -> Path:
    """A project that ran, with tables that keep their history and others."""
    module = days / "visits_project.py"
    imports = "Bronze, Col, Daily, Frame, Gold, asset"
    text = module.read_text().replace(imports, imports.replace("Gold,", "Gold, Silver,"))
    module.write_text(text + KEPT)
    assert call("run", "-q").code == 0
    return days


def test_a_rebuild_asks_on_a_terminal(
    call: Call, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    ran = call("run", "--rebuild")
    assert ran.err == (
        LISTED + "what their inputs no longer hold is lost: empty and make anew? [y/N] "
        "nothing was emptied or made\n"
    )
    assert (ran.code, len(call("history", "--json").data["runs"])) == (0, 1)
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    assert call("run", "--rebuild").out.startswith("made 2, failed 0")


def test_a_yes_beforehand_is_not_asked_again(
    call: Call, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ran = call("run", "--rebuild", "-y")
    assert ran.err.startswith(LISTED)
    assert ran.out.startswith("made 2, failed 0")


@pytest.mark.parametrize("flags", [(), ("-q",), ("--engine", "prefect")])
def test_a_rebuild_that_nobody_agrees_to_is_refused(
    call: Call, kept: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ran = call("run", "--rebuild", *flags)
    assert (ran.code, UnconfirmedRebuildError.code) == (2, "FF-838")
    assert ran.err.startswith(
        "error[FF-838]: nobody is here to agree that `silver.log` (20 partitions, 40 rows), "
        "`silver.seen` (20 steps, 2 rows) are emptied\nhint: say `--yes`"
    )
    assert len(call("history", "--json").data["runs"]) == 1


def test_a_rebuild_of_what_was_never_made_does_not_ask(
    call: Call, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (kept / "flowforge.toml").write_text('[project]\nmodules = ["visits_project"]\n[env.other]\n')
    assert call("run", "--rebuild", "-e", "other", "-s", "visits or log").code == 0


@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_keeps_no_history_is_not_rebuilt_and_that_is_said(
    call: Call, kept: Path, command: str
) -> None:
    ran = call(command, "--rebuild", "-s", "counts")
    assert ran.code == 0
    assert ran.err.startswith("note: `gold.counts` keeps no history: `--force` makes it again\n")
    ran = call(command, "--rebuild", "-s", "counts or visits")
    assert "note: `bronze.visits`, `gold.counts` keep no history: `--force` makes them" in ran.err


@pytest.mark.parametrize("flags", [(), ("--force",), ("-q",)])
def test_a_run_of_which_all_waits_fails_and_says_what_it_waits_for(
    call: Call, days: Path, flags: tuple[str, ...]
) -> None:
    ran = call("run", "-s", "counts", *flags)
    assert ran.code == 1
    assert ran.out.startswith("made 0, failed 0, skipped 0, fresh 0, waiting 1 in ")
    if "-q" not in flags:
        assert ran.err == (
            "note: gold.counts waits for `bronze.visits`\n"
            "nothing that is asked for can be made (`-s +NAME` takes along what it reads)\n"
        )


def test_the_last_event_counts_what_waits(call: Call, days: Path) -> None:
    ran = call("run", "-s", "counts", "--json")
    assert (ran.code, ran.events[-1]["waiting"]) == (1, 1)
    assert [event["event"] for event in ran.events] == ["run_started", "note", "run_finished"]


def test_what_waits_beside_what_is_made_is_no_failure(call: Call, kept: Path) -> None:
    module = kept / "visits_project.py"
    module.write_text(module.read_text().replace('end="2026-01-20"', 'end="2026-01-25"'))
    assert call("run", "-s", "log or seen", "-p", "2026-01-21..2026-01-25").code == 1
    assert call("run", "-s", "visits", "-p", "2026-01-21").code == 0
    ran = call("run", "-s", "log or seen", "-p", "2026-01-21..2026-01-25")
    assert ran.code == 0
    assert ran.out.startswith("made 2, failed 0, skipped 0, fresh 0, waiting 2 in ")


def test_a_table_with_a_damaged_file_is_emptied_and_made_anew(call: Call, kept: Path) -> None:
    for file in (kept / ".flowforge/dev/lake/silver/seen").glob("part-*.parquet"):
        file.write_bytes(b"flipped")
    [line] = [line for line in call("show", "seen").err.splitlines() if "hint" in line]
    assert "with `--force`, or with `--rebuild` where it keeps its history" in line
    ran = call("run", "--rebuild", "-y", "-s", "seen")
    assert ran.code == 0
    assert ran.err.startswith("silver.seen is emptied: 20 steps, rows that cannot be read\n")
    assert call("show", "seen").code == 0
