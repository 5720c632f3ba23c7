"""The rows of partitions as a condition in a warehouse's SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from flowforge_assets.core.schema import Plain
from flowforge_assets.core.span import Axis, Span
from flowforge_assets.sql.portable.statements.statements import TableColumn
from flowforge_assets.sql.portable.types import DATE, TIMESTAMP
from flowforge_assets.storage.partition_rows import bounds_of_values

if TYPE_CHECKING:
    from flowforge_assets.core.partition import Dimension, PartitionSet
    from flowforge_assets.core.schema import Schema
    from flowforge_assets.sql.portable.statements.statements import Statements


def rows_in(partitions: PartitionSet, schema: Schema, statements: Statements) -> str:
    """The condition that a row is in one of `partitions`; empty where all rows are."""
    if not partitions.dimensions:
        return "" if partitions.boxes else "1 = 0"
    boxes = [
        _all(
            [
                _in_axis(dimension, axis, schema, statements)
                for dimension, axis in zip(partitions.dimensions, box, strict=True)
            ]
        )
        for box in partitions.boxes
    ]
    return _any(boxes) if boxes else "1 = 0"


def _in_axis(dimension: Dimension, axis: Axis, schema: Schema, statements: Statements) -> str:
    column = statements.name(dimension.column)
    if isinstance(axis, Span):
        ranges: list[str] = []
        for lo, hi in axis.ranges:
            first, end = bounds_of_values(dimension, lo, hi, schema)
            start, stop = (_constant(each, dimension, schema, statements) for each in (first, end))
            ranges.append(f"({column} >= {start} AND {column} < {stop})")
        return _any(ranges)
    names = ", ".join(statements.text(name) for name in axis)
    return f"{column} IN ({names})"


def _constant(
    value: date | datetime, dimension: Dimension, schema: Schema, statements: Statements
) -> str:
    field = schema.find(dimension.column)
    if isinstance(value, datetime):
        if field is not None and field.type == Plain("timestamp"):
            return statements.moment(value.astimezone(UTC).isoformat(sep=" "))
        spelled = statements.type(TableColumn("", TIMESTAMP))
        return f"CAST('{value.isoformat(sep=' ')}' AS {spelled})"
    return f"CAST('{value.isoformat()}' AS {statements.type(TableColumn('', DATE))})"


def _all(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


def _any(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"
