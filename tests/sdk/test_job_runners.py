from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from flowforge_assets.errors.job import JobNotStartedError
from flowforge_assets.sdk.conformance.jobs import JobRunnerConformance, KnownJobs, end_of
from flowforge_assets.sdk.fake import FakeJobs
from flowforge_assets.sdk.job import JobRef, JobRequest, JobState
from flowforge_assets.sdk.local import LocalProcessJobs


@pytest.fixture(autouse=True)
def _folder(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if request.instance is not None:
        request.instance.tmp_path = tmp_path


class TestFakeJobs(JobRunnerConformance):
    def known_jobs(self) -> KnownJobs:
        done: list[str] = []
        jobs = FakeJobs(good=lambda: done.append("good"), bad=_fails, slow=lambda: None)
        held = jobs.hold("slow")
        return KnownJobs(
            runner=jobs,
            succeeding=JobRequest("good"),
            failing=JobRequest("bad"),
            endless=JobRequest("slow"),
            unknown=JobRequest("none"),
            release=held.set,
            ended=lambda: len(done),
        )


class TestLocalProcessJobs(JobRunnerConformance):
    tmp_path: Path

    def known_jobs(self) -> KnownJobs:
        # A command that opens a pipe waits until somebody opens the other end.
        pipe, done = self.tmp_path / "pipe", self.tmp_path / "done"
        os.mkfifo(pipe)
        return KnownJobs(
            runner=local_jobs(self.tmp_path),
            succeeding=shell(f"echo done >> {done}"),
            failing=shell("exit 3"),
            endless=shell(f"read line < {pipe}"),
            unknown=JobRequest("/nowhere/command"),
            release=lambda: pipe.write_text("go\n"),
            ended=lambda: len(done.read_text().splitlines()),
        )


def _fails() -> None:
    msg = "no memory left"
    raise MemoryError(msg)


def shell(line: str) -> JobRequest:
    return JobRequest(f"sh -c {shlex.quote(line)}")


def local_jobs(folder: Path) -> LocalProcessJobs:
    jobs = LocalProcessJobs()
    jobs.folder = str(folder / "jobs")
    jobs.poll_seconds = 0.01
    return jobs


def test_a_fake_job_fails_as_it_is_told_and_only_once() -> None:
    jobs = FakeJobs(wide=lambda: None)
    jobs.fail("wide", "out of memory")
    assert end_of(jobs, jobs.submit(JobRequest("wide"))) == JobState("failed", "out of memory")
    assert end_of(jobs, jobs.submit(JobRequest("wide"))).status == "succeeded"


def test_a_fake_job_is_lost_once_and_does_nothing() -> None:
    done: list[int] = []
    jobs = FakeJobs(wide=lambda: done.append(1))
    jobs.lose("wide")
    assert jobs.poll(jobs.submit(JobRequest("wide"))).status == "lost"
    assert end_of(jobs, jobs.submit(JobRequest("wide"))).status == "succeeded"
    assert done == [1]


def test_a_fake_job_says_what_it_was_called_with() -> None:
    given: dict[str, str] = {}
    jobs = FakeJobs(wide=lambda **arguments: given.update(arguments))
    end_of(jobs, jobs.submit(JobRequest("wide", {"day": "2026-01-01"})))
    assert given == jobs.submitted[0].arguments == {"day": "2026-01-01"}


def test_a_job_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(JobNotStartedError, match="no job is called `tall`") as caught:
        FakeJobs(wide=lambda: None).submit(JobRequest("tall"))
    assert caught.value.hint == "this runner has `wide`"


def test_a_command_gets_its_arguments_as_options(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = f"import sys; open({str(seen)!r}, 'w').write(' '.join(sys.argv[1:]))"
    request = JobRequest(shlex.join([sys.executable, "-c", code]), {"out_url": "a b", "day": "1"})
    jobs = local_jobs(tmp_path)
    assert end_of(jobs, jobs.submit(request)).status == "succeeded"
    assert seen.read_text() == "--out-url a b --day 1"


def test_the_failure_of_a_command_says_where_its_output_is(tmp_path: Path) -> None:
    jobs = local_jobs(tmp_path)
    ref = jobs.submit(shell("echo too wide >&2; exit 3"))
    state = end_of(jobs, ref)
    log = Path(ref.id) / "log"
    assert state.message == f"it exited with 3; its output is in `{log}`"
    assert log.read_text() == "too wide\n"


@pytest.mark.parametrize("command", ["", "sh 'open"])
def test_what_is_no_command_line_is_not_started(tmp_path: Path, command: str) -> None:
    with pytest.raises(JobNotStartedError):
        local_jobs(tmp_path).submit(JobRequest(command))


def test_a_folder_that_cannot_be_written_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("a file")
    with pytest.raises(JobNotStartedError, match="could not be started"):
        local_jobs(tmp_path).submit(shell("true"))


def test_what_is_kept_of_a_command_goes_some_days_after_its_end(tmp_path: Path) -> None:
    jobs = local_jobs(tmp_path)
    old, new = jobs.submit(shell("true")), jobs.submit(shell("true"))
    assert [end_of(jobs, ref).status for ref in (old, new)] == ["succeeded"] * 2
    os.utime(Path(old.id) / "exit", (0, 0))
    last = jobs.submit(shell("true"))
    assert [end_of(jobs, ref).status for ref in (old, new, last)] == [
        "lost",
        "succeeded",
        "succeeded",
    ]


def test_another_runner_finds_a_command_that_goes_on(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    first, second = local_jobs(tmp_path), local_jobs(tmp_path)
    ref = first.submit(shell(f"read line < {pipe}"))
    assert second.poll(ref).status == "running"
    pipe.write_text("go\n")
    assert end_of(second, ref).status == "succeeded"
    assert first.poll(ref).status == "succeeded"


def test_a_command_that_does_not_heed_the_signal_is_killed(tmp_path: Path) -> None:
    pipe, ready = tmp_path / "pipe", tmp_path / "ready"
    os.mkfifo(pipe)
    os.mkfifo(ready)
    jobs = local_jobs(tmp_path)
    jobs.grace_seconds = 0.1
    ref = jobs.submit(shell(f"trap '' TERM; echo > {ready}; while :; do read line < {pipe}; done"))
    ready.read_text()
    jobs.cancel(ref)
    assert jobs.poll(ref).status == "lost"


def test_a_reference_holds_nothing_else_than_runner_and_id() -> None:
    ref = JobRef("local", "/jobs/1")
    assert JobRef.from_json(ref.to_json()) == ref
    for text in ("[]", '{"runner": "local"}', '{"runner": 1, "id": "x"}'):
        with pytest.raises(ValueError, match=r".+"):
            JobRef.from_json(text)
