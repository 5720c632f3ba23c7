"""What the ledger remembers of a run and of its steps."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet

RunStatus: TypeAlias = Literal[
    "running",
    "succeeded",
    "failed",
    "cancelled",  # someone stopped it
    "killed",  # a later run found that its process was gone
]
StepStatus: TypeAlias = Literal["planned", "made", "failed", "skipped", "fresh"]


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many steps of a run ended how; `fresh` counts those that needed no run."""

    made: int = 0
    failed: int = 0
    skipped: int = 0
    fresh: int = 0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run: what was asked, when, by which process, and how it ended.

    `ended_at` is None while it runs, and for ever when its process was killed.
    """

    run_id: str
    started_at: datetime
    env: str
    selection: str
    plan_hash: str
    pid: int
    host: str
    status: RunStatus = "running"
    ended_at: datetime | None = None
    counts: RunCounts = field(default_factory=RunCounts)


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a run: planned, or with its outcome.

    `work` is what its statements have cost in a warehouse: ids of jobs, rows, bytes, credits, as
    far as that tells them (see `sdk.warehouse.JobStats`).
    """

    run_id: str
    step_id: str
    asset: str
    makes: tuple[DatasetKey, ...]
    partitions: PartitionSet
    reason: str
    status: StepStatus = "planned"
    started_at: datetime | None = None
    seconds: float | None = None
    rows: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    work: Mapping[str, object] | None = None


def new_run_id(clock: Clock) -> str:
    """A run's id, e.g. `20260101T120000-4f3a`: the UTC second, then four random hex digits.

    Ids sort by the second in which their runs began.
    """
    return f"{clock().astimezone(UTC):%Y%m%dT%H%M%S}-{os.urandom(2).hex()}"
