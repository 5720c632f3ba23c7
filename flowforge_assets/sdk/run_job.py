"""Runs one job to its end, whoever submitted it: this process or one that was killed."""

from __future__ import annotations

from dataclasses import replace

from flowforge_assets.errors.job import JobCancelledError, JobFailedError, JobLostError
from flowforge_assets.errors.run import StepTimeoutError
from flowforge_assets.sdk.attach import StepJobs, current_step
from flowforge_assets.sdk.job import JobRef, JobRequest, JobRunner, JobState


def run_job(runner: JobRunner, request: JobRequest) -> JobRef:
    """Submits the job, or takes up the one that was submitted for this request; waits for its end.

    What connectors build their `run` of. Jobs of earlier tries of the step are ended first, so
    that two never write at once. A run that is stopped, a step whose time is up and Ctrl-C cancel
    the job; when the runner cannot be reached it is left to go on, and taken up by the next try.

    Raises:
        JobFailedError: it ended badly (FF-730).
        JobLostError: its runner knows nothing of it any more (FF-731).
        JobNotStartedError: it was not taken (FF-732).
        JobCancelledError: the run was stopped (FF-735).
        StepTimeoutError: it went on for longer than the asset's `timeout` (FF-702).
    """
    step = current_step()
    ref = step.find(runner.name, request)
    if ref is None:
        for old in step.former(runner.name):
            _end(runner, step, old)
        ref = runner.submit(replace(request, token=step.token(request)))
        step.submitted(request, ref)
    state = _awaited(runner, step, ref)
    step.ended(ref, state)
    if state.status == "succeeded":
        return ref
    if state.status == "lost":
        message = f"the job `{request.name}` is lost: `{ref.runner}` knows no `{ref.id}`"
        raise JobLostError(message, hint="run again: it is submitted anew")
    message = f"the job `{request.name}` failed: {state.message or 'it does not say why'}"
    raise JobFailedError(message, hint=f"`{ref.runner}` knows it as `{ref.id}`")


def _awaited(runner: JobRunner, step: StepJobs, ref: JobRef) -> JobState:
    """How the job ended; it is cancelled where the step ends before it."""
    try:
        while not (state := runner.poll(ref)).has_ended:
            step.pause(runner.poll_seconds)
    except (JobCancelledError, StepTimeoutError, KeyboardInterrupt):
        runner.cancel(ref)
        step.cancelled(ref)
        raise
    return state


def _end(runner: JobRunner, step: StepJobs, ref: JobRef) -> None:
    """Cancels a job of an earlier try and waits until it writes nothing any more."""
    state = runner.poll(ref)
    if not state.has_ended:
        runner.cancel(ref)
        step.cancelled(ref)
    while not state.has_ended:
        step.pause(runner.poll_seconds)
        state = runner.poll(ref)
    step.ended(ref, state)
