"""A ledger made again after maintenance says the same of many assets in all ways of writing.

`FLOWFORGE_LEDGER_REPORT` is a file that the figures go to: `benchmarks/results/ledger.json`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from flowforge_assets import Project
from flowforge_assets.execute.maintain import Maintenance
from flowforge_assets.project.keeping import Keeping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "large_upkept_project"
HEAD = """\
from datetime import date, datetime
from typing import Annotated

import polars as pl

from flowforge_assets import All, Before, Bronze, Changes, Col, Daily, Deletes, Frame, Gold
from flowforge_assets import Partitions, Silver, asset, col, key, newest

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


@asset({options})
def kept{i}({reads}) -> Frame[Kept{i}]:
    return {gives}


@asset
def sum{i}(kept: Frame[Kept{i}]) -> Frame[Sum{i}]:
    return kept.select(Kept{i}.n.sum())


@asset(write="view")
def seen{i}(total: Frame[Sum{i}]) -> Frame[Seen{i}]:
    return total
"""
SINCE = """
    since: Col[datetime] = col(valid_from=True)"""
UNTIL = """
    until: Col[datetime | None] = col(valid_to=True)"""


@dataclass(frozen=True)
class Way:
    """How the kept rows of a group are written."""

    options: str
    key: str = "key()"
    columns: str = ""
    reads: str = "clean: Frame[Clean{i}]"
    gives: str = "clean"

    def group(self, i: int) -> str:
        return GROUP.format(
            i=i,
            options=self.options,
            key=self.key,
            columns=self.columns,
            reads=self.reads.format(i=i),
            gives=self.gives.format(i=i),
        )


WAYS = (
    Way('write="append", per=DAY', key="col()"),
    Way('write="merge", latest="day"'),
    Way('write="merge", deletes="gone"', gives="clean.with_columns(gone=Clean{i}.n % 2 == 0)"),
    Way('write="insert"'),
    Way('write="scd2", per=DAY', columns=SINCE + UNTIL),
    Way('write="snapshot"', columns=SINCE),
    Way('write="overwrite"'),
    Way(
        'write="append"',
        reads="before: Before[Kept{i}], clean: Frame[Clean{i}]",
        gives="clean.filter(Clean{i}.day > (newest(before, Kept{i}.day) or date.min))",
    ),
    Way('write="append"', key="col()", reads="clean: Changes[Clean{i}]"),
    Way(
        'write="append"',
        key="col()",
        columns="\n    gone: Col[bool] = col()",
        reads='clean: Annotated[Changes[Clean{i}], Deletes("gone")]',
    ),
)
"""One a group, beside partitions that are overwritten, whole tables that are, and views."""

ASSETS = 5 * len(WAYS)
_READ: list[str] = []
_COUNTING = Event()


def _take_down(event: str, arguments: tuple[object, ...]) -> None:
    """Notes which files this process opens, while that is asked for; a hook cannot be removed."""
    if event == "open" and _COUNTING.is_set():
        _READ.append(str(arguments[0]))


sys.addaudithook(_take_down)


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Path]:
    """A project of 50 assets; a fifth of them have 100 partitions each, and so has another."""
    groups = (way.group(i) for i, way in enumerate(WAYS))
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
    assert len(found) == ASSETS


@dataclass(frozen=True)
class Told:
    """What making the ledger again took: seconds, and files read of tables, each twice.

    Beside them the Delta library reads a table's checkpoint and the commits after that.
    """

    seconds: float
    tables: int
    state_files: int
    commit_files: int


def rebuilt(folder: Path) -> tuple[Project, Told]:
    """The project as who has lost the ledger finds it, and what that took.

    Of each table it reads a state file at most, and the commits that came after that.
    """
    Project.load(folder).environment.ledger_path.unlink()
    project = Project.load(folder)
    _READ.clear()
    _COUNTING.set()
    begin = time.perf_counter()
    project.rebuild_ledger()
    seconds = time.perf_counter() - begin
    _COUNTING.clear()
    read = Counter(Path(path) for path in _READ if path.endswith(".json"))
    # a table is asked for what was made, and for the columns that it had
    assert set(read.values()) == {2}
    logs = list(folder.rglob("_delta_log"))
    assert len(logs) == ASSETS
    state_files = commit_files = 0
    for log in logs:
        states = [path for path in read if path.parent == log.parent / "_flowforge"]
        newest = max(
            (version_of(path) for path in log.parent.glob("_flowforge/state-*")), default=-1
        )
        assert [version_of(path) for path in states] == ([newest] if newest >= 0 else [])
        commits = {version_of(path) for path in log.glob("*.json")}
        after = {version for version in commits if version > newest}
        assert {version_of(path) for path in read if path.parent == log} == after
        state_files += len(states)
        commit_files += len(after)
    assert len(read) == state_files + commit_files
    return project, Told(round(seconds, 2), len(logs), state_files, commit_files)


def version_of(path: Path) -> int:
    return int(path.stem.removeprefix("state-"))


def say(told: Mapping[str, Told], partitions: int) -> None:
    """Adds the figures to the file that is asked for, if one is."""
    if report := os.environ.get("FLOWFORGE_LEDGER_REPORT"):
        found = {"assets": ASSETS, "partitions": partitions}
        text = json.dumps(
            {**found, **{name: asdict(each) for name, each in told.items()}}, indent=1
        )
        Path(report).write_text(text + "\n")


@pytest.mark.slow
def test_fifty_assets_are_known_as_before_when_logs_are_gone(large: Path) -> None:
    project = Project.load(large)
    result = project.run()
    assert result.errors == ()
    late = "2026-02-01..2026-02-10"
    assert project.run(f"raw{len(WAYS) - 1}", partitions=late, force=True).made == 1
    module = large / f"{NAME}.py"
    for i in (1, 8):
        module.write_text(module.read_text().replace(f"Raw{i}.n + 1", f"Raw{i}.n + 2"))
    sys.modules.pop(NAME)
    project = Project.load(large)
    before = plan_of(project)
    assert len(project.plan().steps) > 3
    project, whole = rebuilt(large)
    assert plan_of(project) == before
    for _ in range(2):  # what the first has put together goes with the second
        maintained(project)
    assert plan_of(project) == before
    project, cleaned = rebuilt(large)
    assert plan_of(project) == before
    assert (cleaned.state_files, cleaned.commit_files) == (ASSETS, 0)
    for log in large.rglob("_delta_log"):
        assert len(list(log.glob("*.json"))) <= 2
        assert len(list(log.glob("*.checkpoint.parquet"))) >= 1
    assert project.run().errors == ()
    before = plan_of(project)
    project, later = rebuilt(large)
    assert plan_of(project) == before
    assert 0 < later.commit_files < ASSETS
    assert not project.plan().steps
    say({"whole logs": whole, "cleaned logs": cleaned, "commits after": later}, len(made(project)))


def made(project: Project) -> list[object]:
    """The partitions that were made, of all datasets."""
    history = project.history()
    return [
        point
        for key in project.graph.datasets
        for piece in history.lookup(key)
        for point in piece.partitions.points()
    ]
