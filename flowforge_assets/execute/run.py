"""Runs a plan in this process: every step, what each says, and how it ended."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, TypeAlias, TypeVar

from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import bytes_of
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema_change import columns_of, comments_of
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.job import (
    JobCancelledError,
    JobFailedError,
    JobLostError,
    WrittenMissingError,
)
from flowforge_assets.errors.record import RecordError
from flowforge_assets.errors.run import StepFailedError, StepTimeoutError
from flowforge_assets.errors.storage import StorageError
from flowforge_assets.execute.drawing import run_drawing
from flowforge_assets.execute.kept_keys import refuse_shared_keys
from flowforge_assets.execute.landing import unwritten_drops
from flowforge_assets.execute.outcome import Committed, UnitOutcome, unit_id
from flowforge_assets.execute.schedule import Schedule
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.state import ask_tables
from flowforge_assets.execute.tally import Tally
from flowforge_assets.execute.told import OnOutcome, unheard
from flowforge_assets.plan.needs import needs, own_reads, triggers
from flowforge_assets.plan.order import after
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.rows import rows_of
from flowforge_assets.plan.step import Step
from flowforge_assets.record.ended import EndedSteps
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import StepEnd, StepRecord, StepStatus

T = TypeVar("T")
RunStatus: TypeAlias = Literal["succeeded", "failed", "cancelled"]
RETRIED: Final = (
    StepFailedError,
    StepTimeoutError,
    StorageError,
    JobFailedError,
    JobLostError,
    WrittenMissingError,
)


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended, in assets (some wait only in part); `errors` has one a unit that failed."""

    run_id: str
    status: RunStatus
    made: int = 0
    failed: int = 0
    skipped: int = 0
    fresh: int = 0
    waiting: int = 0
    errors: tuple[FlowForgeError, ...] = ()

    def __repr__(self) -> str:
        """Status and counts, then each error."""
        return run_drawing(self).text()

    def _repr_html_(self) -> str:
        """The same, for a notebook."""
        return run_drawing(self).html()


class LocalRun:
    """One run of a plan on threads of this process."""

    def __init__(
        self, scope: RunScope, plan: Plan, ledger: Ledger, *, workers: int, on_event: OnEvent
    ) -> None:
        """Over `plan`, whose run the ledger has begun."""
        self.scope = scope
        self.plan = plan
        self.ledger = ledger
        self.ends = EndedSteps(ledger)
        self.workers = workers
        self.on_event = on_event
        self.on_outcome: OnOutcome = unheard
        self.tally = Tally()
        self.lock = threading.Lock()
        self.readers_left = dict(scope.readers)

    def run(self) -> RunResult:
        """Makes all that can be made, and says how it ended; the ledger has it too."""
        schedule = Schedule(
            self.plan, self.scope.graph.parents, stop=self.scope.stop, ended=self.asset_ended
        )

        def work() -> bool:
            schedule.run(self.do, workers=self.workers, meanwhile=self.ends.write)
            return schedule.is_cut_short

        return self.through(work)

    def through(self, work: Callable[[], bool]) -> RunResult:
        """Does `work`, which makes the steps and says whether it was cut short; ends the run."""
        self.on_event(Event("run_started", self.scope.run_id))
        changes = (each.said for each in self.plan.changes if each.change != "metadata")
        for note in (*changes, *self.plan.notes, *self.plan.hindrances):
            self.on_event(Event("note", self.scope.run_id, message=note))
        self.fail_unobserved()
        try:
            refuse_shared_keys(self.scope, self.plan)
            for made in unwritten_drops(self.scope, self.plan):
                spec = self.scope.tables[made.dataset].spec
                comments = comments_of(spec.comments)
                self.ledger.record_columns(made, columns_of(spec.schema), comments)
            is_cut_short = work()
            self.ends.write()
        except RecordError:
            # The run stays open in the ledger, which lacks a commit: the next one asks the tables.
            raise
        except KeyboardInterrupt:
            self.end("cancelled")
            raise
        except BaseException:
            self.tally.in_doubt.update(key for step in self.plan.steps for key in step.makes)
            self.end("failed")
            raise
        if is_cut_short or self.tally.is_cut_short:
            return self.end("cancelled")
        return self.end("failed" if self.tally.failed else "succeeded")

    def fail_unobserved(self) -> None:
        """Notes the sources that cannot tell their version and that no step will fail for."""
        planned = {step.asset_id for step in self.plan.steps}
        for key, error in self.plan.unobserved.items():
            if key not in planned:
                self.tally.failed.add(key)
                self.tally.errors.append(error)

    def end(self, status: RunStatus) -> RunResult:
        """Writes how the run ended, and tells it."""
        self.ends.write()
        counts = self.tally.counts(len(self.plan.fresh))
        if self.has_asked_tables():
            self.ledger.end_run(self.scope.run_id, status, counts, clock=self.scope.clock)
        shown = {
            "made": counts.made,
            "failed": counts.failed,
            "skipped": counts.skipped,
            "fresh": counts.fresh,
            "waiting": len({each.asset for each in self.plan.waiting}),
        }
        self.on_event(Event("run_finished", self.scope.run_id, status=status, counts=shown))
        return RunResult(self.scope.run_id, status, **shown, errors=tuple(self.tally.errors))

    def has_asked_tables(self) -> bool:
        """Writes down what was committed where a commit failed: all of it, some, or nothing.

        The run stays open in the ledger if a table does not say: the next one asks it.
        """
        try:
            ask_tables(self.ledger, self.scope.graph, self.scope.open_store, self.tally.in_doubt)
        except StorageError:
            return False
        return True

    def do(self, step: Step, batch: PartitionSet) -> None:
        """One batch: each unit is made, failed or skipped, and recorded as such."""
        asset = self.scope.graph.assets[step.asset_id]
        # Engines: a run that finds nothing to make needs none.
        from flowforge_assets.execute.step import make_batch

        make_batch(
            self.scope,
            step,
            self.readable(asset, step, batch),
            batch,
            attempt=partial(self.tried, asset),
            on_commit=lambda committed: self.succeed(step, committed),
            on_failure=lambda outcome: self.fail(step, outcome),
        )

    def readable(
        self, asset: AssetDefinition, step: Step, batch: PartitionSet
    ) -> Iterator[PartitionSet]:
        """The units of the batch that can be made; those that cannot are skipped."""
        for unit in step.units(batch):
            if self.scope.stop.is_set():
                self.tally.is_cut_short = True
                return
            unobserved = self.plan.unobserved.get(asset.id)
            if unobserved is not None:
                self.fail(step, UnitOutcome(unit, 0.0, error=unobserved))
            elif self.reads_lost(asset, unit):
                self.skip(step, unit)
            elif step.is_conditional and not self.reads_touched(asset, unit):
                self.leave(step, unit)
            else:
                key = unit.render() or None
                event = Event("step_started", self.scope.run_id, asset=asset.name, partition=key)
                self.on_event(event)
                yield unit

    def tried(self, asset: AssetDefinition, make: Callable[[int], T]) -> T:
        """What `make` gives, after as many tries as the asset allows."""
        attempt = 1
        while True:
            try:
                return make(attempt)
            except RETRIED:
                if attempt > asset.retries.times:
                    raise
                chance = random.random()  # noqa: S311 - it spreads retries, it guards nothing
                if self.scope.stop.wait(asset.retries.wait_seconds(attempt, chance=chance)):
                    self.tally.is_cut_short = True
                    raise
                attempt += 1

    def reads_lost(self, asset: AssetDefinition, unit: PartitionSet) -> bool:
        """Whether the unit reads partitions that failed or were skipped in this run.

        States are taken in order: with one that is lost, those of later times are.
        """
        if not self.tally.lost:
            return False
        lost_steps = self.tally.lost_steps.get(asset.id)
        if asset.write == "scd2" and lost_steps is not None and after(unit, lost_steps):
            return True
        graph = self.scope.graph
        looked_at = [(need.dataset, need.mapping) for need in needs(asset, graph)]
        looked_at += [(read.dataset, read.mapping) for read in own_reads(asset)]
        for dataset, mapping in looked_at:
            lost = self.tally.lost.get(dataset)
            if lost is not None:
                up = graph.datasets[dataset].partitioning
                if reads(unit, up=up, mapping=mapping, now=self.scope.now) & lost:
                    return True
        return False

    def reads_touched(self, asset: AssetDefinition, unit: PartitionSet) -> bool:
        """Whether the unit reads partitions whose rows this run has changed."""
        for read in triggers(asset):
            touched = self.scope.made.touched(read.dataset)
            if touched:
                up = self.scope.graph.datasets[read.dataset].partitioning
                if reads(unit, up=up, mapping=read.mapping, now=self.scope.now) & touched:
                    return True
        return False

    def leave(self, step: Step, unit: PartitionSet) -> None:
        """Notes a unit that is as it should be: what it reads turned out as it was."""
        with self.lock:
            known = self.tally.left.get(step.asset_id)
            self.tally.left[step.asset_id] = unit if known is None else known | unit
        self.ends.add(StepEnd(self.record(step, unit, status="fresh")))
        self.on_outcome(step, "fresh", (UnitOutcome(unit, 0.0),), ())
        self.finished(step, UnitOutcome(unit, 0.0), "fresh")

    def succeed(self, step: Step, committed: Committed) -> None:
        """Notes units that were committed together."""
        union = committed.made[0].partitions
        seconds = sum(outcome.seconds for outcome in committed.units)
        record = replace(
            self.record(step, union, status="made", seconds=seconds),
            rows=sum(o.rows for o in committed.units) if self.has_rows(step) else None,
            bytes_written=bytes_of(committed.made),
            work=committed.units[0].work,  # what runs in a warehouse is committed alone
        )
        tables = self.scope.tables
        specs = {key: tables[key].spec for key in step.makes if key in tables}
        schemas = {key: spec.schema for key, spec in specs.items()}
        comments = {key: comments_of(spec.comments) for key, spec in specs.items()}
        self.ends.add(StepEnd(record, committed.made, schemas, comments))
        for made in committed.made:
            self.scope.made.add(self.scope.graph.datasets[made.dataset], made)
        with self.lock:
            self.tally.made.add(step.asset_id)
        self.on_outcome(step, "made", committed.units, committed.made)
        for outcome in committed.units:
            said = [f"{_rows(outcome.bad_rows)} set aside"] if outcome.bad_rows else []
            said += [
                f"{_rows(finding.bad_rows)} found by `{finding.rule}`"
                for finding in outcome.warnings
            ]
            said += [f"the new column `{name}` is kept" for name in outcome.new_columns]
            self.finished(step, outcome, "made", message="; ".join(said) or None)

    def fail(self, step: Step, outcome: UnitOutcome) -> None:
        """Notes a unit that failed; only what depends on it is skipped."""
        error = outcome.error
        assert error is not None  # noqa: S101 - it failed
        if isinstance(error, JobCancelledError):
            self.tally.is_cut_short = True
        with self.lock:
            self.tally.failed.add(step.asset_id)
            if outcome.in_doubt:
                self.tally.in_doubt.update(step.makes)
            self.tally.errors += error.errors if isinstance(error, Problems) else [error]
            self.lose(step, outcome.unit)
        record = self.record(
            step,
            outcome.unit,
            status="failed",
            seconds=outcome.seconds,
            error_code=error.code,
            error_message=error.message,
        )
        self.ends.add(StepEnd(record))
        self.on_outcome(step, "failed", (outcome,), ())
        self.finished(step, outcome, "failed", message=error.render())

    def skip(self, step: Step, unit: PartitionSet) -> None:
        """Notes a unit that cannot be made since what it reads failed."""
        with self.lock:
            self.tally.skipped.add(step.asset_id)
            self.lose(step, unit)
        self.ends.add(StepEnd(self.record(step, unit, status="skipped")))
        self.on_outcome(step, "skipped", (UnitOutcome(unit, 0.0),), ())
        self.finished(step, UnitOutcome(unit, 0.0), "skipped")

    def record(
        self,
        step: Step,
        partitions: PartitionSet,
        *,
        status: StepStatus,
        seconds: float | None = None,
        error_code: str | None = None,
        error_message: str | None = None,
    ) -> StepRecord:
        """What the ledger keeps of these partitions of the step."""
        return StepRecord(
            run_id=self.scope.run_id,
            step_id=unit_id("", step, partitions)[1:],
            asset=step.asset,
            makes=step.makes,
            partitions=partitions,
            reason=step.reason,
            status=status,
            started_at=self.scope.clock(),
            seconds=seconds,
            error_code=error_code,
            error_message=error_message,
        )

    def lose(self, step: Step, unit: PartitionSet) -> None:
        """Notes partitions that nobody can read; the caller holds the lock."""
        known = self.tally.lost_steps.get(step.asset_id)
        self.tally.lost_steps[step.asset_id] = unit if known is None else known | unit
        for dataset in step.makes:
            rows = rows_of(self.scope.graph.datasets[dataset], unit, self.scope.now)
            lost = self.tally.lost.get(dataset)
            self.tally.lost[dataset] = rows if lost is None else lost | rows

    def asset_ended(self, id_: DatasetKey) -> None:
        """Lets go of the frames that nobody in this run will read any more."""
        for dataset in {read.dataset for read in self.scope.graph.assets[id_].inputs}:
            self.readers_left[dataset] = self.readers_left.get(dataset, 0) - 1
            if not self.readers_left[dataset]:
                self.scope.handover.drop(dataset)

    def has_rows(self, step: Step) -> bool:
        """Whether the step makes anything but files."""
        datasets = self.scope.graph.datasets
        return any(datasets[key].kind == "table" for key in step.makes)

    def finished(
        self, step: Step, outcome: UnitOutcome, status: str, *, message: str | None = None
    ) -> None:
        """Tells how a unit ended."""
        is_counted = status == "made" and self.has_rows(step)
        self.on_event(
            Event(
                "step_finished",
                self.scope.run_id,
                asset=step.asset,
                partition=outcome.unit.render() or None,
                status=status,
                rows=outcome.rows if is_counted else None,
                seconds=outcome.seconds,
                message=message,
            )
        )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
