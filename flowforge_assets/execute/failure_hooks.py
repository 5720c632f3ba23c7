"""The functions of a project that a job calls when one of its runs has failed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flowforge_assets.compile.deployment import MARK
from flowforge_assets.errors.deploy import HookError
from flowforge_assets.project.config import read_config
from flowforge_assets.project.jobs import FunctionHook
from flowforge_assets.project.modules import import_modules

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun, State
    from prefect.flows import FlowStateHook

_JOB: Final = f"{MARK}-job:"


@dataclass(frozen=True, slots=True)
class Failure:
    """A run of the job `job` that ended as `state`: `Failed` or `Crashed`.

    `run` is its name on the Prefect server, `run_id` its id there, `message` the first failure.
    """

    job: str
    run: str
    run_id: str
    state: str
    message: str


def failure_hook(bundle: Path) -> FlowStateHook[..., Any]:
    """What Prefect is to call when a run of the project in the folder `bundle` has failed."""

    def call_functions(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
        del flow  # Prefect names what it gives
        jobs = (tag.removeprefix(_JOB) for tag in flow_run.tags if tag.startswith(_JOB))
        told = flow_run.name, str(flow_run.id), state.name or "", state.message or ""
        for job in jobs:  # a run that no job has started has nobody to call
            call_hooks(bundle, Failure(job, *told))

    return call_functions


def call_hooks(root: Path, failure: Failure) -> None:
    """Calls each function that the job names, in their order, whatever becomes of those before.

    Raises:
        HookError: a function is not there (FF-881).
        Exception: what the first function raised that failed.
    """
    job = read_config(root).jobs.get(failure.job)
    hooks = [] if job is None else [h for h in job.on_failure if isinstance(h, FunctionHook)]
    problems: list[Exception] = []
    for hook in hooks:
        try:
            _function(root, hook)(failure)
        except Exception as error:  # noqa: BLE001 - the other functions are to be called, too
            problems.append(error)
    _raise_first(problems)


def _function(root: Path, hook: FunctionHook) -> Callable[[Failure], object]:
    import_modules(root, [hook.module])
    found: object = getattr(sys.modules[hook.module], hook.function, None)
    if not callable(found):
        message = f"`{hook}`, which a job calls on a failure, is no function"
        hint = f"define `{hook.function}(failure)` in the module `{hook.module}`"
        raise HookError(message, hint=hint)
    return found


def _raise_first(problems: Iterable[Exception]) -> None:
    for problem in problems:
        raise problem
