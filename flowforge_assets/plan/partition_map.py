"""Which partitions read which, for whole sets and both ways.

`reads` and `read_by` are two directions of one relation: an upstream partition is in `reads` of a
downstream one exactly when that one is in `read_by` of it. The relation is a product of one
relation a dimension, and each range maps by its ends, so that the cost does not depend on the
number of partitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from flowforge_assets.core.partition import (
    Axis,
    Box,
    Dimension,
    Partitioning,
    PartitionSet,
    Range,
    Span,
)
from flowforge_assets.declare.mapping import All, Has, Lag, Latest, Mapping, Same, Window

_TICK: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


def reads(down: PartitionSet, *, up: Partitioning, mapping: Mapping, now: datetime) -> PartitionSet:
    """The upstream partitions that `down` reads, of those that `up` declares at `now`."""
    declared = up.all(now)
    if not down or not declared or isinstance(mapping, All):
        return declared if down else PartitionSet.none(up.dimensions)
    if _is_identity(mapping, down.dimensions, up.dimensions):
        return down & declared
    matches = _matches(up.dimensions, down.dimensions)
    whole = declared.boxes[0]
    boxes: list[Box] = []
    for box in down.boxes:
        axes: list[Axis] = []
        for dim, axis, match in zip(up.dimensions, whole, matches, strict=True):
            if isinstance(mapping, Latest) and isinstance(axis, Span):
                axes.append(Span.of(axis.last, axis.last + 1))
            elif match is None:
                axes.append(axis)
            else:
                read = _overlapping(box[match], of=down.dimensions[match], in_=dim)
                axes.append(axis & _moved(read, *_window(mapping)))
        boxes.append(tuple(axes))
    return PartitionSet(up.dimensions, tuple(boxes))


def read_by(
    up_set: PartitionSet,
    *,
    up: Partitioning,
    down: Partitioning,
    mapping: Mapping,
    now: datetime,
) -> PartitionSet:
    """The partitions that `down` declares at `now` and that read any of `up_set`.

    Partitions of `up_set` that `up` does not declare at `now` are read by none.
    """
    declared, there = down.all(now), up.all(now)
    read = up_set & there
    if not read or not declared or isinstance(mapping, All):
        return declared if read else PartitionSet.none(down.dimensions)
    if _is_identity(mapping, down.dimensions, up.dimensions):
        return read & declared
    matches = _matches(up.dimensions, down.dimensions)
    whole = declared.boxes[0]
    first, last = _window(mapping)
    boxes: list[Box] = []
    for box in read.boxes:
        axes = list(whole)
        for i, (dim, axis, match) in enumerate(zip(up.dimensions, box, matches, strict=True)):
            if isinstance(mapping, Latest) and dim.is_time:
                if there.boxes[0][i].last not in axis:
                    break
            elif match is not None:
                reader = _overlapping(
                    _moved(axis, -last, -first), of=dim, in_=down.dimensions[match]
                )
                axes[match] = axes[match] & reader
        else:
            boxes.append(tuple(axes))
    return PartitionSet(down.dimensions, tuple(boxes))


def unmapped(down: Partitioning, up: Partitioning, mapping: Mapping) -> str | None:
    """Why `mapping` makes no sense between these two, for a message; None when it does."""
    match mapping:
        case Latest() if not any(dim.is_time for dim in up.dimensions):
            return "`Latest` needs partitions of time, and what it reads has none"
        case Lag(steps) if steps < 1:
            return f"`Lag({steps})` does not look back: its steps are 1 or more"
        case Window(first, last) if first > last:
            return f"`Window({first}, {last})` ends before it begins"
        case Lag() | Window():
            matches = zip(up.dimensions, _matches(up.dimensions, down.dimensions), strict=True)
            times = [dim.column for dim, match in matches if dim.is_time and match is not None]
            if len(times) == 1:
                return None
            found = f"they share `{', '.join(times)}`" if times else "they share none"
            return f"`{type(mapping).__name__}` needs one dimension of time in common: {found}"
        case _:
            return None


def _is_identity(mapping: Mapping, downs: Sequence[Dimension], ups: Sequence[Dimension]) -> bool:
    # The common case, and several times as fast; what follows would give the same.
    return isinstance(mapping, Same | Has) and downs == ups


def _matches(ups: Sequence[Dimension], downs: Sequence[Dimension]) -> list[int | None]:
    """For each upstream dimension the index of the reader's that restricts it, or None."""
    indexes = {(dim.column, dim.is_time): i for i, dim in enumerate(downs)}
    times = [i for i, dim in enumerate(downs) if dim.is_time]
    if len(times) == 1 and sum(dim.is_time for dim in ups) == 1:
        return [times[0] if dim.is_time else indexes.get((dim.column, dim.is_time)) for dim in ups]
    return [indexes.get((dim.column, dim.is_time)) for dim in ups]


def _window(mapping: Mapping) -> tuple[int, int]:
    match mapping:
        case Lag(steps):
            return -steps, -steps
        case Window(first, last):
            return first, last
        case _:
            return 0, 0


def _moved(axis: Axis, first: int, last: int) -> Axis:
    """All that lies from `first` to `last` after a point of `axis`, both included."""
    if not isinstance(axis, Span) or first == last == 0:
        return axis
    return Span.union((lo + first, hi + last) for lo, hi in axis.ranges)


def _overlapping(axis: Axis, *, of: Dimension, in_: Dimension) -> Axis:
    """The partitions of `in_` that overlap those of `axis`, which counts in `of`."""
    if not isinstance(axis, Span) or of.kind == in_.kind:
        return axis
    if "hour" not in (of.kind, in_.kind):
        return Span.union(_by_date(bounds, of, in_) for bounds in axis.ranges)
    return Span.union(_by_instant(bounds, of, in_) for bounds in axis.ranges)


def _by_date(bounds: Range, of: Dimension, in_: Dimension) -> Range:
    # Days, weeks and months are dates in each zone: their names match, not their instants.
    begin, end = of.dates(*bounds)
    return in_.of_date(begin), in_.of_date(end - _DAY) + 1


def _by_instant(bounds: Range, of: Dimension, in_: Dimension) -> Range:
    begin, end = of.instants(*bounds)
    return in_.holding(begin), in_.holding(end - _TICK) + 1 if begin < end else in_.holding(begin)
