"""The events of a run that was killed before it could tell them, by what tables and ledger say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from flowforge_assets.compile.asset_events import (
    AssetStatus,
    EventJson,
    Origin,
    asset_events,
)
from flowforge_assets.compile.prefect_flow import asset_key, describe_task, metadata
from flowforge_assets.execute.event_sender import Ask
from flowforge_assets.execute.reconcile import tell_killed
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.plan.step import Step
from flowforge_assets.record.run import StepRecord
from flowforge_assets.record.untold import Untold

# A run that has ended tells a server of itself for no longer.
_TELLING: Final = timedelta(minutes=10)


def told_later(run: LocalRun, untold: Untold, ask: Ask) -> Untold | None:
    """`untold` with all that is to be told; None while the process of its run may do so itself.

    Of a run that was killed that is an event for each dataset that has rows of it, and one for each
    whose step failed. That its flow run crashed is told at once.

    Raises whatever `ask` does.
    """
    if untold.events is not None:
        return untold
    record = run.ledger.find_run(untold.run_id)
    if record is None:
        return replace(untold, events=[])  # its history was removed
    if record.status == "running":
        return None
    ended = record.ended_at
    if record.status != "killed" and ended and run.scope.clock() - ended < _TELLING:
        return None
    origin = Origin(UUID(untold.flow_run_id), tuple(untold.related))
    events = list(_events(run, untold.run_id, origin))
    if record.status == "killed":
        tell_killed(untold.flow_run_id, record.started_at, ask)
    # the server may have been told of some of them, by Prefect or by groups
    return replace(untold, events=events, are_prefects=True)


def _events(run: LocalRun, run_id: str, origin: Origin) -> Iterator[EventJson]:
    scope = run.scope
    steps = run.ledger.steps_of(run_id)
    failed = {step.makes for step in steps if step.status == "failed"}
    # The first record of an asset's steps is of the step that was planned.
    for makes, step in {step.makes: step for step in reversed(steps)}.items():
        if makes[0] not in scope.graph.assets or not set(makes) <= scope.graph.datasets.keys():
            continue  # the project has it no more
        commits = [made for key in makes for made in scope.made.of_run(key, run_id)]
        if not commits and makes not in failed:
            continue
        status: AssetStatus = "failed" if makes in failed else "succeeded"
        said = {
            asset_key(scope.env, key): metadata(own)
            for key in makes
            if (own := [made for made in commits if made.dataset == key])
        }
        task = describe_task(scope.graph, _planned(step), env=scope.env)
        occurred = max((made.at for made in commits), default=scope.clock())
        yield from asset_events(
            task, status=status, metadata=said, origin=origin, occurred=occurred
        )


def _planned(record: StepRecord) -> Step:
    return Step(
        id=record.step_id,
        asset_id=record.makes[0],
        asset=record.asset,
        makes=record.makes,
        partitions=record.partitions,
        reason="forced",
        detail="",
    )
