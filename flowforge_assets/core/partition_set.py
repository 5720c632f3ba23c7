"""`PartitionSet`: some partitions of a dataset, as a value whose size is not their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, cast

from flowforge_assets.core import boxes as algebra
from flowforge_assets.core import partition_json, partition_text
from flowforge_assets.core.boxes import Boxes, Operation, Point
from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.span import Span


@dataclass(frozen=True, slots=True)
class PartitionSet:
    """A set of partitions: the points of `boxes`, each a product of one axis a dimension.

    Always in the canonical form of `core.boxes`, so that equal sets are equal values with equal
    hashes: the constructor brings any boxes (overlapping, empty, unsorted) into it.
    """

    dimensions: tuple[Dimension, ...]
    boxes: Boxes

    def __post_init__(self) -> None:
        """Makes the boxes canonical; a single full box is so already."""
        if len(self.boxes) > 1 or (self.boxes and not all(self.boxes[0])):
            object.__setattr__(self, "boxes", algebra.canonical(self.boxes))

    @classmethod
    def none(cls, dimensions: tuple[Dimension, ...]) -> PartitionSet:
        """The empty set."""
        return _canonical(dimensions, ())

    @classmethod
    def stretch(cls, dimensions: tuple[Dimension, ...], lo: int, hi: int) -> PartitionSet:
        """From `lo` to before `hi` of one dimension of time; trusts its arguments."""
        return _canonical(dimensions, ((Span(((lo, hi),)),),))

    @classmethod
    def union(cls, dimensions: tuple[Dimension, ...], sets: Iterable[PartitionSet]) -> PartitionSet:
        """What is in any of `sets`, which are over `dimensions`; for many, far cheaper than `|`."""
        boxes = tuple([box for each in sets for box in each.boxes])
        if len(boxes) > 1 and len(dimensions) == 1 and dimensions[0].is_time:
            # as of 100,000 commits: their stretches are joined at once
            axes = [axis for (axis,) in boxes if isinstance(axis, Span)]
            span = Span.union([bounds for axis in axes for bounds in axis.ranges])
            return _canonical(dimensions, ((span,),))
        return cls(dimensions, boxes)

    @classmethod
    def from_json(cls, dimensions: tuple[Dimension, ...], obj: object) -> PartitionSet:
        """The set that `to_json` wrote.

        Raises:
            ValueError: `obj` is nothing of the kind, or was written with other dimensions: other
                columns, kinds or time zones.
        """
        return cls(dimensions, partition_json.read_boxes(dimensions, obj))

    def to_json(self) -> Mapping[str, object]:
        """The set by its keys: `{"by": {"day": "day"}, "boxes": [{"day": ["A..B", "C"]}]}`.

        It keeps its meaning when the declared partitions change, and `from_json` refuses it when
        the dimensions did.
        """
        return partition_json.write_boxes(self.dimensions, self.boxes)

    def __or__(self, other: PartitionSet) -> PartitionSet:
        """What is in either."""
        return self._combined(other, algebra.union)

    def __and__(self, other: PartitionSet) -> PartitionSet:
        """What is in both."""
        return self._combined(other, algebra.intersection)

    def __sub__(self, other: PartitionSet) -> PartitionSet:
        """What is in this one and not in the other."""
        return self._combined(other, algebra.difference)

    def __contains__(self, point: object) -> bool:
        """Whether `point`, a tuple of one ordinal a dimension, is in the set."""
        return (
            isinstance(point, tuple)
            and len(cast("Point", point)) == len(self.dimensions)
            and algebra.contains(self.boxes, cast("Point", point))
        )

    def __bool__(self) -> bool:
        """Whether there is any partition."""
        return bool(self.boxes)

    def count(self) -> int:
        """How many partitions, without enumeration."""
        return algebra.count(self.boxes)

    def points(self) -> Iterator[Point]:
        """The partitions as tuples of ordinals, ascending, the first dimension slowest."""
        return algebra.points(self.boxes)

    def keys(self) -> Iterator[str]:
        """The partitions' keys, in the order of `points`."""
        return map(self.key_of, self.points())

    def key_of(self, point: Point) -> str:
        """The key of one partition: its dimensions' keys with `|` between; `""` without any."""
        return partition_text.key_of(self.dimensions, point)

    def single(self, point: Point) -> PartitionSet:
        """The set of one partition of the same dimensions, whether or not it is in this one."""
        axes = (dim.axis(at) for dim, at in zip(self.dimensions, point, strict=True))
        return _canonical(self.dimensions, (tuple(axes),))

    def chunks(self, most: int) -> Iterator[PartitionSet]:
        """Consecutive parts of at most `most` partitions, in order.

        A part holds all that stands over a point of the first dimension (all countries of a day)
        where that fits. Costs nothing a partition.
        """
        if most < 1:
            msg = f"a part needs room for at least one partition, not {most}"
            raise ValueError(msg)
        return (_canonical(self.dimensions, part) for part in algebra.chunks(self.boxes, most))

    def render(self, limit: int | None = 3) -> str:
        """The set for people: `2013-01-01..2013-01-03 x ch,de`; `""` for the unpartitioned.

        At most `limit` ranges, values and boxes each, then how many more partitions; with None
        everything, in a form that `Partitioning.parse` reads.
        """
        if not self.boxes:
            return "none"
        if not self.dimensions:
            return ""
        shown = [
            partition_text.render_box(self.dimensions, box, limit)
            for box in islice(self.boxes, limit)
        ]
        text = " + ".join(shown)
        if len(self.boxes) > len(shown):
            text += f" and {algebra.count(self.boxes[len(shown) :])} more partitions"
        return text

    def _combined(self, other: PartitionSet, how: Operation) -> PartitionSet:
        if self.dimensions != other.dimensions:
            msg = f"sets over {self.dimensions} and {other.dimensions} cannot be combined"
            raise ValueError(msg)
        boxes = algebra.combine(self.boxes, other.boxes, how)
        # most often nothing is new, and a set is a value
        if boxes is self.boxes:
            return self
        return other if boxes is other.boxes else _canonical(self.dimensions, boxes)


def _canonical(dimensions: tuple[Dimension, ...], boxes: Boxes) -> PartitionSet:
    """The set of boxes that are canonical already: the constructor would do the work again."""
    made = object.__new__(PartitionSet)
    object.__setattr__(made, "dimensions", dimensions)
    object.__setattr__(made, "boxes", boxes)
    return made


WHOLE: Final = PartitionSet((), ((),))
