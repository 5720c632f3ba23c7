"""The declared partitions of a dataset, and what people ask for by text.

Partition sets are intervals and products, never lists of keys. The parts, which this module
re-exports: `Span` and `Values` are sets along one dimension, `Dimension` counts and names the
partitions of one column, `PartitionSet` is a set over all dimensions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from flowforge_assets.core.boxes import Box, Boxes, Point
from flowforge_assets.core.dimension import Dimension, Ordinal
from flowforge_assets.core.partition_set import WHOLE, PartitionSet
from flowforge_assets.core.partition_text import bare, escaped, render_box, shielded
from flowforge_assets.core.span import Axis, Range, Span, Values
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.project import (
    BadPartitioning,
    BadPartitionRange,
    NotPartitioned,
    UnknownDimension,
    UnknownPartition,
)

__all__ = [
    "UNPARTITIONED",
    "WHOLE",
    "Axis",
    "Box",
    "Boxes",
    "Dimension",
    "Extent",
    "Ordinal",
    "PartitionSet",
    "Partitioning",
    "Point",
    "Range",
    "Span",
    "StaticExtent",
    "TimeExtent",
    "Values",
]


@dataclass(frozen=True, slots=True)
class TimeExtent:
    """From the key `start` to the key `end`, both included; None: up to the last complete one."""

    start: str
    end: str | None = None


@dataclass(frozen=True, slots=True)
class StaticExtent:
    """The strings of a static dimension, in the order they were declared in."""

    values: tuple[str, ...]


Extent: TypeAlias = TimeExtent | StaticExtent


@dataclass(frozen=True, slots=True)
class Partitioning:
    """The declared partitions of a dataset: an extent along each dimension.

    Without dimensions it is that of an unpartitioned dataset, which has one partition: `WHOLE`.

    Raises:
        BadPartitioning: extents and dimensions do not fit, a column comes twice, an end is before
            its start, values are missing, empty or repeated (FF-836).
        BadPartitionKey: a start or end is no key of its dimension (FF-830).
    """

    dimensions: tuple[Dimension, ...]
    extents: tuple[Extent, ...]

    def __post_init__(self) -> None:
        """Refuses what contradicts itself."""
        if len(self.dimensions) != len(self.extents):
            msg = f"{len(self.dimensions)} dimensions have {len(self.extents)} extents"
            raise BadPartitioning(msg, hint="give each dimension its extent")
        for column, times in Counter(dim.column for dim in self.dimensions).items():
            if times > 1:
                msg = f"the column `{column}` is used by {times} dimensions"
                raise BadPartitioning(msg, hint="give each dimension a column of its own")
        for dimension, extent in zip(self.dimensions, self.extents, strict=True):
            _check_extent(dimension, extent)

    def all(self, now: datetime) -> PartitionSet:
        """All declared partitions; open ends reach to the last one that is over at `now` (aware).

        A declared end is taken at its word, even when it is after `now`.
        """
        if not self.dimensions:
            return WHOLE
        axes = (_axis(*each, now) for each in zip(self.dimensions, self.extents, strict=True))
        return PartitionSet(self.dimensions, (tuple(axes),))

    def parse(self, text: str, now: datetime) -> PartitionSet:
        """The declared partitions that `text` asks for.

        One dimension: `2013-01-01`, `2013-01-01..2013-12-31` (both ends included), `A..`, `..B`,
        and several of them with commas. More: `day=2013-01-01..2013-01-31;country=de,ch`, where
        a dimension left out means all of it; also a key (`2013-01-01|de`) and what
        `PartitionSet.render(None)` writes.

        Raises:
            BadPartitionKey: a key has not the form of its dimension (FF-830).
            UnknownPartition: a key is outside the declared set (FF-831).
            BadPartitionRange: the text cannot be read, or a range ends before it begins (FF-832).
            UnknownDimension: `name=` is no dimension (FF-833).
            NotPartitioned: the dataset has no partitions (FF-834).
        """
        declared = self.all(now)
        if not self.dimensions:
            if text.strip():
                msg = f"`{text}` asks for a partition of a dataset that has none"
                raise NotPartitioned(msg, hint="leave the partition out")
            return declared
        if not declared:
            msg = f"`{text}` is no partition yet: none of `{self._names()}` is over"
            raise UnknownPartition(msg, hint="wait for the first one to end, or declare an `end`")
        whole = declared.boxes[0]
        asked = (self._box(part, whole) for part in shielded(text).split(" + "))
        return PartitionSet(self.dimensions, tuple(asked))

    def _names(self) -> str:
        return ", ".join(dim.column for dim in self.dimensions)

    def _box(self, text: str, whole: Box) -> Box:
        columns = [dim.column for dim in self.dimensions]
        named = [part.partition("=") for part in text.split(";")]
        if len(columns) == 1 and bare(named[0][0].strip()) not in columns:
            return (_read_axis(self.dimensions[0], text, whole[0]),)
        if not named[0][1]:
            return self._box_by_position(text, whole)
        asked: dict[str, str] = {}
        for name, equals, rest in named:
            column = bare(name.strip())
            if column not in columns:
                msg = f"`{column}` is no dimension of these partitions: `{self._names()}`"
                raise UnknownDimension(msg, hint=did_you_mean(column, columns))
            if not equals or column in asked:
                msg = f"`{bare(text)}` says `{column}` without a value, or twice"
                raise BadPartitionRange(msg, hint=self._form())
            asked[column] = rest
        return tuple(
            _read_axis(dim, asked[dim.column], axis) if dim.column in asked else axis
            for dim, axis in zip(self.dimensions, whole, strict=True)
        )

    def _box_by_position(self, text: str, whole: Box) -> Box:
        parts = text.replace("|", " x ").split(" x ")
        if len(parts) != len(self.dimensions):
            msg = f"`{bare(text)}` does not say `{self._names()}`"
            raise BadPartitionRange(msg, hint=self._form())
        return tuple(map(_read_axis, self.dimensions, parts, whole))

    def _form(self) -> str:
        return f"write `{';'.join(f'{dim.column}=...' for dim in self.dimensions)}`"


UNPARTITIONED: Final = Partitioning((), ())


def _check_extent(dimension: Dimension, extent: Extent) -> None:
    if dimension.is_time != isinstance(extent, TimeExtent):
        msg = f"`{dimension.column}` of kind `{dimension.kind}` has the extent `{extent}`"
        raise BadPartitioning(msg, hint="give times a start, and static dimensions values")
    if isinstance(extent, TimeExtent):
        start = dimension.time_ordinal(extent.start)
        if extent.end is not None and dimension.time_ordinal(extent.end) < start:
            msg = f"`{dimension.column}` ends at `{extent.end}`, before its start `{extent.start}`"
            raise BadPartitioning(msg, hint="both ends are included: swap them, or leave out `end`")
        return
    if not extent.values:
        msg = f"`{dimension.column}` has no values"
        raise BadPartitioning(msg, hint="give it at least one")
    for value, times in Counter(extent.values).items():
        if times > 1 or not value:
            msg = f"`{dimension.column}` has the value `{value}`" + f" {times} times" * (times > 1)
            raise BadPartitioning(msg, hint="values are not empty and not repeated")


def _axis(dimension: Dimension, extent: Extent, now: datetime) -> Axis:
    if isinstance(extent, StaticExtent):
        return Values.of(extent.values)
    lo = dimension.time_ordinal(extent.start)
    if extent.end is not None:
        return Span.of(lo, dimension.time_ordinal(extent.end) + 1)
    return Span.of(lo, dimension.holding(now))


def _read_axis(dimension: Dimension, text: str, whole: Axis) -> Axis:
    wanted = [piece.strip() for piece in text.split(",")]
    if isinstance(whole, Values):
        for name in map(bare, wanted):
            if name not in whole:
                hint = did_you_mean(escaped(name), map(escaped, whole))
                raise _unknown(dimension, escaped(name), whole, hint=hint)
        return Values.of(map(bare, wanted))
    return Span.union(_read_range(dimension, bare(piece), whole) for piece in wanted)


def _read_range(dimension: Dimension, text: str, whole: Span) -> Range:
    first, dots, last = (part.strip() for part in text.partition(".."))
    lo = dimension.time_ordinal(first) if first or not dots else whole.first
    hi = dimension.time_ordinal(last) if last else whole.last if dots else lo
    if first and last and hi < lo:
        msg = f"the range `{text}` of `{dimension.column}` ends before it begins"
        raise BadPartitionRange(msg, hint=f"write `{last}..{first}`; both ends are included")
    for ordinal in (lo, hi):
        if ordinal not in whole:
            hint = "a partition is there when it is over" if ordinal > whole.last else None
            raise _unknown(dimension, dimension.key(ordinal), whole, hint=hint)
    return lo, hi + 1


def _unknown(dimension: Dimension, key: str, whole: Axis, *, hint: str | None) -> UnknownPartition:
    declared = render_box((dimension,), (whole,), limit=10)
    return UnknownPartition(f"`{key}` is outside `{dimension.column}`: `{declared}`", hint=hint)
