"""Runs in processes of their own that are killed, and what the next run makes of their jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from flowforge_assets import Project
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.record.jobs import JobLog, JobRecord
from flowforge_assets.sdk.job import JobRef
from flowforge_assets.sdk.local import LocalProcessJobs

pytestmark = pytest.mark.slow

WriteProject = Callable[[Mapping[str, str]], Path]

CONFIG = """
[project]
name = "elsewhere"
modules = ["lake"]

[env.dev.resources.Jobs]
folder = "{folder}/jobs"
poll_seconds = 0.01
"""
LAKE = """
import os, signal, sys
from pathlib import Path
from flowforge_assets import Bronze, Col, Out, Written, asset, col
from flowforge_assets.sdk.job import JobRef, JobState
from flowforge_assets.sdk.local import LocalProcessJobs

HERE = Path(__file__).parent


class Wide(Bronze):
    n: Col[int] = col()


class Jobs(LocalProcessJobs):
    def poll(self, ref: JobRef) -> JobState:
        if (HERE / "kill").exists():
            (HERE / "kill").rename(HERE / "killed")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().poll(ref)


@asset
def wide(out: Out[Wide], jobs: Jobs) -> Written[Wide]:
    jobs.run(f"{sys.executable} {HERE / 'job.py'}", out=out.url, pipe=str(HERE / "pipe"))
    return out.written()
"""
JOB = """
import sys
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
with open(HERE / "begun", "a") as log:
    log.write("begun\\n")
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
said = open(options["--pipe"]).read().strip()  # until somebody writes into it
pl.DataFrame({"n": [int(said)]}).write_delta(options["--out"])
"""
RUN = "import sys; from flowforge_assets import Project; Project.load(sys.argv[1]).run()"


@pytest.fixture
def root(write_project: WriteProject, tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    config = CONFIG.format(folder=tmp_path)
    return write_project({"flowforge.toml": config, "lake.py": LAKE, "job.py": JOB})


def killed_run(root: Path) -> None:
    """A run in a process of its own, killed when it first looks at its job."""
    (root / "kill").touch()
    ran = subprocess.run([sys.executable, "-c", RUN, str(root)], check=False, timeout=60)
    assert ran.returncode == -signal.SIGKILL


def remembered(project: Project) -> list[JobRecord]:
    log = JobLog(project.environment.ledger_path)
    try:
        (id_,) = project.graph.assets
        return list(log.of(id_, WHOLE.render(None)))
    finally:
        log.close()


@contextmanager
def written_to(pipe: Path, number: int) -> Iterator[None]:
    """Lets the job go on that waits for the pipe now, or will during the block."""
    with subprocess.Popen(["sh", "-c", f"echo {number} > {pipe}"]) as writer:
        yield
    assert writer.returncode == 0


def let_job_end(root: Path) -> None:
    with written_to(root / "pipe", 7):
        pass


def begun(root: Path) -> int:
    return len((root / "begun").read_text().splitlines())


def test_a_run_takes_up_the_job_of_one_that_was_killed_before_it_looked(root: Path) -> None:
    killed_run(root)
    project = Project.load(root)
    (job,) = remembered(project)
    assert job.state == "running"
    let_job_end(root)
    result = project.run()
    assert result.status == "succeeded"
    assert begun(root) == 1
    assert project.read("wide")["n"].to_list() == [7]
    assert remembered(project) == []
    assert project.plan().steps == ()


def test_a_job_that_has_ended_meanwhile_is_not_done_again(root: Path) -> None:
    killed_run(root)
    project = Project.load(root)
    (job,) = remembered(project)
    let_job_end(root)
    runner = LocalProcessJobs()
    while not runner.poll(JobRef.from_json(job.ref)).has_ended:
        pass
    assert project.run().status == "succeeded"
    assert begun(root) == 1


def test_a_job_of_other_code_is_ended_and_another_submitted(root: Path) -> None:
    killed_run(root)
    (job,) = remembered(Project.load(root))
    lake, other_pipe = root / "lake.py", root / "other_pipe"
    os.mkfifo(other_pipe)
    lake.write_text(lake.read_text().replace('HERE / "pipe"', 'HERE / "other_pipe"'))
    del sys.modules["lake"]
    project = Project.load(root)
    with written_to(other_pipe, 8):
        assert project.run().status == "succeeded"
    assert LocalProcessJobs().poll(JobRef.from_json(job.ref)).status == "lost"
    assert project.read("wide")["n"].to_list() == [8]
    assert remembered(project) == []


def test_a_job_that_died_with_its_run_is_submitted_anew(root: Path) -> None:
    killed_run(root)
    project = Project.load(root)
    (job,) = remembered(project)
    LocalProcessJobs().cancel(JobRef.from_json(job.ref))
    with written_to(root / "pipe", 9):
        assert project.run().status == "succeeded"
    assert project.read("wide")["n"].to_list() == [9]
    assert remembered(project) == []
