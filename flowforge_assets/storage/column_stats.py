"""What a data file's columns reach from and to: readers skip files by it.

A statistic must never be too narrow, since a reader would then lose rows. So there are none for
floats (NaN has no place in an order), for booleans, binary and nested columns, for strings that
are long enough to have been cut off, and for dates that Python cannot hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from flowforge_assets.core.partition import Dimension
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.overlap import ColumnEnds

Value: TypeAlias = int | date | datetime | Decimal | str

_MOST_COLUMNS: Final = 32  # as Delta's own default, dataSkippingNumIndexedCols
_MOST_BYTES: Final = 32  # a footer may cut strings at 64


@dataclass(frozen=True, slots=True)
class ColumnStats:
    """How many values are null, and the ends of the others; None where they are not known."""

    nulls: int
    least: Value | None = None
    greatest: Value | None = None


FileStats: TypeAlias = Mapping[str, ColumnStats]


def frame_stats(frame: pl.DataFrame, dimensions: Sequence[Dimension]) -> FileStats:
    """The statistics of the first 32 columns of `frame` and of its partition columns."""
    names = dict.fromkeys([*frame.columns[:_MOST_COLUMNS], *(d.column for d in dimensions)])
    result: dict[str, ColumnStats] = {}
    for name in names:
        column = frame.get_column(name)
        if column.dtype.is_nested():
            continue
        ends = None if column.dtype.is_float() else column_ends(column)
        result[name] = ColumnStats(column.null_count(), *(ends or (None, None)))
    return result


def footer_stats(folder: Folder, path: str) -> FileStats:
    """The statistics that the footer of the Parquet file at `path` holds; reads no rows."""
    # pyarrow takes 100 ms to import, which a run of small files does not pay
    import pyarrow.parquet as pq

    with folder.open(path) as file:
        footer = pq.read_metadata(file)  # pyright: ignore[reportUnknownMemberType] - its stubs
    result: dict[str, ColumnStats] = {}
    for index in range(footer.num_columns):
        column = footer.schema.column(index)
        if column.max_repetition_level or column.path != column.name:
            continue  # within a list or a struct
        groups = (footer.row_group(group) for group in range(footer.num_row_groups))
        result[column.name] = _of_chunks([group.column(index).statistics for group in groups])
    return result


def delta_stats(rows: int, stats: FileStats, without: Iterable[str] = ()) -> str:
    """The statistics as the JSON text of a Delta add action; `without`: its partition columns.

    Numbers are written digit by digit, so that a decimal keeps all of its digits.
    """
    told = {name: column for name, column in stats.items() if name not in set(without)}
    least = _members((name, column.least) for name, column in told.items())
    greatest = _members((name, column.greatest) for name, column in told.items())
    nulls = _members((name, column.nulls) for name, column in told.items())
    return f'{{"numRecords":{rows},"minValues":{least},"maxValues":{greatest},"nullCount":{nulls}}}'


def ends_of_file(
    stats: FileStats, dimensions: Sequence[Dimension]
) -> tuple[ColumnEnds | None, ...]:
    """The ends of each partition column, None where a value may be null or is not known."""
    return tuple(_column_ends(stats.get(dimension.column)) for dimension in dimensions)


def _column_ends(stats: ColumnStats | None) -> ColumnEnds | None:
    if stats is None or stats.nulls:
        return None
    match stats.least, stats.greatest:
        case ((date() | str() as least), (date() | str() as greatest)):
            return least, greatest
        case _:
            return None


def column_ends(column: pl.Series) -> tuple[Value, Value] | None:
    """The least and the greatest value of `column`, nulls apart; None where they are not sure."""
    if not column.dtype.is_temporal():
        return _if_exact(column.min(), column.max())
    # polars panics when it makes a Python date of a year that Python's dates do not reach
    physical = column.cast(pl.Int64)
    least, greatest = physical.min(), physical.max()
    if not (isinstance(least, int) and isinstance(greatest, int)):
        return None
    try:
        return _moment(least, column.dtype), _moment(greatest, column.dtype)
    except OverflowError:
        return None


def _moment(number: int, dtype: pl.DataType) -> date | datetime:
    if isinstance(dtype, pl.Datetime):
        zone = UTC if dtype.time_zone else None
        return datetime(1970, 1, 1, tzinfo=zone) + timedelta(microseconds=number)
    return date(1970, 1, 1) + timedelta(days=number)


def _if_exact(least: object, greatest: object) -> tuple[Value, Value] | None:
    """The pair when both are of a kind that statistics are kept for."""
    if isinstance(least, str) and isinstance(greatest, str):
        if max(len(least.encode()), len(greatest.encode())) > _MOST_BYTES:
            return None
        return least, greatest
    if isinstance(least, bool) or isinstance(greatest, bool):
        return None
    if isinstance(least, int | date | Decimal) and isinstance(greatest, int | date | Decimal):
        return least, greatest
    return None


def _of_chunks(chunks: Sequence[Any]) -> ColumnStats:  # pyarrow has no types
    """The statistics of a column from those of its row groups."""
    nulls = 0
    pairs: list[tuple[Any, Any]] = []
    known = True
    for chunk in chunks:
        if chunk is None or not chunk.has_null_count:
            return ColumnStats(1)  # there may be one
        nulls += chunk.null_count
        if chunk.has_min_max:
            try:
                pair = _if_exact(chunk.min, chunk.max)
            except (OverflowError, ValueError):
                pair = None  # a year that Python's dates do not reach
            if pair is None:
                known = False
            else:
                pairs.append(pair)
        elif chunk.num_values:
            known = False
    if not known or not pairs:
        return ColumnStats(nulls)
    return ColumnStats(nulls, min(pair[0] for pair in pairs), max(pair[1] for pair in pairs))


def _members(values: Iterable[tuple[str, Value | None]]) -> str:
    members = (
        f"{json.dumps(name)}:{_literal(value)}" for name, value in values if value is not None
    )
    return f"{{{','.join(members)}}}"


def _literal(value: Value) -> str:
    match value:
        case datetime():
            if value.tzinfo is None:
                return f'"{value.isoformat(timespec="microseconds")}"'
            utc = value.astimezone(UTC).replace(tzinfo=None)
            return f'"{utc.isoformat(timespec="microseconds")}Z"'
        case date():
            return f'"{value.isoformat()}"'
        case Decimal():
            return format(value, "f")
        case int():
            return str(value)
        case str():
            return json.dumps(value)
