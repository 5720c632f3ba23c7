"""`[prefect]` of the project file: how runs go through Prefect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias, cast, get_args

from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean
from flowforge_assets.errors.project import ConfigValueError, UnknownConfigKeyError

LostServerPolicy: TypeAlias = Literal["go on", "stop"]
TaskRunnerKind: TypeAlias = Literal["threads", "dask", "ray"]
TABLE: Final = "prefect"


@dataclass(frozen=True, slots=True)
class PrefectSettings:
    """A plan of more than `max_tasks` steps is cut into groups, at most so many tasks.

    `on_lost_server` says what becomes of a run whose server does not answer any more: it goes on
    by the ledger and tells the server later, or it stops at the end of the steps going on.
    `task_runner` says where tasks run: on threads of the flow's process, or on the workers of Dask
    or Ray, whose scheduler is at the address `cluster`, or else is started with the run.
    """

    max_tasks: int = 200
    on_lost_server: LostServerPolicy = "go on"
    task_runner: TaskRunnerKind = "threads"
    cluster: str | None = None


def read_prefect(
    raw: Mapping[str, object],
    find: Callable[[str, str], Place],
    problems: list[FlowForgeError],
) -> PrefectSettings:
    """The settings of the table; what is wrong with it is added to `problems`."""
    known = [each.name for each in fields(PrefectSettings)]
    for name in raw:
        if name not in known:
            shown = ", ".join(f"`{each}`" for each in known)
            hint = did_you_mean(name, known) or f"known are {shown}"
            message = f"unknown key `{name}` in `[{TABLE}]`"
            problems.append(UnknownConfigKeyError(message, place=find(TABLE, name), hint=hint))

    def wrong(name: str, wanted: str, hint: str) -> None:
        message = f"`{name}` in `[{TABLE}]` is not {wanted}"
        problems.append(ConfigValueError(message, place=find(TABLE, name), hint=hint))

    default = PrefectSettings()
    most = raw.get("max_tasks", default.max_tasks)
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        wrong("max_tasks", "a whole number from 1", f"write `max_tasks = {default.max_tasks}`")
        most = default.max_tasks
    policy = raw.get("on_lost_server", default.on_lost_server)
    if policy not in get_args(LostServerPolicy):
        wrong("on_lost_server", '"go on" or "stop"', 'write `on_lost_server = "go on"`')
    runner = raw.get("task_runner", default.task_runner)
    if runner not in get_args(TaskRunnerKind):
        near = did_you_mean(str(runner), get_args(TaskRunnerKind))
        wrong("task_runner", '"threads", "dask" or "ray"', near or 'write `task_runner = "dask"`')
    cluster = raw.get("cluster")
    if cluster is not None and not (isinstance(cluster, str) and cluster and runner != "threads"):
        hint = 'write `cluster = "tcp://host:8786"` beside `task_runner = "dask"`'
        wrong("cluster", "the address of a scheduler of Dask or Ray", hint)
    return PrefectSettings(
        most,
        "stop" if policy == "stop" else "go on",
        cast("TaskRunnerKind", runner),
        cast("str | None", cluster),
    )
