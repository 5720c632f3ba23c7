"""What has become of each step of a run, for a server that shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, TypeAlias

from flowforge_assets.core.made import Made, bytes_of
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.execute.outcome import UnitOutcome
from flowforge_assets.plan.step import Step
from flowforge_assets.record.run import StepStatus

OnOutcome: TypeAlias = Callable[[Step, StepStatus, tuple[UnitOutcome, ...], tuple[Made, ...]], None]

_WORST_FIRST: Final[tuple[StepStatus, ...]] = ("failed", "skipped", "made", "fresh")


def unheard(
    step: Step, status: StepStatus, units: Iterable[UnitOutcome], commits: Iterable[Made]
) -> None:
    """Lets go of what became of units of a step."""


@dataclass(slots=True)
class ToldStep:
    """A step, its commits so far, how many of its units ended how, and why the first failed."""

    step: Step
    commits: list[Made] = field(default_factory=list[Made])
    units: dict[StepStatus, int] = field(default_factory=dict[StepStatus, int])
    seconds: float = 0.0
    error: FlowForgeError | None = None

    def add(
        self, status: StepStatus, units: Iterable[UnitOutcome], commits: Iterable[Made]
    ) -> None:
        """Takes in units that ended together."""
        self.commits += commits
        for unit in units:
            self.units[status] = self.units.get(status, 0) + 1
            self.seconds += unit.seconds
            self.error = self.error or unit.error

    @property
    def status(self) -> StepStatus:
        """How the step ended: the worst that became of a unit; planned while none did."""
        for status in _WORST_FIRST:
            if status in self.units:
                return status
        return "planned"

    def row(self) -> Mapping[str, object]:
        """The step as a row of a table for people."""
        first = self.step.makes[0]
        own = [made for made in self.commits if made.dataset == first]
        return {
            "step": self.step.id,
            "partitions": self.step.partitions.render() or None,
            "reason": self.step.reason,
            "status": self.status,
            "rows": sum(made.rows for made in self.commits) if self.commits else None,
            "bytes": bytes_of(self.commits),
            "version": own[-1].table.version if own else None,
            "seconds": round(self.seconds, 3),
            "error": f"{self.error.code}: {self.error.message}" if self.error else None,
        }


class ToldRun:
    """What became of the steps of one run so far, by their ids; any thread may tell."""

    def __init__(self, steps: Iterable[Step]) -> None:
        """Nothing is told of the steps yet."""
        self.steps = {step.id: ToldStep(step) for step in steps}
        self.total = len(self.steps)
        self._lock = Lock()

    def hear(
        self,
        step: Step,
        status: StepStatus,
        units: Iterable[UnitOutcome],
        commits: Iterable[Made],
    ) -> None:
        """Takes in units of a step that ended together."""
        with self._lock:
            self.steps[step.id].add(status, units, commits)

    def counted(self, steps: Iterable[Step]) -> str:
        """How the steps ended, to people: `made 48, failed 2`."""
        found = Counter(self.steps[step.id].status for step in steps)
        return ", ".join(f"{status} {found[status]:,}" for status in _WORST_FIRST if found[status])
