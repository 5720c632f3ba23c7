"""Holds what an asset returns against what its dataset promises."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from flowforge_assets.core.conform import conform
from flowforge_assets.core.polars_types import from_polars, polars_schema
from flowforge_assets.core.schema import Field, Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, FormName
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.check import ReturnValueError
from flowforge_assets.graph.promise import promise_errors

Frame = pl.DataFrame | pl.LazyFrame


def as_frame(
    returned: object, form: FormName, dataset: DatasetDefinition, asset: AssetDefinition
) -> Frame:
    """What the asset returned, as a polars frame.

    Raises:
        ReturnValueError: it is something else than it promised (FF-305).
    """
    if form == "rows" and isinstance(returned, Iterable):
        return _from_rows(returned, dataset, asset)
    if isinstance(returned, (pl.DataFrame, pl.LazyFrame)):
        return returned
    if form == "arrow" and hasattr(returned, "__arrow_c_stream__"):
        return pl.DataFrame(returned)
    kind = "None" if returned is None else f"`{type(returned).__name__}`"
    message = f"`{asset.name}` returned {kind}, not the rows of `{dataset.key}`"
    hint = "does a `return` lack?" if returned is None else "return a polars frame"
    raise ReturnValueError(message, place=asset.place, hint=hint)


def _from_rows(
    rows: Iterable[object], dataset: DatasetDefinition, asset: AssetDefinition
) -> pl.DataFrame:
    names = [(column.attribute, column.field.name) for column in dataset.columns]
    columns: dict[str, list[object]] = {name: [] for _, name in names}
    for row in rows:
        if type(row) is not dataset.cls:
            message = f"`{asset.name}` gave a row of `{type(row).__name__}`, not of `{dataset.key}`"
            raise ReturnValueError(
                message, place=asset.place, hint="yield rows of the promised class"
            )
        values = row.__dict__
        for attribute, name in names:
            columns[name].append(_plain(values[attribute]))
    return pl.DataFrame(columns, schema=polars_schema(dataset.schema), strict=True)


def _plain(value: object) -> object:
    """A nested row as a dict, an enum member as its value."""
    if hasattr(type(value), "__flowforge__"):
        return {name: _plain(inner) for name, inner in value.__dict__.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return getattr(value, "value", value) if hasattr(type(value), "__members__") else value


def fitted(
    frame: Frame, dataset: DatasetDefinition, asset: AssetDefinition
) -> tuple[Frame, Schema]:
    """The frame as its table stores it, with the schema that it has then.

    That schema is the dataset's, and with `extra="keep"` the columns beyond it, which may be null.

    Raises:
        Problems: columns that lack, are not declared or have another type (FF-301 to FF-303).
    """
    schema = dataset.schema
    if dataset.extra != "refuse":
        found = frame.collect_schema()
        beyond = [name for name in found.names() if schema.find(name) is None]
        if beyond and dataset.extra == "drop":
            frame = frame.drop(beyond)
        elif beyond:
            extra = from_polars(pl.Schema({name: found[name] for name in beyond}))
            kept = (Field(field.name, field.type, nullable=True) for field in extra)
            schema = Schema((*schema.fields, *kept))
    conformed, differences = conform(frame, schema)
    if differences:
        raise_all(promise_errors(frame.collect_schema(), dataset, asset))
    return conformed, schema
