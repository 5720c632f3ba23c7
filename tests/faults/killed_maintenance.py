"""A project of all ways of writing, and a process that maintains it over and over."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

from flowforge_assets import Project
from forked import Forked
from killed_project import HOURS, content, copy_of, ended_by_a_kill, ran_whole

WRITTEN = Path(__file__).parents[1] / "fixtures/projects/written"
_CHILD = """
import os
import sys
from datetime import timedelta
from flowforge_assets import Project
from flowforge_assets.execute.maintain import Maintenance
from flowforge_assets.project.keeping import Keeping
project = Project.load(sys.argv[1])
work = Maintenance(
    project.graph, project.environment, lambda: project.store, project.clock, project.history()
)
none = timedelta(0)
for each in work.run(project.select(None), Keeping(none, none), on_wait=print):
    if each.error is not None:
        raise each.error
os._exit(0)  # with its work, as in killed_project.py
"""


def maintained_whole(root: Path) -> float:
    """Maintains it undisturbed; gives the seconds that it took."""
    process, start = Forked(_CHILD, str(root)), time.perf_counter()
    assert process.wait() == 0, process.printed
    return time.perf_counter() - start


def said_of(root: Path) -> tuple[object, object]:
    """The rows of every table and the plan, which is the same with a ledger that is made again."""
    project = Project.load(root)
    plan = project.plan().as_json()
    project.environment.ledger_path.unlink()
    project.rebuild_ledger()
    assert project.plan().as_json() == plan
    return content(project), plan


def kill_often(kills: int, *, seed: int, folder: Path) -> int:
    """Kills the maintenance of a project again and again; gives how many runs of it there were."""
    chance = random.Random(seed)  # noqa: S311 - it chooses moments
    made = copy_of(WRITTEN, folder / "made")
    for _ in range(2):
        ran_whole(made, HOURS)
        Project.load(made).run(partitions=HOURS or None, force=True)
    expected = said_of(made)
    probe = folder / "probe"
    shutil.copytree(made, probe)
    seconds = maintained_whole(probe)
    assert said_of(probe) == expected
    root, runs = folder / "killed", 0
    while kills:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(made, root)
        runs += 1
        if ended_by_a_kill(Forked(_CHILD, str(root)), chance.uniform(0.1, 1.0) * seconds):
            kills -= 1
        assert said_of(root) == expected
        maintained_whole(root)
        assert said_of(root) == expected
    return runs
