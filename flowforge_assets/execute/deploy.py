"""Brings a Prefect server to what is described, and changes nothing that is so already.

Imports Prefect, so it is loaded by who deploys, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, cast
from uuid import UUID

from httpx import HTTPStatusError, TransportError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import (
    TERMINAL_STATES,
    ConcurrencyLimitStrategy,
    ConcurrencyOptions,
)

from flowforge_assets.compile.deployment import (
    ENTRYPOINT,
    PARAMETERS,
    Deployment,
    Owner,
    version_tag,
)
from flowforge_assets.errors.deploy import DeployRefusedError
from flowforge_assets.errors.project import PrefectUnreachableError
from flowforge_assets.execute.deploy_automations import is_same, wanted_automations
from flowforge_assets.execute.deploy_checks import blocks_of, refuse, refuse_other_project
from flowforge_assets.execute.deployed import (
    BundlePlace,
    Fields,
    deployed_fields,
    differences,
    outline,
    prefect_schedule,
    schedule_fields,
    wanted_fields,
)

if TYPE_CHECKING:
    from prefect.client.schemas.responses import DeploymentResponse
    from prefect.events.schemas.automations import Automation, AutomationCore

Action: TypeAlias = Literal["add", "change", "remove"]
T = TypeVar("T")
_PAGE: Final = 200
_MOST_SAID: Final = 300
_NOT_THERE_YET: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing on the server that is not as it is to be, and what of it."""

    action: Action
    kind: Literal["deployment", "automation"]
    name: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Target:
    """A server, and whose its deployments and automations are to be.

    What `is_dry` is looked at and left as it is.
    """

    client: SyncPrefectClient
    owner: Owner
    is_dry: bool

    def deployments(self) -> dict[str, DeploymentResponse]:
        """All of the flow by name, those of others too."""
        flow = FlowFilter(name=FlowFilterName(any_=[self.owner.project]))
        read = self.client.read_deployments
        pages = _paged(lambda at: read(flow_filter=flow, limit=_PAGE, offset=at))
        return {each.name: each for each in pages}

    def has_runs(self, version: str) -> bool:
        """Whether runs of that version of ours have not ended."""
        unfinished = FlowRunFilter(
            tags=FlowRunFilterTags(all_=[*self.owner.name_tags, version_tag(version)]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=list(TERMINAL_STATES))),
        )
        return bool(self.client.read_flow_runs(flow_run_filter=unfinished, limit=1))

    def automations(self) -> dict[str, Automation]:
        """Ours by name."""
        pages = _paged(lambda at: self.client.read_automations(limit=_PAGE, offset=at))
        return {each.name: each for each in pages if self.owner.is_named_by(each.tags)}


def deploy(
    wanted: Iterable[Deployment],
    place: BundlePlace,
    *,
    owner: Owner,
    removes: bool = True,
    is_dry: bool = False,
) -> tuple[Change, ...]:
    """Brings the server to what is `wanted`; what it has changed, or would where it `is_dry`.

    What is there of its `owner` and not wanted is removed, where it `removes`.
    Nothing is touched before all is looked at; a second call changes nothing.

    Raises:
        Problems: work pools that are missing or of another type (FF-876, FF-877), variables that
            they do not have (FF-874), blocks that are missing (FF-884), names that belong to
            others (FF-879), schedules that Prefect cannot read, or that are over (FF-871, FF-872).
        OtherProjectError: another project of the owner's name is deployed there (FF-887).
        DeployRefusedError: the server did not take it (FF-880); a further call goes on from there.
        PrefectUnreachableError: it did not answer any more (FF-852).
    """
    deployments = tuple(wanted)
    with _target(owner, is_dry=is_dry) as target:
        there = target.deployments()
        refuse_other_project(owner, there.values())
        refuse(target.client, deployments, there, owner)
        blocks = blocks_of(target.client, deployments)
        automations = target.automations()
        changes: list[Change] = []
        hooks: list[AutomationCore] = []
        for each in deployments:
            id_, changed = _deployed(
                target, each, wanted_fields(each, place, blocks), there.pop(each.name, None)
            )
            changes += changed
            hooks += wanted_automations(each, id_, blocks)
        for hook in hooks:
            changes += _automated(target, hook, automations.pop(hook.name, None))
        if removes:
            changes += _removed(target, automations, there)
        return tuple(changes)


def undeploy(*, owner: Owner, is_dry: bool = False) -> tuple[Change, ...]:
    """Removes all that was deployed for its `owner`; what it has, or would.

    Raises:
        OtherProjectError: it is of another project of that name (FF-887).
        DeployRefusedError: the server did not let go of it (FF-880).
        PrefectUnreachableError: it did not answer any more (FF-852).
    """
    with _target(owner, is_dry=is_dry) as target:
        there = target.deployments()
        refuse_other_project(owner, there.values())
        return tuple(_removed(target, target.automations(), there))


def versions_in_use(owner: Owner, versions: Iterable[str]) -> frozenset[str]:
    """Those of the versions that deployments of the owner have, or runs that have not ended.

    A run keeps the version that its deployment had when it was made. Each version is asked for by
    itself: pages of runs move while some of them end.

    Raises:
        DeployRefusedError: the server did not say it (FF-880).
        PrefectUnreachableError: it did not answer any more (FF-852).
    """
    with _target(owner, is_dry=True) as target:
        found = [each.tags for each in target.deployments().values()]
        deployed = {tag for tags in found if owner.is_named_by(tags) for tag in tags}
        return frozenset(
            version
            for version in versions
            if version_tag(version) in deployed or target.has_runs(version)
        )


@contextmanager
def _target(owner: Owner, *, is_dry: bool) -> Generator[_Target]:
    """The server that Prefect is set up for; what it refuses is an error of ours."""
    try:
        with get_client(sync_client=True) as client:
            yield _Target(client, owner, is_dry)
    except HTTPStatusError as error:
        message = f"the Prefect server refused: {_said(error)}"
        hint = "what was deployed before stays; deploy again when that is mended"
        raise DeployRefusedError(message, hint=hint) from error
    except TransportError as error:
        message = f"the Prefect server was lost in the middle: {type(error).__name__}"
        hint = "see that it runs (`flowforge server`), then start again: it goes on from there"
        raise PrefectUnreachableError(message, hint=hint) from error


def _said(error: HTTPStatusError) -> str:
    try:
        told = error.response.json()
    except ValueError:
        told = None
    detail = cast("dict[str, object]", told).get("detail") if isinstance(told, dict) else None
    return str(detail or f"status {error.response.status_code}")[:_MOST_SAID]


def _paged(read: Callable[[int], list[T]]) -> Iterator[T]:
    at = 0
    while page := read(at):
        yield from page
        at += len(page)


def _deployed(
    target: _Target, wanted: Deployment, fields: Fields, found: DeploymentResponse | None
) -> tuple[UUID, tuple[Change, ...]]:
    """The deployment's id, and what is changed of it."""
    name = wanted.full_name
    if found is None:
        change = Change("add", "deployment", name, outline(fields))
        id_ = _NOT_THERE_YET if target.is_dry else _sent(target.client, wanted, fields)
        return id_, (change,)
    details = differences(deployed_fields(found), fields)
    if details and not target.is_dry:
        _sent(target.client, wanted, fields)
    return found.id, (Change("change", "deployment", name, details),) if details else ()


def _sent(client: SyncPrefectClient, wanted: Deployment, fields: Fields) -> UUID:
    """Makes the deployment, or makes it as it is wanted, and its schedules; its id."""
    limit = wanted.concurrency
    made = client.create_deployment(
        flow_id=client.create_flow_from_name(wanted.flow),
        name=wanted.name,
        version=wanted.version,
        description=wanted.description,
        entrypoint=ENTRYPOINT,
        tags=list(wanted.tags),
        parameters=dict(wanted.parameters),
        parameter_openapi_schema=dict(PARAMETERS),
        enforce_parameter_schema=True,
        pull_steps=cast("list[dict[str, Any]]", fields["folder"]),
        work_pool_name=wanted.pool.name,
        job_variables=cast("dict[str, Any]", fields["variables"]),
        concurrency_limit=None if limit is None else limit.limit,
        concurrency_options=None
        if limit is None
        else ConcurrencyOptions(
            collision_strategy=ConcurrencyLimitStrategy(limit.on_collision.upper())
        ),
    )
    # An upsert adds schedules and takes none away, so they are seen to one by one.
    there = client.read_deployment_schedules(made)
    is_active = all(each.active for each in there)  # one that people have paused stays so
    lacking = list(cast("list[object]", fields["schedules"]))
    for each in there:
        if (told := schedule_fields(each.schedule)) in lacking:
            lacking.remove(told)
        else:
            client.delete_deployment_schedule(made, each.id)
    if lacking:
        new = DeploymentScheduleCreate(schedule=prefect_schedule(wanted), active=is_active)
        client.create_deployment_schedules(made, [(new.schedule, new.active or False)])
    return made


def _automated(
    target: _Target, wanted: AutomationCore, found: Automation | None
) -> Iterator[Change]:
    if found is None:
        yield Change("add", "automation", wanted.name, (wanted.description,))
        if not target.is_dry:
            target.client.create_automation(wanted)
    elif not is_same(found, wanted):
        yield Change("change", "automation", wanted.name, (wanted.description,))
        if not target.is_dry:
            wanted.enabled = found.enabled
            target.client.update_automation(found.id, wanted)


def _removed(
    target: _Target,
    automations: Mapping[str, Automation],
    deployments: Mapping[str, DeploymentResponse],
) -> Iterator[Change]:
    """Takes away all of `automations`, and those of `deployments` that are ours."""
    for automation in automations.values():
        yield Change("remove", "automation", automation.name)
        if not target.is_dry:
            target.client.delete_automation(automation.id)
    for deployment in deployments.values():
        if target.owner.is_named_by(deployment.tags):
            yield Change("remove", "deployment", f"{target.owner.project}/{deployment.name}")
            if not target.is_dry:
                target.client.delete_deployment(deployment.id)
