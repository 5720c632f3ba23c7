"""The rows of partitions as a filter on the columns that they are made by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import polars as pl

from flowforge_assets.core.schema import Plain
from flowforge_assets.core.span import Axis, Span
from flowforge_assets.errors.storage import StrayRowsError
from flowforge_assets.storage.overlap import Overlap, ends_of, overlap

if TYPE_CHECKING:
    from flowforge_assets.core.partition import Dimension, PartitionSet
    from flowforge_assets.core.schema import Schema
    from flowforge_assets.storage.store import TableSpec


def is_in(partitions: PartitionSet, schema: Schema) -> pl.Expr | None:
    """Whether a row is in one of `partitions`, never null; None when all rows are.

    Plain comparisons of the column with constants, so that a reader can skip files by them.
    A wall-clock timestamp is taken as a reading in the dimension's time zone (UTC for hours).
    """
    if not partitions.dimensions:
        return None if partitions.boxes else pl.lit(value=False)
    boxes = [_in_box(partitions.dimensions, box, schema) for box in partitions.boxes]
    if not boxes:
        return pl.lit(value=False)
    return _any(boxes).fill_null(value=False)


def refuse_strays(
    frame: pl.DataFrame | pl.LazyFrame, partitions: PartitionSet, spec: TableSpec
) -> None:
    """Passes when each row of `frame` is in one of `partitions`; costs one pass over the columns.

    Raises:
        StrayRowsError: rows lie outside, or have no value in a partition column (FF-613).
    """
    if isinstance(frame, pl.DataFrame) and (
        not frame.height
        or overlap(ends_of(frame, partitions.dimensions), partitions) is Overlap.ALL
    ):
        return
    inside = is_in(partitions, spec.schema)
    if inside is None:
        return
    strays: int = frame.lazy().select((~inside).sum()).collect().item()
    if strays:
        columns = ", ".join(f"`{dimension.column}`" for dimension in partitions.dimensions)
        raise StrayRowsError(
            f"{strays} rows for `{spec.key}` are in none of its partitions"
            f" `{partitions.render()}`, by {columns}",
            hint="filter the rows to the step's partitions, or correct the column",
        )


def bounds_of_values(dimension: Dimension, lo: int, hi: int, schema: Schema) -> tuple[date, date]:
    """The half-open range of column values that the ordinals `[lo, hi)` of time have."""
    field = schema.find(dimension.column)
    match field.type if field else None:
        case Plain("date"):
            return dimension.dates(lo, hi)
        case Plain("timestamp_ntz") if dimension.kind != "hour":
            first, end = dimension.dates(lo, hi)
            return datetime.combine(first, time()), datetime.combine(end, time())
        case Plain("timestamp_ntz"):
            start, end_instant = dimension.instants(lo, hi)
            return (
                start.astimezone(UTC).replace(tzinfo=None),
                end_instant.astimezone(UTC).replace(tzinfo=None),
            )
        case _:
            return dimension.instants(lo, hi)


def _in_box(dimensions: tuple[Dimension, ...], box: tuple[Axis, ...], schema: Schema) -> pl.Expr:
    result: pl.Expr | None = None
    for dimension, axis in zip(dimensions, box, strict=True):
        part = _in_axis(dimension, axis, schema)
        result = part if result is None else result & part
    return pl.lit(value=True) if result is None else result


def _in_axis(dimension: Dimension, axis: Axis, schema: Schema) -> pl.Expr:
    column = pl.col(dimension.column)
    if isinstance(axis, Span):
        ranges: list[pl.Expr] = []
        for lo, hi in axis.ranges:
            first, end = bounds_of_values(dimension, lo, hi, schema)
            ranges.append((column >= first) & (column < end))
        return _any(ranges)
    names = list(axis)
    return column == names[0] if len(names) == 1 else column.is_in(names)


def _any(parts: list[pl.Expr]) -> pl.Expr:
    result = parts[0]
    for part in parts[1:]:
        result = result | part
    return result
