"""When a source, an asset without inputs, is due again: by schedule, promise or version.

What is not cut by time is due at each tick of its schedule. A partition in time is due at the
first tick after its end, when what came late is there; after that it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import PartitionSet, Span
from flowforge_assets.declare.asset import Schedule
from flowforge_assets.plan.step import Reason

_SECOND: Final = timedelta(seconds=1)


def due(
    pieces: Iterable[Made],
    *,
    schedule: Schedule | None,
    fresh: timedelta | None,
    observed: str | None,
    now: datetime,
) -> Iterator[tuple[Reason, str, PartitionSet]]:
    """The partitions of a source's commits that are due again at `now`, with reason and detail.

    `observed` is the version that the source tells today, None where it tells none.
    """
    newest = last_tick(schedule, now) if isinstance(schedule, str) else None
    for piece in pieces:
        if fresh is not None and piece.at + fresh < now:
            yield "late", f"older than {fresh}", piece.partitions
        if observed is not None and piece.source != observed:
            yield "input newer", f"the source is at version `{observed}`", piece.partitions
        match schedule:
            case timedelta():
                late = _between(piece.partitions, piece.at - schedule, now - schedule)
                if late and piece.at + schedule < now:
                    yield "late", f"older than {schedule}", late
            case str() if newest is not None and piece.at < newest:
                before = last_tick(schedule, piece.at) or piece.at
                late = _between(piece.partitions, before, newest)
                if late:
                    since = next_tick(schedule, piece.at) or newest
                    yield "late", f"due since {since:%Y-%m-%d %H:%M}", late
            case _:
                pass


def last_tick(cron: str, now: datetime) -> datetime | None:
    """The last time at or before `now` that the cron text names, in UTC; None for none at all."""
    from cronsim import CronSim  # on use: few assets have a schedule

    after = now.astimezone(UTC).replace(microsecond=0) + _SECOND
    return next(CronSim(cron, after, reverse=True), None)


def next_tick(cron: str, after: datetime) -> datetime | None:
    """The first time after `after` that the cron text names, in UTC; None for none at all."""
    from cronsim import CronSim  # as above

    return next(CronSim(cron, after.astimezone(UTC)), None)


def _between(partitions: PartitionSet, after: datetime, until: datetime) -> PartitionSet:
    """Those that end after `after` and not after `until`; all where nothing is cut by time."""
    dimensions = partitions.dimensions
    at = next((i for i, dimension in enumerate(dimensions) if dimension.is_time), None)
    if at is None:
        return partitions
    span = Span.of(dimensions[at].holding(after), dimensions[at].holding(until))
    boxes = ((*box[:at], box[at] & span, *box[at + 1 :]) for box in partitions.boxes)
    return PartitionSet(dimensions, tuple(box for box in boxes if box[at]))
