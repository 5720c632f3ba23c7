"""The automations of a deployment: it runs after a dataset was made, and blocks hear of failures.

Imports Prefect, so it is loaded by who deploys, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final, cast
from uuid import UUID

from prefect.events.actions import CallWebhook, RunDeployment, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from flowforge_assets.compile.deployment import Deployment
from flowforge_assets.project.pools import BlockReference

_MADE: Final = "prefect.asset.materialization.succeeded"
_FAILED: Final = frozenset({"prefect.flow-run.Failed", "prefect.flow-run.Crashed"})
_WEBHOOK: Final = "webhook"
_SUBJECT: Final = "{{ deployment.name }}: {{ flow_run.state.name }}"
_BODY: Final = (
    "{{ flow.name }}/{{ deployment.name }}, run {{ flow_run.name }}, is "
    "{{ flow_run.state.name }}: {{ flow_run.state.message }}"
)
_PAYLOAD: Final = (
    '{"deployment": {{ deployment.name | tojson }}, "run": {{ flow_run.name | tojson }}, '
    '"state": {{ flow_run.state.name | tojson }}, "message": {{ flow_run.state.message | tojson }}}'
)


def wanted_automations(
    deployment: Deployment, deployment_id: UUID, blocks: Mapping[BlockReference, str]
) -> Iterator[AutomationCore]:
    """The automations of a deployment, each with a name of its own and the owner's tags."""
    tags = list(deployment.owner)
    if deployment.after:
        yield AutomationCore(
            name=f"{deployment.full_name}: run after",
            description=f"Runs it when one of {', '.join(deployment.after)} was made.",
            tags=tags,
            trigger=_trigger(
                expect={_MADE}, match={"prefect.resource.id": list(deployment.after)}, related={}
            ),
            actions=[
                RunDeployment(
                    source="selected",
                    deployment_id=deployment_id,
                    parameters=None,
                    job_variables=None,
                )
            ],
        )
    if deployment.on_failure:
        yield AutomationCore(
            name=f"{deployment.full_name}: on failure",
            description=f"Calls {', '.join(map(str, deployment.on_failure))} when a run failed.",
            tags=tags,
            trigger=_trigger(
                expect=_FAILED,
                match={"prefect.resource.id": "prefect.flow-run.*"},
                related={"prefect.resource.id": f"prefect.deployment.{deployment_id}"},
            ),
            actions=[_call(block, UUID(blocks[block])) for block in deployment.on_failure],
        )


def is_same(one: AutomationCore, other: AutomationCore) -> bool:
    """Whether the two do the same; one that people have switched off stays off."""
    return _told(one) == _told(other)


def _told(automation: AutomationCore) -> object:
    told = {"name", "description", "tags", "trigger", "actions"}
    dumped = automation.model_dump(mode="json", include=told)
    trigger = {name: _in_order(value) for name, value in dumped["trigger"].items() if name != "id"}
    return {**dumped, "tags": sorted(automation.tags), "trigger": trigger}


def _in_order(value: object) -> object:
    """A set of texts, which JSON has as a list, in one order."""
    return sorted(cast("list[str]", value)) if isinstance(value, list) else value


def _trigger(
    *,
    expect: Iterable[str],
    match: Mapping[str, str | list[str]],
    related: Mapping[str, str | list[str]],
) -> EventTrigger:
    return EventTrigger(
        expect=set(expect),
        match=ResourceSpecification(dict(match)),
        match_related=ResourceSpecification(dict(related)),
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )


def _call(block: BlockReference, block_id: UUID) -> CallWebhook | SendNotification:
    if block.type == _WEBHOOK:
        return CallWebhook(block_document_id=block_id, payload=_PAYLOAD)
    return SendNotification(block_document_id=block_id, subject=_SUBJECT, body=_BODY)
