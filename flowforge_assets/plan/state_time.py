"""Since when the rows of a step hold."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flowforge_assets.core.partition import PartitionSet, Span


def time_of(unit: PartitionSet, now: datetime) -> datetime:
    """When what a step brings begins to hold: its partition's start in time, else now.

    It is told in the time zone whose days or months the partitions are.
    """
    for at, dimension in enumerate(unit.dimensions):
        axis = unit.boxes[0][at]
        if dimension.is_time and isinstance(axis, Span):
            begin = dimension.instants(axis.first, axis.first + 1)[0]
            return begin.astimezone(ZoneInfo(dimension.tz))
    return now
