from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.core.event import Event
from flowforge_assets.errors.graph import SourceScheduleError
from flowforge_assets.errors.run import SourceVersionError

Write: TypeAlias = Callable[[Mapping[str, str]], Path]
NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
CONFIG = '[project]\nname = "bank"\nmodules = ["bank"]\n[env.dev.resources.Feed]\nat = "{at}"\n'
BANK = """
from pathlib import Path

import polars as pl

from flowforge_assets import Bronze, Col, Gold, Resource, Table, asset, col


class Feed(Resource):
    at: str

    @property
    def file(self) -> Path:
        return Path(self.at)


class Rates(Bronze):
    text: Col[str] = col()


class Report(Gold):
    text: Col[str] = col()


def newest(feed: Feed) -> str:
    return feed.file.read_text()


def misspelt(feed: "Fed") -> str:
    return feed.file.read_text()


@asset(OPTIONS)
def pull(feed: Feed) -> Table[Rates]:
    return pl.DataFrame({"text": [feed.file.read_text()]})


@asset
def report(rates: Table[Rates]) -> Table[Report]:
    return rates
"""


@pytest.fixture
def bank(write_project: Write, tmp_path: Path) -> Callable[..., Project]:
    """Loads the bank with options of its source, at a time."""

    def load(options: str, *, now: datetime = NOW) -> Project:
        files = {
            "flowforge.toml": CONFIG.format(at=tmp_path / "feed.txt"),
            "bank.py": BANK.replace("OPTIONS", options),
        }
        if not (tmp_path / "feed.txt").exists():
            files["feed.txt"] = "1"
        return Project.load(write_project(files), clock=lambda: now)

    return load


def said(project: Project) -> list[tuple[str, str, str]]:
    return [(step.asset, step.reason, step.detail) for step in project.plan().steps]


def test_a_source_is_made_again_when_its_version_is_another(
    bank: Callable[..., Project], tmp_path: Path
) -> None:
    project = bank("version=newest")
    assert project.run().made == 2
    assert said(project) == []
    (tmp_path / "feed.txt").write_text("2")
    assert said(project)[0] == ("pull", "input newer", "the source is at version `2`")
    assert project.run().status == "succeeded"
    assert said(project) == []
    assert project.read("gold.report")["text"].to_list() == ["2"]


def test_the_version_that_was_read_is_recorded_with_the_commit(
    bank: Callable[..., Project],
) -> None:
    project = bank("version=newest")
    project.run()
    (made,) = project.table(project.dataset("bronze.rates")).made()
    assert made.source == "1"


def test_a_rebuilt_ledger_knows_the_version_that_was_read(bank: Callable[..., Project]) -> None:
    project = bank("version=newest")
    project.run()
    project.environment.ledger_path.unlink()
    assert said(project) == []
    project.rebuild_ledger()
    assert said(project) == []


def test_a_source_of_another_version_with_the_same_rows_stops_the_wave(
    bank: Callable[..., Project],
) -> None:
    project = bank("version=lambda: 1")
    project.run()
    project = bank("version=lambda: 2")
    result = project.run()
    assert (result.made, result.fresh) == (1, 1)


def test_a_version_that_fails_is_said_by_the_plan_and_fails_the_run(
    bank: Callable[..., Project], tmp_path: Path
) -> None:
    project = bank("version=newest")
    project.run()
    (tmp_path / "feed.txt").unlink()
    plan = project.plan()
    assert plan.steps == ()
    assert [note for note in plan.notes if "FileNotFoundError" in note]
    result = project.run()
    assert (result.status, result.failed, result.made) == ("failed", 1, 0)
    assert isinstance(result.errors[0], SourceVersionError)


def test_nothing_is_made_of_a_source_that_cannot_tell_its_version(
    bank: Callable[..., Project],
) -> None:
    project = bank("version=lambda: None")
    result = project.run()
    assert (result.made, result.failed, result.skipped) == (0, 1, 1)
    assert "returned None" in result.errors[0].message


def test_a_version_asks_for_resources_alone(bank: Callable[..., Project]) -> None:
    for version in ("lambda day: day", "misspelt", "min"):
        with pytest.raises(SourceScheduleError, match="version of `pull` cannot be called") as said:
            bank(f"version={version}").check()
        assert said.value.hint is not None


def test_a_long_version_is_kept_as_its_digest(bank: Callable[..., Project]) -> None:
    project = bank("version=lambda: 'x' * 41")
    project.run()
    (made,) = project.table(project.dataset("bronze.rates")).made()
    assert len(made.source) == 32
    assert said(project) == []


def test_a_source_is_due_again_by_its_cron_text(bank: Callable[..., Project]) -> None:
    bank('schedule="0 6 * * *"').run()
    later = bank('schedule="0 6 * * *"', now=NOW + timedelta(hours=2))
    assert said(later)[0] == ("pull", "late", "due since 2026-11-22 06:00")
    later.run()
    assert said(later) == []


def test_notes_of_the_plan_are_told_by_the_run(
    bank: Callable[..., Project], tmp_path: Path
) -> None:
    project = bank("version=newest")
    project.run()
    (tmp_path / "feed.txt").unlink()
    events: list[Event] = []
    project.run(on_event=events.append)
    assert [event.message for event in events if event.event == "note"] == [*project.plan().notes]
