"""What happens in a run, as it happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

EventName: TypeAlias = Literal[
    "run_started", "waiting", "note", "step_started", "step_finished", "run_finished"
]
StepStatus: TypeAlias = Literal["made", "failed", "skipped", "fresh"]


@dataclass(frozen=True, slots=True)
class Event:
    """One moment of a run; what does not belong to it is None.

    `partition` is the key of the partition, or the range of a batch. `message` is for people: an
    error as rendered, what is waited for, or where rows come from. `counts` come with
    `run_finished`: assets `made, failed, skipped, fresh, waiting`.
    """

    event: EventName
    run_id: str
    asset: str | None = None
    partition: str | None = None
    status: str | None = None
    rows: int | None = None
    seconds: float | None = None
    message: str | None = None
    counts: Mapping[str, int] | None = None

    def as_json(self) -> Mapping[str, object]:
        """The event as `run --json` has it."""
        said: dict[str, object] = {
            "event": self.event,
            "run_id": self.run_id,
            "asset": self.asset,
            "partition": self.partition,
            "status": self.status,
            "rows": self.rows,
            "seconds": None if self.seconds is None else round(self.seconds, 6),
        }
        if self.message is not None:
            said["message"] = self.message
        return said | dict(self.counts or {})


OnEvent: TypeAlias = Callable[[Event], None]
