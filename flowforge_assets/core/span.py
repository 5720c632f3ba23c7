"""Sets along one dimension: `Span` of ints as ranges, `Values` of strings.

Both have the same operations, each one linear merge, and are canonical: equal sets are equal
values. Whoever works on an `Axis` need not know which of the two it is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """A set of ints as half-open ranges: sorted, none empty, no two that touch.

    The bare constructor trusts its argument; make one with `of`, `points` or `union`.
    """

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, lo: int, hi: int) -> Span:
        """The ints from `lo` up to but not including `hi`; empty when `hi <= lo`."""
        return cls(((lo, hi),)) if lo < hi else cls()

    @classmethod
    def points(cls, points: Iterable[int]) -> Span:
        """The set of `points`, in any order, repeats allowed."""
        return cls.union((point, point + 1) for point in points)

    @classmethod
    def union(cls, ranges: Iterable[Range]) -> Span:
        """All ints of half-open `ranges`, which may overlap and come in any order."""
        merged: list[Range] = []
        for lo, hi in sorted(ranges):
            if lo >= hi:
                continue
            if merged and lo <= merged[-1][1]:
                if hi > merged[-1][1]:
                    merged[-1] = (merged[-1][0], hi)
            else:
                merged.append((lo, hi))
        return cls(tuple(merged))

    def __or__(self, other: Axis) -> Span:
        """What is in either."""
        if not isinstance(other, Span):
            return NotImplemented
        if not other.ranges or self.ranges == other.ranges:
            return self
        if not self.ranges:
            return other
        return Span.union(self.ranges + other.ranges)

    def __and__(self, other: Axis) -> Span:
        """What is in both."""
        if not isinstance(other, Span):
            return NotImplemented
        mine, others = self.ranges, other.ranges
        if mine == others:
            return self
        shared: list[Range] = []
        i = j = 0
        while i < len(mine) and j < len(others):
            lo = max(mine[i][0], others[j][0])
            hi = min(mine[i][1], others[j][1])
            if lo < hi:
                shared.append((lo, hi))
            if mine[i][1] <= others[j][1]:
                i += 1
            else:
                j += 1
        return Span(tuple(shared))

    def __sub__(self, other: Axis) -> Span:
        """What is in this one and not in the other."""
        if not isinstance(other, Span):
            return NotImplemented
        cuts = other.ranges
        left: list[Range] = []
        j = 0
        for start, end in self.ranges:
            lo = start
            while j < len(cuts) and cuts[j][1] <= lo:
                j += 1
            while j < len(cuts) and cuts[j][0] < end:
                cut_lo, cut_hi = cuts[j]
                if lo < cut_lo:
                    left.append((lo, cut_lo))
                lo = cut_hi
                j += 1
            if lo < end:
                left.append((lo, end))
            j = max(j - 1, 0)  # the last cut may reach into the next range
        return Span(tuple(left))

    def __contains__(self, point: object) -> bool:
        """Whether `point` is one of the ints; a search by halves."""
        if not isinstance(point, int):
            return False
        at = bisect_right(self.ranges, point, key=lambda bounds: bounds[0])
        return at > 0 and point < self.ranges[at - 1][1]

    def __len__(self) -> int:
        """How many ints."""
        return sum(hi - lo for lo, hi in self.ranges)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.ranges)

    def __iter__(self) -> Iterator[int]:
        """The ints, ascending."""
        for lo, hi in self.ranges:
            yield from range(lo, hi)

    @property
    def first(self) -> int:
        """The least int; IndexError when empty."""
        return self.ranges[0][0]

    @property
    def last(self) -> int:
        """The greatest int; IndexError when empty."""
        return self.ranges[-1][1] - 1

    def shift(self, by: int) -> Span:
        """Every int moved by `by`."""
        return Span(tuple((lo + by, hi + by) for lo, hi in self.ranges))

    def pieces(self) -> Iterator[Span]:
        """Its stretches without a gap, ascending."""
        return (Span((bounds,)) for bounds in self.ranges)

    def split(self, count: int) -> tuple[Span, Span]:
        """The first `count` ints, and the rest."""
        room = count
        for at, (lo, hi) in enumerate(self.ranges):
            if room < hi - lo:
                head = Span.of(lo, lo + room)
                return (
                    Span(self.ranges[:at] + head.ranges),
                    Span(((lo + room, hi), *self.ranges[at + 1 :])),
                )
            room -= hi - lo
        return self, Span()


@dataclass(frozen=True, slots=True)
class Values:
    """A set of strings, kept sorted and without repeats.

    The bare constructor trusts its argument; make one with `of`.
    """

    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str]) -> Values:
        """The set of `names`, in any order, repeats allowed."""
        return cls(tuple(sorted(set(names))))

    def __or__(self, other: Axis) -> Values:
        """What is in either."""
        if not isinstance(other, Values):
            return NotImplemented
        return self if self.names == other.names else Values.of(self.names + other.names)

    def __and__(self, other: Axis) -> Values:
        """What is in both."""
        if not isinstance(other, Values):
            return NotImplemented
        others = frozenset(other.names)
        return Values(tuple(name for name in self.names if name in others))

    def __sub__(self, other: Axis) -> Values:
        """What is in this one and not in the other."""
        if not isinstance(other, Values):
            return NotImplemented
        others = frozenset(other.names)
        return Values(tuple(name for name in self.names if name not in others))

    def __contains__(self, name: object) -> bool:
        """Whether `name` is one of the strings; a search by halves."""
        at = bisect_left(self.names, name) if isinstance(name, str) else len(self.names)
        return at < len(self.names) and self.names[at] == name

    def __len__(self) -> int:
        """How many strings."""
        return len(self.names)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.names)

    def __iter__(self) -> Iterator[str]:
        """The strings, sorted."""
        return iter(self.names)

    @property
    def first(self) -> str:
        """The least string; IndexError when empty."""
        return self.names[0]

    @property
    def last(self) -> str:
        """The greatest string; IndexError when empty."""
        return self.names[-1]

    def pieces(self) -> Iterator[Values]:
        """Its strings one by one, sorted."""
        return (Values((name,)) for name in self.names)

    def split(self, count: int) -> tuple[Values, Values]:
        """The first `count` strings, and the rest."""
        return Values(self.names[:count]), Values(self.names[count:])


Axis: TypeAlias = Span | Values
