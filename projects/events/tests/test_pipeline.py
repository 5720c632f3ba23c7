"""The whole project: hour after hour, and all at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import Project
from flowforge_assets.core.event import Event

PROJECT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


def load(folder: Path) -> Project:
    """The project with nothing made, in a folder that is not its own."""
    project = Project.load(PROJECT)
    project.environment = replace(project.environment, root=folder)
    return project


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with all made."""
    project = load(tmp_path_factory.mktemp("lake"))
    assert not project.run().errors
    return project


def test_all_assets_keep_their_promises_without_data(made: Project) -> None:
    report = made.check()
    assert (report.assets, report.errors) == (10, ())


def test_nothing_is_left_to_make(made: Project) -> None:
    plan = made.plan()
    assert (plan.steps, plan.kept) == ((), ())


def test_no_event_is_lost_or_there_twice(made: Project) -> None:
    sent = made.read("bronze.raw_events")
    kept = made.read("silver.events")
    robots = sent.filter(user_id="").unique("event_id")
    assert sent["event_id"].is_duplicated().any()
    assert kept["event_id"].is_unique().all()
    assert kept.height == sent["event_id"].n_unique() - robots.height
    assert made.read("gold.days")["events"].sum() == kept.height


def test_who_changed_the_plan_has_a_past(made: Project) -> None:
    users = made.read("silver.users")
    assert users.filter(is_current=True).height == 20
    assert users.height > 20


def test_everybody_of_the_last_day_has_a_score(made: Project) -> None:
    newest = made.read("gold.user_days", "2026-03-03")
    assert made.read("gold.scores")["user_id"].to_list() == newest["user_id"].sort().to_list()


def test_late_events_remake_their_hours_and_no_other(tmp_path: Path) -> None:
    project = load(tmp_path)
    assert not project.run("+sessions", partitions="..2026-03-01T09").errors
    before = project.read("silver.events")
    ended: list[Event] = []
    result = project.run("+sessions", partitions="..2026-03-01T10", on_event=ended.append)
    assert not result.errors
    new = project.read("silver.events").join(before, on="event_id", how="anti")
    assert hours(new["hour"]) == {"2026-03-01T08", "2026-03-01T10"}
    remade = {each.partition for each in ended if (each.asset, each.status) == ("sessions", "made")}
    after_late = {"2026-03-01T09"}
    assert remade == hours(new["hour"]) | after_late
    assert not project.plan("+sessions", partitions="..2026-03-01T10").steps


def hours(column: pl.Series) -> set[str]:
    return {f"{hour:%Y-%m-%dT%H}" for hour in column}
