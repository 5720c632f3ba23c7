"""Events of assets as Prefect's server takes them, for steps that are no tasks of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias
from uuid import UUID, uuid4, uuid5

from flowforge_assets.compile.prefect_flow import MADE_BY, PrefectAsset, PrefectTask

if TYPE_CHECKING:
    from datetime import datetime

    from prefect.client.schemas.objects import FlowRun

AssetStatus: TypeAlias = Literal["succeeded", "failed"]
Resource: TypeAlias = Mapping[str, str]
EventJson: TypeAlias = Mapping[str, object]
MATERIALIZED: Final = "prefect.asset.materialization."
# Of Prefect 3.8: a server takes no event with more of them.
_MOST_RELATED: Final = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """The flow run that events come from, what it belongs to, and the run that it makes."""

    flow_run_id: UUID
    related: tuple[Resource, ...]
    run_id: str

    @classmethod
    def of(cls, flow_run: FlowRun, *, flow: str, run_id: str) -> Origin:
        """The flow run, its flow, its deployment and its tags, each with its role."""
        found = [_related("flow-run", str(flow_run.id), flow_run.name)]
        found.append(_related("flow", str(flow_run.flow_id), flow))
        if flow_run.deployment_id is not None:
            found.append(_related("deployment", str(flow_run.deployment_id)))
        found += [_related("tag", tag) for tag in sorted(flow_run.tags)]
        return cls(flow_run.id, tuple(found), run_id)


def asset_events(
    task: PrefectTask,
    *,
    status: AssetStatus,
    metadata: Mapping[str, Mapping[str, object]],
    origin: Origin,
    occurred: datetime,
) -> Iterator[EventJson]:
    """What Prefect says itself of a task that makes assets, one event an asset.

    `metadata` is by the asset's key. An event's id follows from the run, the step, the asset and
    the status: the server records the same one once, however often it is sent.
    """
    upstream: Sequence[Resource] = [
        {"prefect.resource.id": asset.key, "prefect.resource.role": "asset"} for asset in task.reads
    ]
    by = {"prefect.resource.id": MADE_BY, "prefect.resource.role": "asset-materialized-by"}
    room = _MOST_RELATED - 1 - len(origin.related)
    related = [*upstream[:room], by, *origin.related]
    for asset in task.makes:
        yield {
            "id": _event_id(origin, task.run_name, asset.key, status),
            "occurred": occurred.isoformat(),
            "event": f"{MATERIALIZED}{status}",
            "resource": _resource(asset),
            "related": related,
            "payload": dict(metadata.get(asset.key, {})),
        }


def reference_event(asset: PrefectAsset, *, origin: Origin, occurred: datetime) -> EventJson:
    """That the run reads an asset which it does not make."""
    return {
        "id": _event_id(origin, asset.key, "referenced"),
        "occurred": occurred.isoformat(),
        "event": "prefect.asset.referenced",
        "resource": _resource(asset),
        "related": list(origin.related),
        "payload": {},
    }


def mark_event(origin: Origin, *, occurred: datetime) -> EventJson:
    """An event that says nothing but that all before it were sent: each has an id of its own."""
    return {
        "id": str(uuid4()),
        "occurred": occurred.isoformat(),
        "event": "flowforge.events.sent",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{origin.flow_run_id}"},
        "related": [],
        "payload": {},
    }


def _event_id(origin: Origin, *named: str) -> str:
    """A flow run that is tried again makes another run, which tells the same anew."""
    return str(uuid5(origin.flow_run_id, "|".join((origin.run_id, *named))))


def _related(role: str, id_: str, name: str | None = None) -> Resource:
    named = {} if name is None else {"prefect.resource.name": name}
    id_ = f"prefect.{role}.{id_}"
    return {"prefect.resource.id": id_, "prefect.resource.role": role} | named


def _resource(asset: PrefectAsset) -> Resource:
    said = {"prefect.resource.id": asset.key, "prefect.resource.name": asset.name}
    if asset.description:
        said["prefect.asset.description"] = asset.description
    if asset.owners:
        said["prefect.asset.owners"] = json.dumps(asset.owners)
    return said
