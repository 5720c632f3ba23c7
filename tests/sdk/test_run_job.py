from __future__ import annotations

from collections.abc import Sequence

import pytest

from flowforge_assets.errors.job import JobCancelledError, JobFailedError, JobLostError
from flowforge_assets.errors.run import StepTimeoutError
from flowforge_assets.sdk.attach import attached, current_step
from flowforge_assets.sdk.conformance.jobs import end_of
from flowforge_assets.sdk.fake import FakeJobs
from flowforge_assets.sdk.job import JobRef, JobRequest, JobState
from flowforge_assets.sdk.run_job import run_job

WIDE = JobRequest("wide")


class Step:
    """A step that takes down what runners tell it, and ends when a test says so."""

    def __init__(self, known: JobRef | None = None, former: Sequence[JobRef] = ()) -> None:
        self.known = known
        self.others = former
        self.told: list[object] = []
        self.ends_with: Exception | None = None

    def token(self, request: JobRequest) -> str:
        return f"token of {request.name}"

    def find(self, runner: str, request: JobRequest) -> JobRef | None:
        assert (runner, request) == ("fake", WIDE)
        return self.known

    def former(self, runner: str) -> Sequence[JobRef]:
        assert runner == "fake"
        return self.others

    def submitted(self, request: JobRequest, ref: JobRef) -> None:
        self.told.append(("submitted", request.name, ref.id))

    def ended(self, ref: JobRef, state: JobState) -> None:
        self.told.append((state.status, ref.id))

    def cancelled(self, ref: JobRef) -> None:
        self.told.append(("cancelled", ref.id))

    def pause(self, seconds: float) -> None:
        assert seconds == FakeJobs.poll_seconds
        if self.ends_with is not None:
            raise self.ends_with


class Polled(FakeJobs):
    """Takes down when it is looked at, among what the step was told."""

    def __init__(self, step: Step) -> None:
        super().__init__(wide=lambda: None)
        self.step = step

    def poll(self, ref: JobRef) -> JobState:
        self.step.told.append("polled")
        return super().poll(ref)


def test_a_job_is_remembered_before_it_is_first_looked_at() -> None:
    step = Step()
    with attached(step):
        ref = run_job(Polled(step), WIDE)
    assert step.told[:2] == [("submitted", "wide", ref.id), "polled"]
    assert step.told[-1] == ("succeeded", ref.id)


def test_a_submission_has_the_token_of_its_step() -> None:
    jobs = FakeJobs(wide=lambda: None)
    step = Step()
    with attached(step):
        jobs.run("wide")
    assert jobs.submitted[0].token == step.token(WIDE)


def test_a_known_job_is_waited_for_and_not_submitted() -> None:
    jobs = FakeJobs(wide=lambda: None)
    known = jobs.submit(WIDE)
    with attached(Step(known)):
        assert jobs.run("wide") == known
    assert len(jobs.submitted) == 1


def test_a_known_job_that_is_gone_is_lost() -> None:
    with attached(Step(JobRef("fake", "gone"))), pytest.raises(JobLostError, match="gone"):
        FakeJobs(wide=lambda: None).run("wide")


def test_a_job_of_a_former_try_that_has_ended_is_not_cancelled() -> None:
    jobs = FakeJobs(wide=lambda: None)
    old = jobs.submit(WIDE)
    end_of(jobs, old)
    step = Step(former=[old])
    with attached(step):
        jobs.run("wide")
    assert step.told[0] == ("succeeded", old.id)


def test_jobs_of_former_tries_have_ended_before_another_is_submitted() -> None:
    jobs = FakeJobs(wide=lambda: None)
    jobs.hold("wide")
    old = jobs.submit(WIDE)
    step = Step(former=[old])
    with attached(step):
        new = jobs.run("wide")
    assert step.told == [
        ("cancelled", old.id),
        ("failed", old.id),
        ("submitted", "wide", new.id),
        ("succeeded", new.id),
    ]


@pytest.mark.parametrize(
    "error", [JobCancelledError("stopped"), StepTimeoutError("too long")], ids=lambda e: e.code
)
def test_a_step_that_ends_cancels_its_job(error: JobCancelledError | StepTimeoutError) -> None:
    jobs = FakeJobs(wide=lambda: None)
    jobs.hold("wide")
    step = Step()
    step.ends_with = error
    with attached(step), pytest.raises(type(error)):
        jobs.run("wide")
    assert len(jobs.cancelled) == 1
    assert step.told[-1] == ("cancelled", jobs.cancelled[0].id)


def test_an_interrupt_cancels_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = FakeJobs(wide=lambda: None)
    jobs.hold("wide")
    step = Step()

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt(seconds)

    monkeypatch.setattr(step, "pause", interrupt)
    with attached(step), pytest.raises(KeyboardInterrupt):
        jobs.run("wide")
    assert len(jobs.cancelled) == 1


def test_a_runner_that_cannot_be_reached_leaves_the_job_alone() -> None:
    class Unreachable(FakeJobs):
        def poll(self, ref: JobRef) -> JobState:
            raise ConnectionError(ref.id)

    jobs = Unreachable(wide=lambda: None)
    step = Step()
    with attached(step), pytest.raises(ConnectionError):
        jobs.run("wide")
    assert jobs.cancelled == []
    assert step.told == [("submitted", "wide", jobs_id(step))]


def jobs_id(step: Step) -> object:
    (told,) = step.told
    assert isinstance(told, tuple)
    return told[2]


def test_outside_of_a_run_a_job_just_runs() -> None:
    done: list[str] = []

    def wide(out: str) -> None:
        done.append(out)

    jobs = FakeJobs(wide=wide)
    jobs.run("wide", out="here")
    assert done == ["here"]
    jobs.fail("wide", "no memory")
    with pytest.raises(JobFailedError, match="no memory"):
        jobs.run("wide", out="there")


def test_outside_of_a_run_a_job_is_looked_at_until_it_ends() -> None:
    looks: list[JobRef] = []

    class Late(FakeJobs):
        def poll(self, ref: JobRef) -> JobState:
            looks.append(ref)
            return JobState("running") if len(looks) == 1 else super().poll(ref)

    Late(wide=lambda: None).run("wide")
    assert len(looks) > 1


def test_a_step_is_current_only_inside_its_block() -> None:
    step = Step()
    outside = current_step()
    with attached(step):
        assert current_step() is step
    assert current_step() is outside
