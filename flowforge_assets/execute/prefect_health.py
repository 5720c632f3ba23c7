"""Whether a Prefect server can do for a project what its jobs and runs ask of it.

Imports Prefect, so it is loaded by who asks, behind `prefect_api`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, cast
from uuid import UUID, uuid4

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    WorkerFilter,
    WorkerFilterStatus,
)
from prefect.client.schemas.objects import WorkerStatus
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.execute.prefect_api import reach_api
from flowforge_assets.project.config import ProjectConfig
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.finding import Finding, problem
from flowforge_assets.project.pools import Pool, find_pool

_NEW_YEAR: Final = "0 0 1 1 *"  # a throw-away deployment is gone long before
_PAGE: Final = 200


def prefect_health(config: ProjectConfig, environment: Environment) -> Iterator[Finding]:
    """How the server is that `PREFECT_API_URL` or a profile names, and the pools of the jobs.

    A flow and a deployment that nobody runs are made on it, and removed.
    """
    try:
        reach_api()
    except FlowForgeError as error:
        yield problem("Prefect API", error)
        return
    with get_client(sync_client=True) as client:
        said = f"answers, version {client.api_version()} (here {client.client_version()})"
        yield Finding("Prefect API", "ok", said)
        for about, look in (
            ("Prefect schedules", _schedules),
            ("Prefect telemetry", _telemetry),
            ("Prefect limits", _limits),
        ):
            yield _tried(about, look, client)
        named = environment.config.pool, config.pools
        pools = [find_pool(job.pool, *named) for job in config.jobs.values()]
        for pool in {pool.name: pool for pool in pools if pool is not None}.values():
            yield _tried(f"work pool {pool.name}", partial(_pool, pool), client)


def _tried(
    about: str, look: Callable[[SyncPrefectClient], tuple[str, str]], client: SyncPrefectClient
) -> Finding:
    """What a look says: all is well, or a warning with its remedy. A server that fails says so."""
    try:
        said, remedy = look(client)
    except HTTPError as error:
        remedy = "look into the server's log; see that its packages are within our bounds"
        return Finding(about, "problem", f"the server failed: {_shown(error)}", remedy)
    except _Problem as found:
        return Finding(about, "problem", *found.args)
    return Finding(about, "warning" if remedy else "ok", said, remedy)


class _Problem(Exception):
    """What does not work, and the remedy."""


def _schedules(client: SyncPrefectClient) -> tuple[str, str]:
    """Whether the server works out the times of a schedule, which some of its packages break."""
    with _thrown_away(client) as deployment:
        path = {"id": deployment}
        client.request(
            "POST", "/deployments/{id}/schedule", path_params=path, json={"max_runs": 1}
        ).raise_for_status()
        mine = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        runs = client.read_flow_runs(deployment_filter=mine)
    if not runs:
        msg = "a schedule was taken and no run came of it"
        raise _Problem(msg, "keep SQLAlchemy below 2.1 where the server runs, and start it anew")
    return "a schedule is taken, and its runs come", ""


def _telemetry(client: SyncPrefectClient) -> tuple[str, str]:
    """Whether the server reports its use to its makers."""
    found: Any = client.request("GET", "/admin/settings").raise_for_status().json()  # JSON
    server = cast("dict[str, object]", found).get("server")
    if isinstance(server, dict) and cast("dict[str, object]", server).get("analytics_enabled"):
        return "the server reports its use", "start it with PREFECT_SERVER_ANALYTICS_ENABLED=false"
    return "off", ""


def _limits(client: SyncPrefectClient) -> tuple[str, str]:
    """Limits that let nothing through: what waits for one waits for ever."""
    tags = client.read_concurrency_limits(limit=_PAGE, offset=0)
    shut = [f"tag `{each.tag}`" for each in tags if not each.concurrency_limit]
    named = client.read_global_concurrency_limits(limit=_PAGE, offset=0)
    shut += [f"`{each.name}`" for each in named if each.active and not each.limit]
    if shut:
        listed = ", ".join(sorted(dict.fromkeys(shut)))
        return f"nothing passes the limits of {listed}", "raise them, or remove them"
    return f"{len(tags) + len(named)} are set, and all let something through", ""


def _pool(pool: Pool, client: SyncPrefectClient) -> tuple[str, str]:
    """Whether a pool is there, of the declared type, open, and has a worker."""
    start = f"`prefect worker start --pool {pool.name}`"
    try:
        found = client.read_work_pool(pool.name)
    except ObjectNotFound as error:
        remedy = f"`prefect work-pool create {pool.name} --type {pool.kind}`, then {start}"
        raise _Problem("is not there", remedy) from error
    if found.type != pool.kind:
        msg = f"has the type `{found.type}`, declared is `{pool.kind}`"
        raise _Problem(msg, f"declare its type in `[pool.{pool.table}]`, or name another pool")
    if found.is_paused or found.concurrency_limit == 0:
        return "is paused, or its limit is 0", f"`prefect work-pool resume {pool.name}`"
    online = WorkerFilter(status=WorkerFilterStatus(any_=[WorkerStatus.ONLINE]))
    workers = client.read_workers_for_work_pool(pool.name, worker_filter=online)
    if not workers:
        return "has no worker that is online", start
    many = "1 worker is" if len(workers) == 1 else f"{len(workers)} workers are"
    return f"of type {found.type}, {many} online", ""


@contextmanager
def _thrown_away(client: SyncPrefectClient) -> Generator[UUID]:
    """A deployment with a schedule, and its flow, both removed at the end."""
    name = f"flowforge-doctor-{uuid4().hex[:8]}"
    flow = client.create_flow_from_name(name)
    try:
        schedule = DeploymentScheduleCreate(schedule=CronSchedule(cron=_NEW_YEAR))
        deployment = client.create_deployment(flow, name, schedules=[schedule])
        try:
            yield deployment
        finally:
            client.delete_deployment(deployment)
    finally:
        client.delete_flow(flow)


def _shown(error: HTTPError) -> str:
    """The error without an address, which may hold a password."""
    response = getattr(error, "response", None)
    return f"status {response.status_code}" if response is not None else type(error).__name__
