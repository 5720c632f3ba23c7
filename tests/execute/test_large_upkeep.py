"""A ledger made again after maintenance says the same of many assets in all ways of writing."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flowforge_assets import Project
from flowforge_assets.execute.maintain import Maintenance
from flowforge_assets.project.keeping import Keeping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "large_upkept_project"
GROUPS = 10
HEAD = """\
from datetime import date
from typing import Annotated

import polars as pl

from flowforge_assets import All, Bronze, Col, Daily, Frame, Gold, Partitions, Silver
from flowforge_assets import asset, col, key

DAY = Daily(start="2026-01-01", end="2026-04-10")


def numbered(days: Partitions[date]) -> pl.LazyFrame:
    return pl.LazyFrame({"n": [day.toordinal() for day in days], "day": list(days)})
"""
GROUP = """

class Raw{i}(Bronze, partition=DAY.on("day")):
    n: Col[int] = key()
    day: Col[date] = col()


class Clean{i}(Silver, partition=DAY.on("day")):
    n: Col[int] = key()
    day: Col[date] = col()


class Kept{i}(Silver):
    n: Col[int] = {key}
    day: Col[date] = col(){columns}


class Sum{i}(Gold):
    n: Col[int] = col()


class Seen{i}(Gold):
    n: Col[int] = col()


@asset
def raw{i}(day: Partitions[date]) -> Frame[Raw{i}]:
    return numbered(day)


@asset
def clean{i}(day: Partitions[date], raw: Frame[Raw{i}]) -> Frame[Clean{i}]:
    return raw.with_columns(n=Raw{i}.n + 1)


@asset(write="{write}")
def kept{i}(clean: Frame[Clean{i}]) -> Frame[Kept{i}]:
    return clean


@asset
def sum{i}(kept: Frame[Kept{i}]) -> Frame[Sum{i}]:
    return kept.select(Kept{i}.n.sum())


@asset(write="view")
def seen{i}(total: Frame[Sum{i}]) -> Frame[Seen{i}]:
    return total
"""
STATES = """
    since: Col[date] = col(valid_from=True)
    until: Col[date | None] = col(valid_to=True)"""
WAYS = (
    ("append", "col()", ""),
    ("merge", "key()", ""),
    ("insert", "key()", ""),
    ("scd2", "key()", STATES),
    ("overwrite", "key()", ""),
)


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    """A project of 50 assets; a fifth of them have 100 partitions each, and so has another."""
    groups = (
        GROUP.format(i=i, write=write, key=key, columns=columns)
        for i in range(GROUPS)
        for write, key, columns in [WAYS[i % len(WAYS)]]
    )
    (tmp_path / "flowforge.toml").write_text(f'[project]\nmodules = ["{NAME}"]\n')
    (tmp_path / f"{NAME}.py").write_text(HEAD + "".join(groups))
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop(NAME, None)


def plan_of(project: Project) -> str:
    return json.dumps(project.plan().as_json(), sort_keys=True)


def maintained(project: Project) -> None:
    none = timedelta(0)
    work = Maintenance(
        project.graph, project.environment, lambda: project.store, project.clock, project.history()
    )
    found = list(work.run(project.select(None), Keeping(none, none), on_wait=print))
    assert [each.error for each in found if each.error is not None] == []
    assert len(found) == 5 * GROUPS


def rebuilt(folder: Path) -> Project:
    """The project as who has lost the ledger finds it."""
    Project.load(folder).environment.ledger_path.unlink()
    project = Project.load(folder)
    project.rebuild_ledger()
    return project


@pytest.mark.slow
def test_fifty_assets_are_known_as_before_when_logs_are_gone(large: Path) -> None:
    project = Project.load(large)
    assert project.run().status == "succeeded"
    late = "2026-02-01..2026-02-10"
    assert project.run(f"raw{GROUPS - 1}", partitions=late, force=True).made == 1
    (large / f"{NAME}.py").write_text(
        (large / f"{NAME}.py").read_text().replace("Raw1.n + 1", "Raw1.n + 2")
    )
    sys.modules.pop(NAME)
    project = Project.load(large)
    before = plan_of(project)
    assert len(project.plan().steps) > 3
    maintained(project)
    assert plan_of(project) == before
    project = rebuilt(large)
    assert plan_of(project) == before
    for log in large.rglob("_delta_log"):
        assert len(list(log.glob("*.json"))) <= 2
        assert len(list((log.parent / "_flowforge").glob("state-*.json"))) == 1
    assert project.run().status == "succeeded"
    maintained(project)
    project = rebuilt(large)
    assert not project.plan().steps
