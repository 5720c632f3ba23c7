"""A project of all ways of writing, and a process that maintains it over and over.

`python tests/faults/killed_maintenance.py 100` kills a hundred times, at random moments.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flowforge_assets import Project
from killed_project import HOURS, content, copy_of, ran_whole, seed_of_today

WRITTEN = Path(__file__).parents[1] / "fixtures/projects/written"
_CHILD = """
import sys
from datetime import timedelta
from flowforge_assets import Project
from flowforge_assets.execute.maintain import Maintenance
from flowforge_assets.project.keeping import Keeping
project = Project.load(sys.argv[1])
work = Maintenance(
    project.graph, project.environment, lambda: project.store, project.clock, project.history()
)
print("ready", flush=True)
none = timedelta(0)
for each in work.run(project.select(None), Keeping(none, none), on_wait=print):
    if each.error is not None:
        raise each.error
"""


def maintaining(root: Path) -> subprocess.Popen[bytes]:
    """A process that maintains the project, and is about to begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def maintained_whole(root: Path) -> float:
    """Maintains it undisturbed; gives the seconds that it took."""
    process, start = maintaining(root), time.perf_counter()
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    return time.perf_counter() - start


def killed_after(seconds: float, root: Path) -> bool:
    """Kills the maintenance after `seconds`; False when it had ended before."""
    process = maintaining(root)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    finally:
        process.communicate()
    return False


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
        if killed_after(chance.uniform(0.0, 1.0) * seconds, root):
            kills -= 1
        assert said_of(root) == expected
        maintained_whole(root)
        assert said_of(root) == expected
    return runs


if __name__ == "__main__":
    seed = seed_of_today()
    print(f"FLOWFORGE_KILL_SEED={seed}")  # noqa: T201 - a script
    with tempfile.TemporaryDirectory() as scratch:
        runs = kill_often(int(sys.argv[1]), seed=seed, folder=Path(scratch))
    print(f"{sys.argv[1]} kills of {runs} maintenances: nothing lost, nothing doubled")  # noqa: T201
