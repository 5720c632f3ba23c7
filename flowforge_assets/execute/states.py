"""The columns that the writer makes: since when a row holds, until when, and whether it does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import cast

import polars as pl

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema, polars_type
from flowforge_assets.core.schema import Plain, Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.run import EarlierStateError
from flowforge_assets.plan.state_time import time_of
from flowforge_assets.storage.row_match import free_name, marked, same_values


def stamped(
    frame: pl.LazyFrame, dataset: DatasetDefinition, schema: Schema, at: datetime
) -> pl.LazyFrame:
    """`frame` with the columns that the writer makes, in the order of `schema`: open since `at`."""
    values: dict[str, pl.Expr] = {}
    for column in dataset.columns:
        field = column.field
        match column.writer:
            case "valid_from":
                values[field.name] = _instant(at, dataset, field.name)
            case "valid_to":
                values[field.name] = pl.lit(None, dtype=polars_type(field.type))
            case "current":
                values[field.name] = pl.lit(value=True)
            case None:
                pass
    return frame.with_columns(**values).select(schema.names) if values else frame


def state_of(
    unit: PartitionSet, dataset: DatasetDefinition, now: datetime
) -> tuple[tuple[str, ...], tuple[tuple[object, ...], ...]]:
    """The columns that tell the state that a step brings from others, and its values in them.

    They are the time since which it holds, and what else the steps are cut by.
    """
    since = dataset.written_by("valid_from")
    assert since is not None  # noqa: S101 - the graph has checked it
    columns = [since]
    values: list[tuple[object, ...]] = [(_value(time_of(unit, now), dataset, since),)]
    for at, dimension in enumerate(unit.dimensions):
        if not dimension.is_time:
            columns.append(dimension.column)
            names = sorted({str(point[at]) for point in unit.points()})
            values = [(*value, name) for value in values for name in names]
    return tuple(columns), tuple(values)


def _instant(at: datetime, dataset: DatasetDefinition, column: str) -> pl.Expr:
    field = dataset.schema.find(column)
    assert field is not None  # noqa: S101 - it is one of its columns
    return pl.lit(_value(at, dataset, column), dtype=polars_type(field.type))


def _value(at: datetime, dataset: DatasetDefinition, column: str) -> date:
    """The time as the column holds it."""
    field = dataset.schema.find(column)
    assert field is not None  # noqa: S101 - it is one of its columns
    match field.type:
        case Plain("timestamp_ntz"):
            return at.astimezone(UTC).replace(tzinfo=None)
        case Plain("date"):
            return at.date()
        case _:
            return at.astimezone(UTC)


def next_states(
    new: pl.DataFrame,
    stored: pl.LazyFrame,
    dataset: DatasetDefinition,
    asset: AssetDefinition,
) -> pl.DataFrame:
    """The rows to write so that `new` holds from its time on: closed states and opened ones.

    `new` has one row a key, all since one time; `stored` is the table. A key whose row is as it
    was, and one that `new` lacks, stays as it is. Of a key whose open state began at the same
    time the state is replaced, not closed.

    Raises:
        EarlierStateError: an open state began after that time (FF-740).
    """
    keys = list(dataset.key_columns)
    since, until = dataset.written_by("valid_from"), dataset.written_by("valid_to")
    current = dataset.written_by("current")
    assert since is not None  # noqa: S101 - the graph has checked it
    assert until is not None  # noqa: S101 - as above
    if not new.height:
        return new
    at = new.get_column(since)[0]
    # only the keys are joined: values are compared where they lie, which costs far less
    place = free_name("place", new.columns)
    opened = (
        stored.filter(pl.col(until).is_null())
        .join(new.lazy().select(keys).with_row_index(place), on=keys, how="inner", nulls_equal=True)
        .collect()
    )
    _refuse_earlier(opened, since, at, asset)
    values = [c.field.name for c in dataset.columns if c.writer is None and not c.is_key]
    values += [name for name in new.columns if dataset.schema.find(name) is None]
    at_new = opened.get_column(place)
    is_same = same_values(opened, None, new, at_new, values)
    changed = new.filter(~marked(new.height, at_new.filter(is_same)))
    ending = opened.filter(~is_same & (opened.get_column(since) < at))
    closing = {until: pl.lit(at, dtype=polars_schema(dataset.schema)[until])}
    if current is not None:
        closing[current] = pl.lit(value=False)
    closed = ending.with_columns(**closing).select(new.columns)
    return pl.concat([closed, changed])


def _refuse_earlier(opened: pl.DataFrame, since: str, at: object, asset: AssetDefinition) -> None:
    newest = cast("datetime | None", opened.get_column(since).max())
    if newest is not None and newest > at:  # type: ignore[operator]  # of one column, so of one type
        message = f"`{asset.name}` brings states since {at}, and later ones are there already"
        hint = "states are taken in order of time: `flowforge run --rebuild` makes them all anew"
        raise EarlierStateError(message, place=asset.place, hint=hint)
