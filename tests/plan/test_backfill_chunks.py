from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from flowforge_assets import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.project import NotPartitioned, UnknownPartition
from flowforge_assets.plan.backfill import Chunks, cut

WriteProject: TypeAlias = Callable[[Mapping[str, str]], Path]
NOW = datetime(2014, 1, 1, tzinfo=UTC)
PROJECT = """
from datetime import date, datetime
from typing import Annotated

from flowforge_assets import (
    All, Bronze, Col, Daily, Frame, Gold, Hourly, Monthly, Partitions, Rows, Silver, asset, col,
)

DAY = Daily("2013-01-01", "2013-12-31")


class Zone(Bronze):
    name: Col[str] = col()


class Raw(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Hours(Bronze, partition=Hourly("2013-01-01T00", "2013-12-31T23").on("hour")):
    hour: Col[datetime] = col()


class Clean(Silver, partition=DAY.on("day")):
    day: Col[date] = col()


class Months(Gold, partition=Monthly("2013-01", "2013-12").on("month")):
    month: Col[date] = col()


class Ranked(Gold, partition=DAY.on("day")):
    day: Col[date] = col()


class Total(Gold):
    day: Col[date] = col()


class Report(Gold):
    day: Col[date] = col()


@asset
def zone() -> Rows[Zone]: ...

@asset(batch=30)
def raw(days: Partitions[date]) -> Rows[Raw]: ...

@asset
def hours() -> Rows[Hours]: ...

@asset
def clean(raw: Frame[Raw], zone: Frame[Zone]) -> Frame[Clean]: ...

@asset
def months(rows: Frame[Clean]) -> Frame[Months]: ...

@asset
def ranked(rows: Annotated[Frame[Clean], All()]) -> Frame[Ranked]: ...

@asset
def total(rows: Frame[Clean]) -> Frame[Total]: ...

@asset
def report(rows: Frame[Total]) -> Frame[Report]: ...
"""


@pytest.fixture
def project(write_project: WriteProject) -> Project:
    toml = '[project]\nname = "days"\nmodules = ["days_in_chunks"]\n[env.dev]\nstore = "memory://days"\n'
    folder = write_project({"flowforge.toml": toml, "days_in_chunks.py": PROJECT})
    return Project.load(folder, clock=lambda: NOW)


def chunks_of(
    project: Project, select: str | None, text: str | None, most: int | None = None
) -> Chunks:
    ids = project.select(select)
    plan = project.plan(select, partitions=text)
    return cut(project.graph, ids, text, plan, most=most, now=NOW)


def names(keys: tuple[DatasetKey, ...]) -> list[str]:
    return [key.name for key in keys]


def test_chunks_are_ranges_of_at_most_so_many_partitions(project: Project) -> None:
    found = chunks_of(project, "raw", "2013-01-01..2013-09-10", 100)
    assert [each.render() for each in found.sets] == [
        "2013-01-01..2013-04-10",
        "2013-04-11..2013-07-19",
        "2013-07-20..2013-09-10",
    ]


def test_the_least_batch_of_the_assets_is_the_size_of_a_chunk(project: Project) -> None:
    assert len(chunks_of(project, "raw clean".replace(" ", " or "), None).sets) == 13
    assert chunks_of(project, "raw", None, 365).sets[0].count() == 365


def test_without_a_batch_a_chunk_has_a_hundred(project: Project) -> None:
    assert chunks_of(project, "hours", "2013-01-01T00..2013-02-01T00").sets[0].count() == 100


def test_partitions_are_counted_as_the_text_is_written(project: Project) -> None:
    found = chunks_of(project, "raw or hours", "2013-01-01..2013-01-31")
    assert (found.lead, found.sets[0].count()) == ("bronze.raw", 30)


def test_without_a_text_the_finest_asset_is_counted(project: Project) -> None:
    assert chunks_of(project, "raw or hours", None).lead == "bronze.hours"


def test_what_every_chunk_would_make_again_is_made_once_at_the_end(project: Project) -> None:
    found = chunks_of(project, None, "2013-01-01..2013-12-31")
    assert names(found.at_end) == ["ranked", "total", "report"]
    assert "zone" in names(found.in_chunks)
    assert "months" in names(found.in_chunks)


def test_a_single_chunk_makes_all(project: Project) -> None:
    assert chunks_of(project, None, "2013-01-01..2013-01-31", 31).at_end == ()


def test_partitions_outside_of_the_declared_ones_are_refused(project: Project) -> None:
    with pytest.raises(UnknownPartition, match="`1990-01-01` is outside"):
        cut(project.graph, project.select("raw"), "1990-01-01", project.plan("raw"), now=NOW)


def test_what_has_no_partitions_cannot_be_cut(project: Project) -> None:
    with pytest.raises(NotPartitioned):
        chunks_of(project, "zone", None)
