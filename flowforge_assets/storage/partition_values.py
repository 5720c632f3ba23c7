"""Which partitions rows lie in, told by the values of their partition columns."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING, Final

import polars as pl

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.span import Axis, Span, Values

if TYPE_CHECKING:
    from flowforge_assets.core.partition import Dimension

# The first and last years whose partitions have keys.
_YEARS: Final = (1000, 9998)
_US_AN_HOUR: Final = 3_600_000_000
_TO_MONDAY_DAYS: Final = 3
# Clocks change at multiples of it: all instants of one stretch are in one day.
_STRETCH: Final = "15m"


def partitions_of(
    rows: pl.DataFrame | pl.LazyFrame, dimensions: tuple[Dimension, ...]
) -> PartitionSet:
    """The partitions that have at least one of `rows`; costs one pass over their columns.

    Rows that no partition key can name are passed over: those without a value, and those in
    years that have no keys.
    """
    if not dimensions:
        is_empty = rows.lazy().head(1).collect().is_empty()
        return PartitionSet.none(()) if is_empty else WHOLE
    schema = rows.collect_schema()
    found = (
        rows.lazy()
        .select(_usable(dimension, schema[dimension.column]) for dimension in dimensions)
        .drop_nulls()
        .unique()
        .collect()
    )
    for dimension in dimensions:
        if dimension.is_time and not found.get_column(dimension.column).dtype.is_integer():
            found = found.with_columns(_counted(dimension, found.get_column(dimension.column)))
    return _as_set(found.unique(), dimensions)


def nameless_rows(rows: pl.DataFrame | pl.LazyFrame, dimensions: tuple[Dimension, ...]) -> int:
    """How many of `rows` have values that no partition key can name: an empty text, a far year.

    Nulls are not counted. Costs one pass over the columns.
    """
    schema = rows.collect_schema()
    nameless = (
        pl.col(each.column).is_not_null() & _usable(each, schema[each.column]).is_null()
        for each in dimensions
    )
    found: int = rows.lazy().select(pl.any_horizontal(nameless).sum()).collect().item()
    return found


def _usable(dimension: Dimension, dtype: pl.DataType) -> pl.Expr:
    """The ordinal of each row's partition, or where that needs a calendar the value's stretch."""
    column = pl.col(dimension.column)
    if not dimension.is_time:
        return pl.when(column != "").then(column).alias(dimension.column)
    named = pl.when(column.dt.year().is_between(*_YEARS))
    if isinstance(dtype, pl.Datetime) and dimension.kind == "hour":
        ordinal = column.to_physical() // _US_AN_HOUR
    elif isinstance(dtype, pl.Datetime) and dtype.time_zone and dimension.tz != "UTC":
        return named.then(column.dt.truncate(_STRETCH)).alias(dimension.column)
    else:
        ordinal = _of_date(dimension, column.dt.date())
    return named.then(ordinal.cast(pl.Int64)).alias(dimension.column)


def _of_date(dimension: Dimension, day: pl.Expr) -> pl.Expr:
    match dimension.kind:
        case "month":
            return day.dt.year() * 12 + day.dt.month() - 1
        case "week":
            return (day.to_physical() + _TO_MONDAY_DAYS) // 7
        case _:
            return day.to_physical()


def _counted(dimension: Dimension, instants: pl.Series) -> pl.Series:
    """The ordinals of instants, by the dimension's own calendar."""
    ordinals = [dimension.holding(instant.astimezone(UTC)) for instant in instants]
    return pl.Series(dimension.column, ordinals, dtype=pl.Int64)


def _as_set(points: pl.DataFrame, dimensions: tuple[Dimension, ...]) -> PartitionSet:
    firsts: defaultdict[tuple[int | str, ...], list[int | str]] = defaultdict(list)
    for first, *rest in points.iter_rows():
        firsts[tuple(rest)].append(first)
    boxes = (
        (
            _axis(dimensions[0], column),
            *(_axis(d, [at]) for d, at in zip(dimensions[1:], rest, strict=True)),
        )
        for rest, column in firsts.items()
    )
    return PartitionSet(dimensions, tuple(boxes))


def _axis(dimension: Dimension, ordinals: list[int | str]) -> Axis:
    if dimension.is_time:
        return Span.points(each for each in ordinals if isinstance(each, int))
    return Values.of(each for each in ordinals if isinstance(each, str))
