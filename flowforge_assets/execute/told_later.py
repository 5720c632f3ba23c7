"""What a Prefect server is owed of an earlier run, by what tables and ledger say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from flowforge_assets.compile.asset_events import (
    AssetStatus,
    EventJson,
    Origin,
    asset_events,
)
from flowforge_assets.compile.prefect_flow import asset_key, describe_task, metadata
from flowforge_assets.execute.reconcile import Owed
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.plan.step import Step
from flowforge_assets.record.history import History
from flowforge_assets.record.run import RunRecord, StepRecord
from flowforge_assets.record.untold import Untold

# A run that has ended tells a server of itself for no longer.
_TELLING: Final = timedelta(minutes=10)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENDS: Final = {
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "cancelled": "CANCELLED",
    "killed": "CRASHED",
}


def owed(run: LocalRun, untold: Untold, history: Callable[[], History]) -> Owed | None:
    """All that the server is to have of an earlier run than `run`, or None to leave it alone.

    While its process may tell of itself, that is nothing. Of a run that was killed it is an event
    for each dataset that has rows of it, by a `history` that is read anew, and one for each whose
    step failed.
    """
    if untold.run_id == run.scope.run_id:
        return None
    record = run.ledger.find_run(untold.run_id)
    if record is None:  # its history was removed
        unknown = ("CRASHED", "Nothing is known any more of how the run ended.")
        return Owed(replace(untold, events=untold.events or []), _LONG_AGO, unknown)
    if record.status == "running":
        return None
    if not (
        untold.is_left
        or record.ended_at is None
        or record.status == "killed"
        or run.scope.clock() - record.ended_at >= _TELLING
    ):
        return None
    end = _ENDS[record.status], _message(record)
    if untold.events is not None:
        return Owed(untold, record.started_at, end)
    origin = Origin(UUID(untold.flow_run_id), tuple(untold.related), untold.run_id)
    events = list(_events(run, history(), origin))
    # the server may have been told of some of them, by Prefect or by groups
    return Owed(replace(untold, events=events, are_prefects=True), record.started_at, end)


def _message(record: RunRecord) -> str:
    if record.status == "killed":
        return "The process of the run was killed."
    counts = record.counts
    return f"Made {counts.made:,}, failed {counts.failed:,}, fresh {counts.fresh:,}."


def _events(run: LocalRun, history: History, origin: Origin) -> Iterator[EventJson]:
    scope = run.scope
    steps = run.ledger.steps_of(origin.run_id)
    failed = {step.makes for step in steps if step.status == "failed"}
    # The first record of an asset's steps is of the step that was planned.
    for makes, step in {step.makes: step for step in reversed(steps)}.items():
        if makes[0] not in scope.graph.assets or not set(makes) <= scope.graph.datasets.keys():
            continue  # the project has it no more
        commits = [
            made for key in makes for made in history.lookup(key) if made.run_id == origin.run_id
        ]
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
