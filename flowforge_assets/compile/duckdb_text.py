"""Pieces of queries in DuckDB's SQL, which are emitted as those that people write are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from flowforge_assets.core.dimension import Dimension
from flowforge_assets.core.partition import Axis, PartitionSet, Span
from flowforge_assets.core.schema import Plain
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.errors.sql_script import ColumnNotHeldError
from flowforge_assets.sql.reference import quoted
from flowforge_assets.storage.partition_rows import bounds_of_values

_MOST_DIGITS: Final = 38


def literal(value: object) -> str:
    """A value as a constant; an instant as its reading in UTC."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case datetime():
            return f"TIMESTAMP '{value.replace(tzinfo=None).isoformat(sep=' ')}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case float() | Decimal():
            plain = format(Decimal(str(value)), "f")
            return plain if len(plain) <= _MOST_DIGITS else f"CAST('{value!r}' AS DOUBLE)"
        case str():
            escaped = value.replace("'", "''")
            return f"'{escaped}'"
        case _:
            return str(value)


def partition_condition(wanted: PartitionSet, dataset: DatasetDefinition, table: str = "") -> str:
    """Whether a row is in one of the partitions; `table` stands before each column.

    Raises:
        ColumnNotHeldError: they are cut by an instant, which no portable query knows (FF-475).
    """
    if not wanted:
        return "FALSE"
    boxes = [
        " AND ".join(
            _in_axis(dimension, axis, dataset, table)
            for dimension, axis in zip(wanted.dimensions, box, strict=True)
        )
        for box in wanted.boxes
    ]
    boxes = [box or "TRUE" for box in boxes]
    return boxes[0] if len(boxes) == 1 else " OR ".join(f"({box})" for box in boxes)


def partition_value(dimension: Dimension, dataset: DatasetDefinition, table: str) -> str:
    """What tells the partitions of a dimension apart."""
    column = _column(dimension, dataset, table)
    if not dimension.is_time or (dimension.kind == "day" and _type(dimension, dataset) == "date"):
        return column
    return f"date_trunc('{dimension.kind}', {column})"


def _in_axis(dimension: Dimension, axis: Axis, dataset: DatasetDefinition, table: str) -> str:
    column = _column(dimension, dataset, table)
    if not isinstance(axis, Span):
        return f"{column} IN ({', '.join(literal(each) for each in axis)})"
    ranges: list[str] = []
    for lo, hi in axis.ranges:
        first, end = bounds_of_values(dimension, lo, hi, dataset.schema)
        ranges.append(f"{column} >= {literal(first)} AND {column} < {literal(end)}")
    return ranges[0] if len(ranges) == 1 else f"({' OR '.join(f'({each})' for each in ranges)})"


def _type(dimension: Dimension, dataset: DatasetDefinition) -> str:
    field = dataset.schema.find(dimension.column)
    return "" if field is None else str(field.type)


def _column(dimension: Dimension, dataset: DatasetDefinition, table: str) -> str:
    if _type(dimension, dataset) == str(Plain("timestamp")):
        message = f"`{dataset.key}` is cut by `{dimension.column}`, an instant"
        hint = "let the column be a `datetime` with `tz=None`, or a date"
        raise ColumnNotHeldError(message, place=dataset.place, hint=hint)
    before = f"{quoted(table)}." if table else ""
    return f"{before}{quoted(dimension.column)}"
