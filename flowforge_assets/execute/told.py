"""What has become of each step of a run, for a server that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from flowforge_assets.core.made import Made
from flowforge_assets.execute.outcome import UnitOutcome
from flowforge_assets.plan.step import Step
from flowforge_assets.record.run import StepStatus

OnOutcome: TypeAlias = Callable[[Step, StepStatus, tuple[UnitOutcome, ...], tuple[Made, ...]], None]


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
    error: str = ""

    def add(
        self, status: StepStatus, units: Iterable[UnitOutcome], commits: Iterable[Made]
    ) -> None:
        """Takes in units that ended together."""
        self.commits += commits
        for unit in units:
            self.units[status] = self.units.get(status, 0) + 1
            self.seconds += unit.seconds
            if unit.error is not None and not self.error:
                self.error = f"{unit.error.code}: {unit.error.message}"

    @property
    def status(self) -> StepStatus:
        """How the step ended: the worst that became of a unit; planned while none did."""
        for status in ("failed", "skipped", "made", "fresh"):
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
            "version": own[-1].table.version if own else None,
            "seconds": round(self.seconds, 3),
            "error": self.error or None,
        }
