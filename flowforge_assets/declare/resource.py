"""What an asset may ask for besides data: resources, and the run that it is in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flowforge_assets.core.partition import PartitionSet


class Resource:
    """A connection or client that assets share: subclass it, and ask for it by its type.

    A resource is made once a run from the environment's settings, with the class's annotated
    attributes as its settings (`url: str`, `timeout_seconds: float = 30`), entered if it is a
    context manager, and closed when the run ends.
    """


@dataclass(frozen=True, slots=True)
class Context:
    """The run and step that an asset is called in: ask for it by its type."""

    env: str
    run_id: str
    step_id: str
    asset: str
    partitions: PartitionSet
    now: datetime
    attempt: int
    log: logging.Logger
    _notes: dict[str, str | int | float] = field(default_factory=dict[str, str | int | float])

    def note(self, **values: str | float) -> None:
        """Adds figures or short texts to the record of this step."""
        self._notes.update(values)

    @property
    def notes(self) -> Mapping[str, str | int | float]:
        """What this step has noted."""
        return self._notes
