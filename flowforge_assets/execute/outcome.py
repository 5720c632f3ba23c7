"""What became of the units of a step; imports no engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.result import Finding
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.plan.step import Step


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """What became of one unit: rows and warnings, or the error that stopped it.

    `bad_rows` were set aside, `new_columns` were kept for the first time. What failed is
    `in_doubt` when it may have been committed for all that. `work` is what it cost in a warehouse.
    """

    unit: PartitionSet
    seconds: float
    rows: int = 0
    bad_rows: int = 0
    warnings: tuple[Finding, ...] = ()
    new_columns: tuple[str, ...] = ()
    error: FlowForgeError | None = None
    in_doubt: bool = False
    work: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Committed:
    """Units that were committed together, and the commits, one a dataset."""

    made: tuple[Made, ...]
    units: tuple[UnitOutcome, ...]


def unit_id(run_id: str, step: Step, unit: PartitionSet) -> str:
    """The id by which a commit of these partitions is known: the same when it is tried again."""
    return f"{run_id}/{step.id}|{unit.render(None)}" if unit.dimensions else f"{run_id}/{step.id}"
