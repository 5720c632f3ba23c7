"""The Prefect task of a part: what Prefect is told of it, and what a worker does in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from flowforge_assets.compile.prefect_flow import (
    asset_key,
    describe_task,
    make_group_task,
    make_task,
    metadata,
)
from flowforge_assets.execute.part import Part
from flowforge_assets.graph.build import Graph

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.tasks import Task

    from flowforge_assets.compile.groups import Group
    from flowforge_assets.execute.part_run import PartResult


def part_task(part: Part, graph: Graph, group: Group | None = None) -> Task[[], State[PartResult]]:
    """The Prefect task that makes the part, wherever its task runner calls it.

    Retries are ours: the worker that has failed has all at hand for the next try. Of a `group` the
    process of the run tells Prefect which assets were made.
    """
    make = partial(make_part, part, is_group=group is not None)
    if group is not None:
        return make_group_task(group, make)
    [step] = part.plan.steps
    told = describe_task(graph, step, env=part.plan.env)
    told = replace(told, retries=0, waits_seconds=(), jitter=0.0)
    return make_task(told, make, try_again=_never)


def make_part(part: Part, *, is_group: bool) -> State[PartResult]:
    """Makes the part in the process that this is, and gives the state in which its task ends."""
    # Engines, and whatever the project imports: the process that submits needs none of it.
    from flowforge_assets.execute.part_run import run_part

    result = run_part(part)
    if not is_group:
        _tell_of_commits(part, result)
    return _state(result)


def _never() -> bool:
    """Prefect tries nothing again."""
    return False


def _tell_of_commits(part: Part, result: PartResult) -> None:
    """Gives Prefect what it keeps with the events of the assets."""
    from prefect.assets import add_asset_metadata  # runs in a task: Prefect is loaded

    for dataset in dict.fromkeys(key for step in part.plan.steps for key in step.makes):
        commits = [made for made in result.commits if made.dataset == dataset]
        if commits:
            add_asset_metadata(asset_key(part.plan.env, dataset), dict(metadata(commits)))


def _state(result: PartResult) -> State[PartResult]:
    """Failed with the first error; not ready where all was skipped; else completed.

    Prefect calls a task not ready whose inputs failed, and takes it for no materialization.
    """
    from prefect.states import Cancelled, Completed, Failed, Pending  # runs in a task

    errors: Sequence[Exception] = [result.error] if result.error else result.tally.errors
    if errors:
        return Failed(message=str(errors[0]), data=result)
    if result.tally.is_cut_short:
        return Cancelled(message="The run was stopped.", data=result)
    if result.commits:
        return Completed(message=f"{sum(m.rows for m in result.commits):,} rows made.", data=result)
    if result.tally.skipped:
        message = "What it reads failed or was skipped."
        return Pending(name="NotReady", message=message, data=result)
    return Completed(message="What it reads turned out as it was.", data=result)
