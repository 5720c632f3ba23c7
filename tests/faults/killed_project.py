"""Runs a project in a child process, kills it, and looks at what it left."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import polars as pl

from flowforge_assets import Project
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.storage.partition_rows import is_in
from forked import Forked

FLIGHTS = Path(__file__).parents[2] / "projects/nyc_flights"
MONTH = "2013-01-01..2013-01-31"
# Of the 72 hours of the project of all ways of writing: a few where nobody asks for many kills.
HOURS = "" if "FLOWFORGE_KILLS" in os.environ else "2026-01-01T00..2026-01-01T05"
# It ends with its work: a kill while Python takes itself apart meets nothing.
_CHILD = """
import os
import sys
from flowforge_assets import Project
Project.load(sys.argv[1]).run(partitions=sys.argv[2] or None)
os._exit(0)
"""
_DIGITS = 6  # sums of floats may differ in their last digits, since rows come in no fixed order


def copy_of(source: Path, folder: Path) -> Path:
    """The project without what it has made."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".flowforge", "__pycache__"))
    return folder


def ran_whole(root: Path, partitions: str) -> float:
    """Runs it undisturbed; gives the seconds that it took."""
    process, start = Forked(_CHILD, str(root), partitions), time.perf_counter()
    assert process.wait() == 0, process.printed
    return time.perf_counter() - start


def killed_after(seconds: float, root: Path, partitions: str) -> bool:
    """Kills a run after `seconds`; False when it had ended before."""
    return ended_by_a_kill(Forked(_CHILD, str(root), partitions), seconds)


def ended_by_a_kill(process: Forked, seconds: float) -> bool:
    """Kills the process after `seconds`; False when it had ended before."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return True
    return False


def rows_of(project: Project, key: DatasetKey, made: PartitionSet | None = None) -> list[str]:
    """The rows of a table, or those of some partitions of it, sorted."""
    dataset = project.graph.datasets[key]
    rows = project.table(dataset).scan()
    inside = None if made is None else is_in(made, dataset.schema)
    if inside is not None:
        rows = rows.filter(inside)
    floats = pl.selectors.float().round(_DIGITS)
    return sorted(map(repr, rows.with_columns(floats).collect().rows()))


def made_of(project: Project, key: DatasetKey) -> PartitionSet:
    """The partitions that the table says were committed."""
    dataset = project.graph.datasets[key]
    made = PartitionSet.none(dataset.partitioning.dimensions)
    for commit in project.table(dataset).made():
        made |= commit.partitions
    return made


def content(project: Project) -> dict[DatasetKey, list[str]]:
    """The rows of every table that is there."""
    return {
        key: rows_of(project, key)
        for key, dataset in project.graph.datasets.items()
        if project.table(dataset).version() is not None
    }


def assert_whole_partitions(root: Path, reference: Project) -> None:
    """Every table has exactly the rows of the partitions that were committed, as `reference`."""
    project = Project.load(root)
    for key, dataset in project.graph.datasets.items():
        if project.table(dataset).version() is None:
            continue
        made = made_of(project, key)
        assert rows_of(project, key) == rows_of(reference, key, made), key


def assert_a_rerun_completes(root: Path, reference: Project, partitions: str) -> None:
    """The next run makes the rest; then all is as if nothing had happened."""
    ran_whole(root, partitions)
    project = Project.load(root)
    assert content(project) == content(reference)
    assert project.plan(partitions=partitions or None).steps == ()
    project.environment.ledger_path.unlink()
    project.rebuild_ledger()
    assert project.plan(partitions=partitions or None).steps == ()


def kill_often(kills: int, *, partitions: str, seed: int, folder: Path) -> int:
    """Kills a run again and again; gives how many runs it was.

    A project that is whole is begun anew, so that kills meet every state of it.
    """
    chance = random.Random(seed)  # noqa: S311 - it chooses moments
    whole = copy_of(FLIGHTS, folder / "whole")
    seconds = ran_whole(whole, partitions)
    reference = Project.load(whole)
    root = copy_of(FLIGHTS, folder / "killed")
    runs = 0
    while kills:
        runs += 1
        if killed_after(chance.uniform(0.1, 1.0) * seconds, root, partitions):
            kills -= 1
            assert_whole_partitions(root, reference)
        else:
            assert content(Project.load(root)) == content(reference)
            shutil.rmtree(root / ".flowforge")
    assert_a_rerun_completes(root, reference, partitions)
    return runs


def seed_of_today() -> int:
    """`FLOWFORGE_KILL_SEED`, or another each time."""
    return int(os.environ.get("FLOWFORGE_KILL_SEED", str(time.time_ns() % 1_000_000)))
