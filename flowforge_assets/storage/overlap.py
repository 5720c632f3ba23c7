"""Whether the rows of a file or frame lie in given partitions, told by the ends of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from flowforge_assets.core.partition import Ordinal, PartitionSet
from flowforge_assets.core.span import Axis, Span, Values
from flowforge_assets.storage.column_stats import column_ends

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.partition import Dimension

ColumnEnds: TypeAlias = tuple[date | datetime | str, date | datetime | str]
"""The least and the greatest value of a column."""


class Overlap(Enum):
    """How many of the rows lie in the partitions, as far as the ends of the columns tell."""

    NONE = "none"
    ALL = "all"
    UNKNOWN = "unknown"


def overlap(ends: Sequence[ColumnEnds | None], partitions: PartitionSet) -> Overlap:
    """How rows with such `ends` (a pair a dimension, None: not known) lie to `partitions`.

    The rows of a column without ends may be anywhere, and may be null.
    """
    if not partitions.dimensions:
        return Overlap.ALL if partitions else Overlap.NONE
    if any(pair is None for pair in ends):
        return Overlap.UNKNOWN
    axes = [
        _axis(dimension, pair)
        for dimension, pair in zip(partitions.dimensions, ends, strict=True)
        if pair is not None
    ]
    if any(axis is None for axis in axes):
        return Overlap.UNKNOWN
    reach = PartitionSet(partitions.dimensions, (tuple(axis for axis in axes if axis is not None),))
    if not reach & partitions:
        return Overlap.NONE
    return Overlap.UNKNOWN if reach - partitions else Overlap.ALL


def ends_of(frame: pl.DataFrame, dimensions: Sequence[Dimension]) -> list[ColumnEnds | None]:
    """The ends of the partition columns of `frame`; None where a value is null or none is there."""
    result: list[ColumnEnds | None] = []
    for dimension in dimensions:
        column = frame.get_column(dimension.column)
        ends = None if column.has_nulls() else column_ends(column)
        match ends:
            case ((date() | str() as least), (date() | str() as greatest)):
                result.append((least, greatest))
            case _:
                result.append(None)
    return result


def _axis(dimension: Dimension, ends: ColumnEnds) -> Axis | None:
    """The least stretch of the dimension that holds both ends and all between."""
    least, greatest = ends
    if isinstance(least, str) or isinstance(greatest, str):
        # between two names lie names without number
        return Values((str(least),)) if least == greatest and not dimension.is_time else None
    first, last = _ordinal(dimension, least), _ordinal(dimension, greatest)
    return Span.of(first, last + 1) if isinstance(first, int) and isinstance(last, int) else None


def _ordinal(dimension: Dimension, value: date | datetime) -> Ordinal:
    if isinstance(value, datetime) and value.tzinfo is None and dimension.kind != "hour":
        value = value.date()  # a wall-clock reading names its own day
    return dimension.of_value(value)
