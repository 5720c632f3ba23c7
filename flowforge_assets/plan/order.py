"""Which steps lie before others in time, where states are taken in order.

Steps that differ in a dimension that is no time are in no order to one another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.core.partition import PartitionSet, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowforge_assets.core.span import Axis


def not_before(partitions: PartitionSet, made: PartitionSet) -> PartitionSet:
    """Those of `partitions` that do not lie before the last of `made` in time."""
    time = _time_of(partitions)
    if time is None or not partitions:
        return partitions
    first = min(span.first for span in _spans(partitions.boxes, time))
    for box in made.boxes:
        last = max(span.last for span in _spans([box], time))
        partitions -= _with(made, box, time, Span.of(first, last))
    return partitions


def after(partitions: PartitionSet, these: PartitionSet) -> PartitionSet:
    """Those of `partitions` that do not lie before the first of `these` in time."""
    time = _time_of(partitions)
    found = PartitionSet.none(partitions.dimensions)
    if time is None or not partitions:
        return found
    last = max(span.last for span in _spans(partitions.boxes, time))
    for box in these.boxes:
        first = min(span.first for span in _spans([box], time))
        found |= partitions & _with(these, box, time, Span.of(first, last + 1))
    return found


def _time_of(partitions: PartitionSet) -> int | None:
    """The place of the dimension that is time."""
    return next((i for i, each in enumerate(partitions.dimensions) if each.is_time), None)


def _spans(boxes: Iterable[tuple[Axis, ...]], time: int) -> list[Span]:
    return [axis for box in boxes if isinstance(axis := box[time], Span)]


def _with(like: PartitionSet, box: tuple[Axis, ...], time: int, span: Span) -> PartitionSet:
    """The box with another stretch of time."""
    return PartitionSet(like.dimensions, ((*box[:time], span, *box[time + 1 :]),))
