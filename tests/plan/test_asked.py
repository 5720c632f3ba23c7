from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flowforge_assets import Project
from flowforge_assets.errors.project import BadPartitionKey, ProjectError
from flowforge_assets.plan.asked import asked_partitions

NOW = datetime(2026, 6, 1, tzinfo=UTC)

PIPELINE = """
from datetime import date

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, Monthly, asset, col

DAY = Daily(start="2026-01-01", end="2026-03-31")
MONTH = Monthly(start="2026-01", end="2026-03")


class Sales(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()


class Totals(Gold, partition=MONTH.on("month")):
    month: Col[date] = col()


class Summary(Gold):
    days: Col[int] = col()


@asset
def sales(day: date) -> Frame[Sales]: ...


@asset
def totals(sales: Frame[Sales]) -> Frame[Totals]: ...


@asset
def summary(sales: Frame[Sales]) -> Frame[Summary]: ...
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "asked_pipeline.py").write_text(PIPELINE)
    config = '[project]\nname = "asked"\nmodules = ["asked_pipeline"]\n'
    (tmp_path / "flowforge.toml").write_text(config)
    return Project.load(tmp_path)


def asked(project: Project, text: str) -> dict[str, str]:
    found = asked_partitions(project.graph, project.graph.assets, text, now=NOW)
    return {str(key): partitions.render() for key, partitions in found.items()}


def test_days_ask_for_the_months_that_they_lie_in(project: Project) -> None:
    assert asked(project, "2026-01-30..2026-02-02") == {
        "bronze.sales": "2026-01-30..2026-02-02",
        "gold.totals": "2026-01..2026-02",
    }


def test_a_month_asks_for_its_days(project: Project) -> None:
    assert asked(project, "2026-02")["bronze.sales"] == "2026-02-01..2026-02-28"


def test_an_asset_without_partitions_is_not_limited(project: Project) -> None:
    assert "gold.summary" not in asked(project, "2026-02-01")


def test_a_text_that_no_asset_can_read_is_refused(project: Project) -> None:
    with pytest.raises(BadPartitionKey):
        asked(project, "yesterday")


def test_a_partition_that_no_asset_declares_is_refused(project: Project) -> None:
    with pytest.raises(ProjectError, match="2027-01-01"):
        asked(project, "2027-01-01")
