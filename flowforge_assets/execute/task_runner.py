"""Where the tasks of a flow run: on threads of its process, or on the workers of a cluster."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from flowforge_assets.errors.part import ClusterError, TaskRunnerMissingError
from flowforge_assets.execute.part import project_ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

    from flowforge_assets.execute.session import Session
    from flowforge_assets.project.prefect_settings import TaskRunnerKind

    # To type checkers a runner of one kind of futures is none of the general kind.
    AnyRunner: TypeAlias = TaskRunner[PrefectFuture[Any]]

T = TypeVar("T")
# Ray reports usage by default.
_UNTRACKED: Final = {"RAY_USAGE_STATS_ENABLED": "0"}


def task_runner(kind: TaskRunnerKind, *, workers: int, cluster: str | None = None) -> AnyRunner:
    """A task runner of that kind, for as many tasks at once as `workers`.

    Without the address of a `cluster` Dask and Ray start processes on this machine, which end
    with the flow run.

    Raises:
        TaskRunnerMissingError: its package is not installed (FF-766).
    """
    match kind:
        case "threads":
            runner: AnyRunner = _class("prefect.task_runners", "ThreadPoolTaskRunner", kind)(
                max_workers=workers
            )
        case "dask":
            runner = _class("prefect_dask", "DaskTaskRunner", kind)(**_dask(workers, cluster))
        case "ray":
            for name, value in _UNTRACKED.items():
                os.environ.setdefault(name, value)
            runner = _class("prefect_ray", "RayTaskRunner", kind)(**_ray(workers, cluster))
    return runner


def runner_of(session: Session) -> AnyRunner:
    """The task runner that the project asks for.

    Raises:
        TaskRunnerMissingError: its package is not installed (FF-766).
        NotPortableError: other processes would not find what the run has here (FF-764).
    """
    settings, workers = session.prefect, session.environment.config.workers
    if settings.task_runner != "threads":
        project_ref(session)
    return task_runner(settings.task_runner, workers=workers, cluster=settings.cluster)


class StaysHere(Generic[T]):
    """A value that is not copied to another process: there it is not needed, and not had.

    Prefect sends workers the flow itself with each task, and all that its function holds on to.
    """

    def __init__(self, value: T) -> None:
        """Holds `value`."""
        self.value = value

    def __reduce__(self) -> tuple[type[StaysHere[None]], tuple[None]]:
        """How it is copied: without the value."""
        return StaysHere, (None,)


def no_cluster(error: Exception) -> ClusterError:
    """The workers cannot be had; the address may hold a password, so it is not shown."""
    message = f"no task can be given to the cluster: {type(error).__name__}"
    hint = "see that `cluster` in `[prefect]` names a scheduler that runs, or leave it out"
    return ClusterError(message, hint=hint)


def _class(module: str, name: str, kind: TaskRunnerKind) -> Any:  # noqa: ANN401 - of a package that may not be there
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        message = f"the task runner `{kind}` is not installed: there is no `{error.name}`"
        hint = f"install it, on the workers too: `pip install 'flowforge-assets[prefect,{kind}]'`"
        raise TaskRunnerMissingError(message, hint=hint) from error


def _dask(workers: int, cluster: str | None) -> Mapping[str, object]:
    if cluster is not None:
        return {"address": cluster}
    # Memory is bounded by our own settings: Dask would kill a worker at its share of the machine.
    return {
        "cluster_kwargs": {
            "n_workers": workers,
            "threads_per_worker": 1,
            "processes": True,
            "memory_limit": 0,
            "dashboard_address": "127.0.0.1:0",
        }
    }


def _ray(workers: int, cluster: str | None) -> Mapping[str, object]:
    if cluster is not None:
        return {"address": cluster}
    return {"init_kwargs": {"num_cpus": workers, "include_dashboard": False}}
