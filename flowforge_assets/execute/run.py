"""Runs a plan in this process: every step, what each says, and how it ended."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.run import StepFailedError, StepTimeoutError
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.execute.schedule import Schedule
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.step import Outcome, make_unit, unit_id
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import Step
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunCounts, StepRecord

RunStatus: TypeAlias = Literal["succeeded", "failed", "cancelled"]
_RETRIED = (StepFailedError, StepTimeoutError, StorageError)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended; the counts are of assets, `errors` one for each unit that failed."""

    run_id: str
    status: RunStatus
    made: int = 0
    failed: int = 0
    skipped: int = 0
    fresh: int = 0
    errors: tuple[FlowForgeError, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What has become of the assets and partitions so far."""

    made: set[DatasetKey] = field(default_factory=set)
    failed: set[DatasetKey] = field(default_factory=set)
    skipped: set[DatasetKey] = field(default_factory=set)
    lost: dict[DatasetKey, PartitionSet] = field(default_factory=dict)
    errors: list[FlowForgeError] = field(default_factory=list)

    def counts(self, fresh: int) -> RunCounts:
        """Each asset once: failed before skipped before made."""
        skipped = self.skipped - self.failed
        made = self.made - self.failed - skipped
        return RunCounts(len(made), len(self.failed), len(skipped), fresh)


class LocalRun:
    """One run of a plan on threads of this process."""

    def __init__(
        self, scope: RunScope, plan: Plan, ledger: Ledger, *, workers: int, on_event: OnEvent
    ) -> None:
        """Over `plan`, whose run the ledger has begun."""
        self.scope = scope
        self.plan = plan
        self.ledger = ledger
        self.workers = workers
        self.on_event = on_event
        self.tally = _Tally()
        self.lock = threading.Lock()
        self.readers_left = dict(scope.readers)

    def run(self) -> RunResult:
        """Makes all that can be made, and says how it ended; the ledger has it too."""
        self.on_event(Event("run_started", self.scope.run_id))
        schedule = Schedule(
            self.plan, self.scope.graph.parents, stop=self.scope.stop, ended=self.asset_ended
        )
        status: RunStatus = "cancelled"
        try:
            schedule.run(self.do, workers=self.workers)
            if not self.scope.stop.is_set():
                status = "failed" if self.tally.failed else "succeeded"
        finally:
            counts = self.tally.counts(len(self.plan.fresh))
            self.ledger.end_run(self.scope.run_id, status, counts, clock=self.scope.clock)
            shown = {
                "made": counts.made,
                "failed": counts.failed,
                "skipped": counts.skipped,
                "fresh": counts.fresh,
            }
            event = Event("run_finished", self.scope.run_id, status=status, counts=shown)
            self.on_event(event)
        return RunResult(self.scope.run_id, status, **shown, errors=tuple(self.tally.errors))

    def do(self, step: Step, unit: PartitionSet) -> None:
        """One unit: made, failed or skipped, and recorded as such."""
        asset = self.scope.graph.assets[step.asset_id]
        record = StepRecord(
            run_id=self.scope.run_id,
            step_id=unit_id("", step, unit)[1:],
            asset=step.asset,
            makes=step.makes,
            partitions=unit,
            reason=step.reason,
            started_at=self.scope.clock(),
        )
        if self.reads_lost(asset, unit):
            self.skip(record)
            return
        key = unit.render() or None
        self.on_event(Event("step_started", self.scope.run_id, asset=step.asset, partition=key))
        start = time.perf_counter()
        try:
            outcome = self.tried(asset, step, unit)
        except FlowForgeError as error:
            self.fail(record, error, time.perf_counter() - start)
        else:
            self.succeed(record, outcome, time.perf_counter() - start)

    def tried(self, asset: AssetDefinition, step: Step, unit: PartitionSet) -> Outcome:
        """The unit's outcome, after as many tries as the asset allows."""
        attempt = 1
        while True:
            try:
                return make_unit(self.scope, step, unit, attempt=attempt)
            except _RETRIED:
                if attempt > asset.retries.times:
                    raise
                chance = random.random()  # noqa: S311 - it spreads retries, it guards nothing
                if self.scope.stop.wait(asset.retries.wait_seconds(attempt, chance=chance)):
                    raise
                attempt += 1

    def reads_lost(self, asset: AssetDefinition, unit: PartitionSet) -> bool:
        """Whether the unit reads partitions that failed or were skipped in this run."""
        for read in asset.inputs:
            lost = self.tally.lost.get(read.dataset)
            if lost is not None:
                up = self.scope.graph.datasets[read.dataset].partitioning
                if reads(unit, up=up, mapping=read.mapping, now=self.scope.now) & lost:
                    return True
        return False

    def succeed(self, record: StepRecord, outcome: Outcome, seconds: float) -> None:
        """Notes a unit that was made."""
        done = replace(record, status="made", seconds=seconds, rows=outcome.rows)
        self.ledger.record_made(done, outcome.made)
        for made in outcome.made:
            self.scope.made.add(self.scope.graph.datasets[made.dataset], made)
        with self.lock:
            self.tally.made.add(record.makes[0])
        said = "; ".join(
            f"{finding.bad_rows:,} rows found by `{finding.rule}`" for finding in outcome.warnings
        )
        self.finished(record, "made", rows=outcome.rows, seconds=seconds, message=said or None)

    def fail(self, record: StepRecord, error: FlowForgeError, seconds: float) -> None:
        """Notes a unit that failed; only what depends on it is skipped."""
        failed = replace(
            record,
            status="failed",
            seconds=seconds,
            error_code=error.code,
            error_message=error.message,
        )
        with self.lock:
            self.tally.failed.add(record.makes[0])
            self.tally.errors.append(error)
            self.lose(record)
        self.ledger.record_failed(failed)
        self.finished(record, "failed", seconds=seconds, message=error.render())

    def skip(self, record: StepRecord) -> None:
        """Notes a unit that cannot be made since what it reads failed."""
        with self.lock:
            self.tally.skipped.add(record.makes[0])
            self.lose(record)
        self.ledger.record_skipped([replace(record, status="skipped")])
        self.finished(record, "skipped")

    def lose(self, record: StepRecord) -> None:
        """Notes partitions that nobody can read; the caller holds the lock."""
        for dataset in record.makes:
            lost = self.tally.lost.get(dataset)
            unit = record.partitions
            self.tally.lost[dataset] = unit if lost is None else lost | unit

    def asset_ended(self, id_: DatasetKey) -> None:
        """Lets go of the frames that nobody in this run will read any more."""
        for dataset in {read.dataset for read in self.scope.graph.assets[id_].inputs}:
            self.readers_left[dataset] = self.readers_left.get(dataset, 0) - 1
            if not self.readers_left[dataset]:
                self.scope.handover.drop(dataset)

    def finished(
        self,
        record: StepRecord,
        status: str,
        *,
        rows: int | None = None,
        seconds: float | None = None,
        message: str | None = None,
    ) -> None:
        """Tells how a unit ended."""
        self.on_event(
            Event(
                "step_finished",
                self.scope.run_id,
                asset=record.asset,
                partition=record.partitions.render() or None,
                status=status,
                rows=rows,
                seconds=seconds,
                message=message,
            )
        )
