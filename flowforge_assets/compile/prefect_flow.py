"""What Prefect is told of a step: the name, retries, tags and assets of its task."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from flowforge_assets.compile.groups import Group
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, bytes_of
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.declare.policy import Retries
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.step import Step

if TYPE_CHECKING:
    from prefect.assets import Asset
    from prefect.client.schemas.objects import State, TaskRun
    from prefect.tasks import MaterializingTask, Task

T = TypeVar("T")
MADE_BY: Final = "flowforge"
# Limits of Prefect 3.8: of a task's list of waits, and of the description of an asset.
_MOST_WAITS: Final = 50
_LONGEST_DESCRIPTION: Final = 2_500
_NOT_IN_A_KEY: Final = re.compile(r"""[\s#?&%"'<>\[\]{}|\\^`\x00]+""")


@dataclass(frozen=True, slots=True)
class PrefectAsset:
    """A dataset as Prefect knows it: the key is `flowforge://<env>/<layer>/<name>`."""

    key: str
    name: str
    description: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrefectTask:
    """The task of one step.

    `waits_seconds` has the wait before each retry, at most 50: the last one holds for the rest.
    There is no timeout: Prefect's raises inside the thread at any line, that of a commit too,
    while the step stops an asset itself when its time is over.
    """

    name: str
    run_name: str
    description: str
    tags: tuple[str, ...]
    retries: int
    waits_seconds: tuple[float, ...]
    jitter: float
    makes: tuple[PrefectAsset, ...]
    reads: tuple[PrefectAsset, ...]


def asset_key(env: str, dataset: DatasetKey) -> str:
    """The dataset's key in Prefect; what Prefect forbids in an environment's name becomes `-`.

    >>> asset_key("dev", DatasetKey("bronze.crm.customers"))
    'flowforge://dev/bronze/crm.customers'
    """
    return f"flowforge://{_NOT_IN_A_KEY.sub('-', env)}/{dataset.layer}/{dataset.name}"


def describe_task(graph: Graph, step: Step, *, env: str) -> PrefectTask:
    """What Prefect is told of `step`."""
    asset = graph.assets[step.asset_id]
    made = [graph.datasets[key] for key in step.makes]
    read = [graph.datasets[key] for key in dict.fromkeys(read.dataset for read in asset.inputs)]
    retries = asset.retries
    return PrefectTask(
        name=step.asset,
        run_name=_run_name(step),
        description=asset.description or f"Makes {', '.join(step.makes)}.",
        tags=_tags(asset, made),
        retries=retries.times,
        waits_seconds=_waits(retries),
        jitter=retries.jitter,
        makes=tuple(_asset(dataset, env) for dataset in made),
        reads=tuple(_asset(dataset, env) for dataset in read),
    )


def make_task(
    task: PrefectTask, function: Callable[[], State[T]], *, try_again: Callable[[], bool]
) -> MaterializingTask[[], State[T]]:
    """A Prefect task that calls `function`; after a failure `try_again` says whether to retry.

    Results are not stored and nothing is cached: the ledger knows what is fresh.
    """
    # Loading Prefect takes seconds: only who runs a flow pays for it.
    from prefect.assets import materialize
    from prefect.cache_policies import NO_CACHE

    def is_retried(_task: Task[..., object], _run: TaskRun, _state: State[object]) -> bool:
        return try_again()

    def make() -> State[T]:
        return function()

    return materialize(
        *(_prefect_asset(asset) for asset in task.makes),
        by=MADE_BY,
        name=task.name,
        task_run_name=lambda: task.run_name,
        description=task.description,
        tags=task.tags,
        retries=task.retries,
        retry_delay_seconds=list(task.waits_seconds) or None,
        retry_jitter_factor=task.jitter or None,
        retry_condition_fn=is_retried,
        asset_deps=[_prefect_asset(asset) for asset in task.reads],
        cache_policy=NO_CACHE,
        persist_result=False,
    )(make)


def make_group_task(group: Group, function: Callable[[], State[T]]) -> Task[[], State[T]]:
    """A Prefect task that calls `function` for all the steps of `group`, once."""
    from prefect import task  # with the flow
    from prefect.cache_policies import NO_CACHE

    def make() -> State[T]:
        return function()

    count = len(group.steps)
    return task(
        name=f"{MADE_BY} steps",
        task_run_name=lambda: f"{group.id} and {count - 1:,} more" if count > 1 else group.id,
        description="Steps of a plan, made by FlowForge's own schedule.",
        tags=group.tags,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(make)


def metadata(commits: Iterable[Made]) -> Mapping[str, object]:
    """What Prefect keeps with the event of an asset: commits of one dataset by one step.

    Rows, bytes and partitions are those of all the commits, the version is that of the last.
    """
    found = list(commits)
    partitions = found[0].partitions
    for made in found[1:]:
        partitions |= made.partitions
    last = found[-1]
    return {
        "rows": sum(made.rows for made in found),
        "bytes": bytes_of(found),
        "version": last.table.version,
        "fingerprint": _digest(last.fingerprint),
        "partitions": partitions.render() or None,
        "run_id": last.run_id,
    }


def _digest(fingerprint: Fingerprint) -> str:
    parts = (fingerprint.code, fingerprint.schema, fingerprint.config, fingerprint.engine)
    return f"{fingerprint.algorithm}:{':'.join(parts)}"


def _run_name(step: Step) -> str:
    """The step's id, and which partitions it makes."""
    return f"{step.id} {step.partitions.render()}" if step.partitions.dimensions else step.id


def _tags(asset: AssetDefinition, made: Iterable[DatasetDefinition]) -> tuple[str, ...]:
    return tuple(sorted({*asset.tags, *(tag for dataset in made for tag in dataset.tags)}))


def _waits(retries: Retries) -> tuple[float, ...]:
    """The waits before the retries, without their jitter, which Prefect adds."""
    attempts = range(1, min(retries.times, _MOST_WAITS) + 1)
    return tuple(retries.wait_seconds(attempt, chance=0.5) for attempt in attempts)


def _asset(dataset: DatasetDefinition, env: str) -> PrefectAsset:
    return PrefectAsset(
        key=asset_key(env, dataset.key),
        name=dataset.key,
        description=dataset.description[:_LONGEST_DESCRIPTION],
        owners=dataset.owners,
    )


def _prefect_asset(asset: PrefectAsset) -> Asset:
    from prefect.assets import Asset, AssetProperties  # with the task

    properties = AssetProperties(
        name=asset.name,
        description=asset.description or None,
        owners=list(asset.owners) or None,
    )
    return Asset(key=asset.key, properties=properties)
