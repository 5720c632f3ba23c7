"""The step in which a job is run, as runners see it: what it remembers, and when it must end.

`current_step()` holds on the thread that called the asset. Outside of a run, such as in a unit
test that calls the function, nothing is remembered and nothing ends a wait.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

from flowforge_assets.sdk.job import JobRef, JobRequest, JobState


class StepJobs(Protocol):
    """The jobs of one step, remembered where a kill cannot reach."""

    def token(self, request: JobRequest) -> str:
        """What names this submission and no other."""
        ...

    def find(self, runner: str, request: JobRequest) -> JobRef | None:
        """The job that was submitted for this very request, and did not fail; None where none."""
        ...

    def former(self, runner: str) -> Sequence[JobRef]:
        """Jobs of earlier tries that may go on, and whose results nobody will read."""
        ...

    def submitted(self, request: JobRequest, ref: JobRef) -> None:
        """Remembers a job; it is on the disk when this returns."""
        ...

    def ended(self, ref: JobRef, state: JobState) -> None:
        """Remembers how a job ended."""
        ...

    def cancelled(self, ref: JobRef) -> None:
        """Remembers that a job was asked to end."""
        ...

    def pause(self, seconds: float) -> None:
        """Waits, for less where the step is to end.

        Raises:
            JobCancelledError: the run is stopped (FF-735).
            StepTimeoutError: the step has gone on for longer than it may (FF-702).
        """
        ...


class _NoStep:
    """Outside of a run."""

    def token(self, request: JobRequest) -> str:
        """None: a runner makes its own."""
        return request.token

    def find(self, runner: str, request: JobRequest) -> JobRef | None:  # noqa: ARG002 - the seam's
        """Nothing is remembered."""
        return None

    def former(self, runner: str) -> Sequence[JobRef]:  # noqa: ARG002 - the seam's
        """Nothing is remembered."""
        return ()

    def submitted(self, request: JobRequest, ref: JobRef) -> None:
        """Forgets it."""

    def ended(self, ref: JobRef, state: JobState) -> None:
        """Forgets it."""

    def cancelled(self, ref: JobRef) -> None:
        """Forgets it."""

    def pause(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


_STEP: Final[ContextVar[StepJobs]] = ContextVar("flowforge_step")
_NO_STEP: Final = _NoStep()


def current_step() -> StepJobs:
    """The step that called the code that runs on this thread."""
    return _STEP.get(_NO_STEP)


@contextmanager
def attached(step: StepJobs) -> Generator[None]:
    """Makes `step` the current one of this thread."""
    token = _STEP.set(step)
    try:
        yield
    finally:
        _STEP.reset(token)
