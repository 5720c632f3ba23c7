"""Which steps lie before others in time, where states are taken in order.

Steps that differ in a dimension that is no time are in no order to one another.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from flowforge_assets.core.partition import Dimension, PartitionSet, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowforge_assets.core.made import Made
    from flowforge_assets.core.span import Axis

Ordinal: TypeAlias = int | str


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


def overtaken(pieces: Sequence[Made], dimensions: tuple[Dimension, ...]) -> PartitionSet:
    """The steps that were committed before one that lies before them in time.

    `pieces` are the commits of one dataset by their steps, of which no two share one.
    """
    found = PartitionSet.none(dimensions)
    time = _time_of(found)
    if time is None:
        return found
    others = (*dimensions[:time], *dimensions[time + 1 :])
    in_order: dict[tuple[Ordinal, ...], list[tuple[int, int, int]]] = defaultdict(list)
    for piece in pieces:
        for box in piece.partitions.boxes:
            beside: list[Iterable[Ordinal]] = [axis for at, axis in enumerate(box) if at != time]
            for point in product(*beside):
                for lo, hi in _spans([box], time)[0].ranges:
                    in_order[point].append((lo, hi, piece.table.version))
    for point, stretches in in_order.items():
        newest = -1
        for lo, hi, version in sorted(stretches):
            if version < newest:
                axes = [each.axis(at) for each, at in zip(others, point, strict=True)]
                box = (*axes[:time], Span.of(lo, hi), *axes[time:])
                found |= PartitionSet(dimensions, (box,))
            newest = max(newest, version)
    return found


def _time_of(partitions: PartitionSet) -> int | None:
    """The place of the dimension that is time."""
    return next((i for i, each in enumerate(partitions.dimensions) if each.is_time), None)


def _spans(boxes: Iterable[tuple[Axis, ...]], time: int) -> list[Span]:
    return [axis for box in boxes if isinstance(axis := box[time], Span)]


def _with(like: PartitionSet, box: tuple[Axis, ...], time: int, span: Span) -> PartitionSet:
    """The box with another stretch of time."""
    return PartitionSet(like.dimensions, ((*box[:time], span, *box[time + 1 :]),))
