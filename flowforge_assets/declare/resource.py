"""What an asset may ask for besides data: resources, and the run that it is in."""

from __future__ import annotations

import logging
from dataclasses import dataclass
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
