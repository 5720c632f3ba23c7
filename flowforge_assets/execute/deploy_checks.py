"""Whether a Prefect server can take what is to be deployed: its pools, its blocks, its names.

Imports Prefect, so it is loaded by who deploys, and by nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

from prefect.client.schemas.schedules import RRuleSchedule
from prefect.exceptions import ObjectNotFound

from flowforge_assets.compile.deployment import Deployment, Owner, id_in
from flowforge_assets.errors.base import FlowForgeError, did_you_mean, raise_all
from flowforge_assets.errors.deploy import (
    BlockMissingError,
    DeploymentTakenError,
    NeverFiresError,
    OtherProjectError,
    ScheduleError,
    UnknownJobVariableError,
    WorkPoolMissingError,
    WorkPoolTypeError,
)
from flowforge_assets.execute.deployed import prefect_schedule
from flowforge_assets.project.pools import BlockReference, Pool

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import WorkPool
    from prefect.client.schemas.responses import DeploymentResponse

_SECRET: Final = re.compile(r"\{\{ prefect\.blocks\.secret\.([a-z0-9-]+) \}\}")


def refuse_other_project(owner: Owner, there: Iterable[DeploymentResponse]) -> None:
    """Returns when nothing is there of another project that is called like the owner.

    What was deployed without an id may be the owner's own, and passes.

    Raises:
        OtherProjectError: something is (FF-887).
    """
    ids = {id_in(each.tags) for each in there if owner.is_named_by(each.tags)}
    others = sorted(id_ for id_ in ids if id_ is not None and id_ != owner.id)
    if others:
        own = "has none" if owner.id is None else f"has `{owner.id}`"
        message = (
            f"the server has jobs of another project `{owner.project}` in `{owner.env}`: "
            f"its id is `{others[0]}`, and this one {own}"
        )
        hint = (
            "give this project another `name` in `[project]`; if it is the same one, write "
            f'`id = "{others[0]}"` there'
        )
        raise OtherProjectError(message, hint=hint)


def refuse(
    client: SyncPrefectClient,
    wanted: Iterable[Deployment],
    there: Mapping[str, DeploymentResponse],
    owner: Owner,
) -> None:
    """Returns when all of `wanted` can be deployed beside what is `there`.

    Raises:
        Problems: what cannot be had, all at once.
    """
    problems: list[FlowForgeError] = []
    pools = {each.pool.name: each for each in wanted}
    for deployment in pools.values():
        problems += _of_pool(client, deployment)
    for deployment in wanted:
        problems += _of_name(deployment, there, owner)
        problems += _of_schedule(deployment)
    raise_all(problems)


def blocks_of(
    client: SyncPrefectClient, wanted: Iterable[Deployment]
) -> Mapping[BlockReference, str]:
    """The id of each block that is named; those whose values a worker asks for are looked for too.

    Raises:
        Problems: blocks that the server does not have (FF-884).
    """
    found: dict[BlockReference, str] = {}
    problems: list[FlowForgeError] = []
    for block in dict.fromkeys(block for each in wanted for block in _named(each)):
        try:
            document = client.read_block_document_by_name(
                block.name, block.type, include_secrets=False
            )
        except ObjectNotFound as error:
            hint = f"save it under that name: the page `Blocks`, type `{block.type}`"
            problem = BlockMissingError(f"the Prefect server has no block `{block}`", hint=hint)
            problem.__cause__ = error
            problems.append(problem)
        else:
            found[block] = str(document.id)
    raise_all(problems)
    return found


def _named(deployment: Deployment) -> Iterator[BlockReference]:
    yield from deployment.on_failure
    variables = deployment.job_variables
    env = cast("Mapping[str, object]", variables["env"])
    for value in (*variables.values(), *env.values()):
        if isinstance(value, BlockReference):
            yield value
        elif isinstance(value, str) and (secret := _SECRET.fullmatch(value)):
            yield BlockReference("secret", secret[1])


def _of_pool(client: SyncPrefectClient, deployment: Deployment) -> Iterator[FlowForgeError]:
    pool = deployment.pool
    try:
        found = client.read_work_pool(pool.name)
    except ObjectNotFound as error:
        message = f"the Prefect server has no work pool `{pool.name}`"
        hint = f"make it: `prefect work-pool create {pool.name} --type {pool.kind}`"
        missing = WorkPoolMissingError(message, hint=hint)
        missing.__cause__ = error
        yield missing
        return
    if found.type != pool.kind:
        message = f"the work pool `{pool.name}` is of type `{found.type}`, not `{pool.kind}`"
        hint = f'write `type = "{found.type}"` in `[pool.{pool.table}]`, or name another pool'
        yield WorkPoolTypeError(message, hint=hint)
        return
    yield from _of_variables(deployment, pool, found)


def _of_variables(
    deployment: Deployment, pool: Pool, found: WorkPool
) -> Iterator[UnknownJobVariableError]:
    """An error for each variable that the server's template of the pool does not have."""
    schema = cast("dict[str, dict[str, object]]", found.base_job_template.get("variables") or {})
    known = schema.get("properties")
    if not known:
        return
    for name in deployment.job_variables:
        if name not in known:
            message = f"the work pool `{pool.name}` on the server takes no variable `{name}`"
            hint = did_you_mean(name, known) or "its base job template says what it takes"
            yield UnknownJobVariableError(message, hint=hint)


def _of_name(
    deployment: Deployment, there: Mapping[str, DeploymentResponse], owner: Owner
) -> Iterator[DeploymentTakenError]:
    found = there.get(deployment.name)
    if found is not None and not owner.is_named_by(found.tags):
        message = (
            f"the server has a deployment `{deployment.full_name}` that was not deployed "
            "from this project"
        )
        hint = "rename the job or the project, or delete that deployment"
        yield DeploymentTakenError(message, hint=hint)


def _of_schedule(deployment: Deployment) -> Iterator[FlowForgeError]:
    if deployment.schedule is None:
        return
    try:
        schedule = prefect_schedule(deployment)
    except ScheduleError as error:
        yield error
        return
    if not isinstance(schedule, RRuleSchedule):
        return
    try:
        fires = schedule.to_rrule().after(datetime.now(UTC))
    except ValueError as error:
        # Its server would find that out only when it works out the times.
        message = f"Prefect cannot follow the rule `{schedule.rrule}` of the job `{deployment.job}`"
        hint = "write `UNTIL` as a local time, without `Z`: `UNTIL=20301231T000000`"
        wrong = ScheduleError(message, hint=hint)
        wrong.__cause__ = error
        yield wrong
        return
    if fires is None:
        message = f"the rule `{schedule.rrule}` of the job `{deployment.job}` fires no more"
        yield NeverFiresError(message, hint="its last time has passed: mend `UNTIL` or `COUNT`")
