"""What every job runner promises, as tests: subclass `JobRunnerConformance` in a test file."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flowforge_assets.errors.job import JobNotStartedError
from flowforge_assets.sdk.job import JobRef, JobRequest, JobRunner, JobState

_LONGEST_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class KnownJobs:
    """A runner, and jobs that it can be asked for.

    `endless` goes on until `release` is called, and then succeeds. `ended` counts how often
    `succeeding` has done its work.
    """

    runner: JobRunner
    succeeding: JobRequest
    failing: JobRequest
    endless: JobRequest
    unknown: JobRequest
    release: Callable[[], object]
    ended: Callable[[], int]


class JobRunnerConformance(ABC):
    """Tests of one runner; pytest finds them in the subclass, whose name begins with `Test`."""

    @abstractmethod
    def known_jobs(self) -> KnownJobs:
        """A runner with jobs, new for each test."""

    def test_a_job_goes_on_until_it_succeeds(self) -> None:
        """Submitting does not wait."""
        jobs = self.known_jobs()
        ref = jobs.runner.submit(jobs.endless)
        assert jobs.runner.poll(ref) == JobState("running")
        jobs.release()
        assert end_of(jobs.runner, ref) == JobState("succeeded")

    def test_a_job_that_succeeds_has_done_its_work(self) -> None:
        """The work is done when it is said to be."""
        jobs = self.known_jobs()
        assert end_of(jobs.runner, jobs.runner.submit(jobs.succeeding)).status == "succeeded"
        assert jobs.ended() == 1

    def test_a_job_that_fails_says_why(self) -> None:
        """A failure has a message."""
        jobs = self.known_jobs()
        state = end_of(jobs.runner, jobs.runner.submit(jobs.failing))
        assert state.status == "failed"
        assert state.message

    def test_an_ended_job_stays_as_it_is(self) -> None:
        """It can be asked about again, and cancelling it does nothing."""
        jobs = self.known_jobs()
        for request in (jobs.succeeding, jobs.failing):
            ref = jobs.runner.submit(request)
            state = end_of(jobs.runner, ref)
            jobs.runner.cancel(ref)
            assert jobs.runner.poll(ref) == state

    def test_a_cancelled_job_ends_without_success(self) -> None:
        """It may take a while, but it ends."""
        jobs = self.known_jobs()
        ref = jobs.runner.submit(jobs.endless)
        jobs.runner.cancel(ref)
        assert end_of(jobs.runner, ref).status in {"failed", "lost"}

    def test_a_job_is_found_by_what_was_recorded_of_it(self) -> None:
        """A reference survives being written down."""
        jobs = self.known_jobs()
        ref = jobs.runner.submit(jobs.succeeding)
        again = JobRef.from_json(ref.to_json())
        assert again == ref
        assert again.runner == jobs.runner.name
        assert end_of(jobs.runner, again).status == "succeeded"

    def test_two_submissions_are_two_jobs(self) -> None:
        """Each has a reference of its own."""
        jobs = self.known_jobs()
        one, other = (jobs.runner.submit(jobs.succeeding) for _ in range(2))
        assert one != other
        assert {end_of(jobs.runner, ref).status for ref in (one, other)} == {"succeeded"}
        assert jobs.ended() == 2  # noqa: PLR2004 - one each

    def test_a_job_that_nobody_knows_is_lost(self) -> None:
        """Neither running nor failed; cancelling it does nothing."""
        jobs = self.known_jobs()
        ref = JobRef(jobs.runner.name, "nobody")
        jobs.runner.cancel(ref)
        assert jobs.runner.poll(ref).status == "lost"

    def test_what_cannot_be_started_does_not_succeed(self) -> None:
        """It is refused at once, or fails."""
        jobs = self.known_jobs()
        try:
            ref = jobs.runner.submit(jobs.unknown)
        except JobNotStartedError:
            return
        assert end_of(jobs.runner, ref).status == "failed"


def end_of(runner: JobRunner, ref: JobRef) -> JobState:
    """How the job ended, once it has."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not (state := runner.poll(ref)).has_ended:
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(min(runner.poll_seconds, 0.02))
    return state
