"""Holds what an asset returns against what its dataset promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import polars as pl

from flowforge_assets.core.conform import conform
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, FormName
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.check import ReturnValueError
from flowforge_assets.errors.storage import SchemaChangeError
from flowforge_assets.execute.spec import with_extra
from flowforge_assets.graph.promise import promise_errors

Frame = pl.DataFrame | pl.LazyFrame


def returned_values(
    returned: object, asset: AssetDefinition, datasets: Mapping[DatasetKey, DatasetDefinition]
) -> tuple[object, ...]:
    """What the asset returned, one value an output.

    Raises:
        ReturnValueError: it makes several datasets and did not return as many values, or gave a
            row of a class that it does not make (FF-305).
    """
    if len(asset.makes) == 1:
        return (returned,)
    if asset.is_routed and isinstance(returned, Iterable):
        return _routed(cast("Iterable[object]", returned), asset, datasets)
    kind = _kind(returned)
    values = cast("tuple[object, ...]", returned) if isinstance(returned, tuple) else None
    if values is not None and len(values) == len(asset.makes):
        return values
    found = kind if values is None else f"{len(values)} values"
    message = f"`{asset.name}` returned {found}, and makes {len(asset.makes)} datasets"
    hint = f"return a tuple: {', '.join(output.dataset for output in asset.makes)}"
    raise ReturnValueError(message, place=asset.place, hint=hint)


def _routed(
    rows: Iterable[object],
    asset: AssetDefinition,
    datasets: Mapping[DatasetKey, DatasetDefinition],
) -> tuple[object, ...]:
    """The rows by their class, in the order of the outputs."""
    by_class: dict[type | None, list[object]] = {
        datasets[output.dataset].cls: [] for output in asset.makes
    }
    for row in rows:
        routed = by_class.get(type(row))
        if routed is None:
            shown = ", ".join(f"`{output.dataset}`" for output in asset.makes)
            message = f"`{asset.name}` gave a row of `{type(row).__name__}`, and makes {shown}"
            hint = "yield rows of the classes that its return annotation names"
            raise ReturnValueError(message, place=asset.place, hint=hint)
        routed.append(row)
    return tuple(by_class.values())


def as_frame(
    returned: object, form: FormName, dataset: DatasetDefinition, asset: AssetDefinition
) -> Frame:
    """What the asset returned, as a polars frame.

    Raises:
        ReturnValueError: it is something else than it promised (FF-305).
    """
    if form == "rows" and isinstance(returned, Iterable):
        return _from_rows(cast("Iterable[object]", returned), dataset, asset)
    if isinstance(returned, (pl.DataFrame, pl.LazyFrame)):
        return returned
    if form == "arrow" and hasattr(returned, "__arrow_c_stream__"):
        return pl.DataFrame(cast("Any", returned))  # polars names no type for what has this method
    message = f"`{asset.name}` returned {_kind(returned)}, not the rows of `{dataset.key}`"
    hint = "does a `return` lack?" if returned is None else "return a polars frame"
    raise ReturnValueError(message, place=asset.place, hint=hint)


def _kind(returned: object) -> str:
    return "None" if returned is None else f"`{type(returned).__name__}`"


def _from_rows(
    rows: Iterable[object], dataset: DatasetDefinition, asset: AssetDefinition
) -> pl.DataFrame:
    names = [
        (column.attribute, column.field.name) for column in dataset.columns if column.writer is None
    ]
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
    return pl.DataFrame(columns, schema=polars_schema(dataset.returned), strict=True)


def _plain(value: object) -> object:
    """A nested row as a dict, an enum member as its value."""
    if hasattr(type(value), "__flowforge__"):
        return {name: _plain(inner) for name, inner in value.__dict__.items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    return getattr(value, "value", value) if hasattr(type(value), "__members__") else value


def fitted(
    frame: Frame, dataset: DatasetDefinition, asset: AssetDefinition, *, stored: Schema
) -> tuple[Frame, Schema]:
    """The frame as its table stores it, with the schema that it has then.

    That schema is the dataset's without the columns that the writer makes. With `extra="keep"` it
    has the columns beyond it as well, those of the frame and those that the table has kept so far
    (`stored`).

    Raises:
        Problems: columns that lack, are not declared or have another type (FF-301 to FF-303).
        SchemaChangeError: a column that was kept has another type now (FF-611).
    """
    schema = fitting_schema(frame.collect_schema(), dataset, stored)
    if dataset.extra == "drop":
        beyond = [name for name in frame.collect_schema() if schema.find(name) is None]
        frame = frame.drop(beyond) if beyond else frame
    conformed: Frame
    if isinstance(frame, pl.LazyFrame):
        conformed, differences = conform(frame, schema)
    else:
        conformed, differences = conform(frame, schema)
    if differences:
        raise_all(promise_errors(frame.collect_schema(), dataset, asset))
        said = "; ".join(map(str, differences))
        message = f"columns that `{dataset.key}` keeps have other types now: {said}"
        hint = f'cast them as they were, or declare them: `{dataset.key}` says `extra="keep"`'
        raise SchemaChangeError(message, place=asset.place, hint=hint)
    return conformed, schema


def fitting_schema(found: pl.Schema, dataset: DatasetDefinition, stored: Schema) -> Schema:
    """What a frame with the columns `found` is held to, for a table that has `stored` so far.

    Those are the columns without the ones that the writer makes; with `extra="keep"` the frame's
    own come with them.
    """
    written = {c.field.name for c in dataset.columns if c.writer is not None}
    if written:
        stored = Schema(tuple(field for field in stored if field.name not in written))
    return with_extra(stored, found) if dataset.extra == "keep" else stored
