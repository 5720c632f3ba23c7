"""What the ledger remembers of a run and of its steps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema import Schema
from flowforge_assets.core.schema_change import Comments

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

    `bytes_written` are those of its commits, as far as these tell them (see `Made`). `work` is
    what its statements have cost in a warehouse: ids of jobs, rows, bytes, credits, as far as that
    tells them (see `sdk.warehouse.JobStats`).
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
    bytes_written: int | None = None


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step ended, and what it made.

    `schemas` are the columns that its datasets have now, `comments` their descriptions: where they
    are others than before, the schema history gets an entry.
    """

    step: StepRecord
    made: Sequence[Made] = ()
    schemas: Mapping[DatasetKey, Schema] = field(default_factory=dict[DatasetKey, Schema])
    comments: Mapping[DatasetKey, Comments] = field(default_factory=dict[DatasetKey, Comments])


def new_run_id(clock: Clock) -> str:
    """A run's id, e.g. `20260101T120000-4f3a09c2`: the UTC second, then eight hex digits.

    Three of them are the fraction of that second, five are random. Ids sort as their runs began,
    where a quarter of a millisecond lies between.
    """
    now = clock().astimezone(UTC)
    fraction = now.microsecond * 0x1000 // 1_000_000
    return f"{now:%Y%m%dT%H%M%S}-{fraction:03x}{os.urandom(3).hex()[1:]}"
