"""Which parts of a dataset are newer than a reader has seen."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from operator import itemgetter
from typing import Final, Literal, TypeAlias

from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet, Span

Track: TypeAlias = Literal["rows", "steps"]
_START: Final = itemgetter(0)


class Versions:
    """The commits of one dataset, found by the partitions that they made or changed.

    Built once a plan in O(n log n); a question about a stretch of time costs O(log n) and the
    commits that lie in it.
    """

    def __init__(self, pieces: Sequence[Made], *, by: Track = "rows") -> None:
        """From a dataset's pieces, whose sets of partitions are disjoint.

        By the rows that were changed, or by the steps that were made.
        """
        sets = [piece.changed if by == "rows" else piece.partitions for piece in pieces]
        placed = [
            (*_stretch(of), of, piece) for of, piece in zip(sets, pieces, strict=True) if of.boxes
        ]
        placed.sort(key=_START)
        self._starts = [start for start, _, _, _ in placed]
        self._reach = list(accumulate([end for _, end, _, _ in placed], max))
        self._pieces = placed
        self.table_id = pieces[0].table.table_id if pieces else ""
        self.newest = max([piece.table.version for piece in pieces], default=-1)

    def is_newest(self, seen: TableVersion | None) -> bool:
        """Whether nothing was made after `seen`; cheap, and true of most readers."""
        return not self._pieces or (
            seen is not None and seen.table_id == self.table_id and seen.version >= self.newest
        )

    def newer_than(self, seen: TableVersion | None, read: PartitionSet) -> PartitionSet:
        """The part of `read` that was made after version `seen`, or in another incarnation.

        With None, which saw nothing, all that was made.
        """
        found = PartitionSet.none(read.dimensions)
        if self.is_newest(seen):
            return found
        newer = (
            partitions
            for partitions, piece in self._near(read)
            if seen is None
            or piece.table.table_id != seen.table_id
            or piece.table.version > seen.version
        )
        return PartitionSet.union(read.dimensions, newer) & read

    def made(self, read: PartitionSet) -> PartitionSet:
        """The part of `read` that was ever made."""
        if not self._pieces:
            return PartitionSet.none(read.dimensions)
        near = (partitions for partitions, _ in self._near(read))
        return PartitionSet.union(read.dimensions, near) & read

    def all_made(self, dimensions: tuple[Dimension, ...]) -> PartitionSet:
        """All that was ever made."""
        return PartitionSet.union(dimensions, (partitions for _, _, partitions, _ in self._pieces))

    def _near(self, read: PartitionSet) -> list[tuple[PartitionSet, Made]]:
        """The commits whose stretch of the first dimension meets that of `read`."""
        start, end = _stretch(read)
        last = bisect_left(self._starts, end)
        first = bisect_right(self._reach, start, hi=last)
        return [
            (partitions, piece)
            for lo, hi, partitions, piece in self._pieces[first:last]
            if hi > start and lo < end
        ]


def _stretch(partitions: PartitionSet) -> tuple[int, int]:
    """The half-open range that holds the set's first dimension; (0, 1) where it is no time."""
    boxes = partitions.boxes
    if len(boxes) == 1 and boxes[0]:  # as of most commits, of which there may be 100,000
        axis = boxes[0][0]
        return (axis.ranges[0][0], axis.ranges[-1][1]) if isinstance(axis, Span) else (0, 1)
    axes = [box[0] for box in boxes if box]
    spans = [axis for axis in axes if isinstance(axis, Span)]
    if not spans:
        return (0, 1)
    return min(span.first for span in spans), max(span.last for span in spans) + 1
