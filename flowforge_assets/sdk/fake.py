"""Jobs that are plain functions on threads of this process: for tests, and to try things out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Final

from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.job import JobNotStartedError
from flowforge_assets.sdk.job import JobRef, JobRequest, JobState
from flowforge_assets.sdk.run_job import run_job

_RUNNER: Final = "fake"
_RUNNING: Final = JobState("running")


@dataclass(slots=True)
class _Job:
    """A submitted job; `begin` lets it begin, `ended` says that it has."""

    begin: Event
    ended: Event = field(default_factory=Event)
    state: JobState = _RUNNING
    is_cancelled: bool = False


class FakeJobs(Resource):
    """A runner whose jobs are the functions that it is given, called with text.

    `FakeJobs(wide=write_wide)` runs `write_wide(src=..., out=..., day=...)` as the job `wide`; an
    exception is its failure. `fail`, `lose` and `hold` say what becomes of the next job of a name.
    """

    name = _RUNNER
    poll_seconds = 0.005

    def __init__(self, **functions: Callable[..., object]) -> None:
        """A runner of these jobs; none is running yet."""
        self.submitted: list[JobRequest] = []
        """All that was ever asked for, oldest first."""
        self.cancelled: list[JobRef] = []
        """The jobs that were asked to end while they ran."""
        self._functions: Mapping[str, Callable[..., object]] = functions
        self._jobs: dict[str, _Job] = {}
        self._failing: dict[str, str] = {}
        self._losing: set[str] = set()
        self._held: dict[str, Event] = {}
        self._lock = Lock()

    def run(self, job: str, **arguments: str) -> JobRef:
        """Runs the job `job` to its end, as an asset does.

        Raises:
            JobFailedError, JobLostError, JobNotStartedError, JobCancelledError: see `run_job`.
        """
        return run_job(self, JobRequest(job, arguments))

    def fail(self, job: str, message: str) -> None:
        """Lets the next job of that name fail without doing anything."""
        with self._lock:
            self._failing[job] = message

    def lose(self, job: str) -> None:
        """Lets the next job of that name be lost before it has done anything."""
        with self._lock:
            self._losing.add(job)

    def hold(self, job: str) -> Event:
        """Lets the next job of that name begin only when the event is set."""
        with self._lock:
            return self._held.setdefault(job, Event())

    def submit(self, request: JobRequest) -> JobRef:
        """Starts the function on a thread.

        Raises:
            JobNotStartedError: no function has that name (FF-732).
        """
        function = self._functions.get(request.name)
        if function is None:
            known = ", ".join(f"`{name}`" for name in self._functions) or "no job"
            message = f"no job is called `{request.name}`"
            raise JobNotStartedError(message, hint=f"this runner has {known}")
        ref = JobRef(self.name, uuid.uuid4().hex)
        with self._lock:
            self.submitted.append(request)
            begin = self._held.pop(request.name, None)
            failure = self._failing.pop(request.name, None)
            job = self._jobs[ref.id] = _Job(begin or Event())
            if request.name in self._losing:
                self._losing.remove(request.name)
                job.state = JobState("lost")
                job.ended.set()
                return ref
        if begin is None:
            job.begin.set()

        def work() -> None:
            job.begin.wait()
            if failure is not None:
                job.state = JobState("failed", failure)
            elif job.is_cancelled:
                job.state = JobState("failed", "cancelled")
            else:
                job.state = _called(function, request)
            job.ended.set()

        Thread(target=work, name=f"fake job {request.name}", daemon=True).start()
        return ref

    def poll(self, ref: JobRef) -> JobState:
        """How the job stands."""
        job = self._jobs.get(ref.id)
        if job is None:
            return JobState("lost")
        return job.state if job.ended.is_set() else _RUNNING

    def cancel(self, ref: JobRef) -> None:
        """Ends a job that is held; a function that is being called goes on to its end."""
        with self._lock:
            job = self._jobs.get(ref.id)
            if job is None or job.ended.is_set() or job.is_cancelled:
                return
            self.cancelled.append(ref)
            job.is_cancelled = True
            job.begin.set()


def _called(function: Callable[..., object], request: JobRequest) -> JobState:
    try:
        function(**request.arguments)
    except Exception as error:  # noqa: BLE001 - whatever a job fails with is its state
        return JobState("failed", f"{type(error).__name__}: {error}")
    return JobState("succeeded")
