"""Where the columns of a frame are not what its dataset promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.core.conform import Difference, differences
from flowforge_assets.core.sql_types import duckdb_type
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.base import FlowForgeError, did_you_mean
from flowforge_assets.errors.check import (
    ColumnTypeError,
    MissingColumnError,
    UndeclaredColumnError,
)

if TYPE_CHECKING:
    import polars as pl


def promise_errors(
    found: pl.Schema, dataset: DatasetDefinition, asset: AssetDefinition
) -> list[FlowForgeError]:
    """An error for each column that lacks, is not declared or has another type.

    With `extra="keep"` or `"drop"` columns beyond the declared ones are as promised.
    """
    errors: list[FlowForgeError] = []
    for difference in differences(found, asset.returns(dataset)):
        column = difference.column
        if column == asset.deletes:
            is_there = difference.found is not None
            what = f"`{column}` as {difference.found}" if is_there else f"no column `{column}`"
            message = (
                f"`{asset.name}` returns {what}, which marks rows of `{dataset.key}` to remove"
            )
            hint = (
                f'return it: true where a row is to go, `(pl.col("op") == "D").alias("{column}")`'
            )
            kind = ColumnTypeError if is_there else MissingColumnError
            errors.append(kind(message, place=asset.place, hint=hint))
        elif difference.found is None:
            message = f"`{asset.name}` returns no column `{column}`, which `{dataset.key}` declares"
            near = did_you_mean(
                column, [name for name in found.names() if not dataset.schema.find(name)]
            )
            hint = near or "add it, or declare it `col(optional=True)` where it may be absent"
            errors.append(MissingColumnError(message, place=asset.place, hint=hint))
        elif difference.promised is None:
            if dataset.extra != "refuse":
                continue
            message = f"`{asset.name}` returns the column `{column}`, unknown to `{dataset.key}`"
            near = did_you_mean(column, dataset.schema.names)
            hint = near or f'declare `{column}`, leave it out, or say `extra="drop"`'
            errors.append(UndeclaredColumnError(message, place=asset.place, hint=hint))
        else:
            message = (
                f"`{asset.name}` returns `{column}` as {difference.found}, "
                f"`{dataset.key}` declares {difference.promised}"
            )
            hint = f"{_cast(difference, dataset, asset)}, or declare its type"
            errors.append(ColumnTypeError(message, place=asset.place, hint=hint))
    return errors


def _cast(difference: Difference, dataset: DatasetDefinition, asset: AssetDefinition) -> str:
    """How to make the column what was promised."""
    column, promised = difference.column, difference.promised or ""
    field = dataset.schema.find(column)
    if asset.sql_path is not None and field is not None:
        return f"cast it: `CAST(... AS {duckdb_type(field.type)}) AS {column}`"
    if promised.startswith(("List", "Struct")):
        return f"make it {promised}"
    if promised.startswith("Datetime") and (difference.found or "").startswith("Datetime"):
        zone = '"UTC"' if "UTC" in promised else "None"
        return f"say its zone: `pl.col({column!r}).dt.replace_time_zone({zone})`"
    return f"cast it: `pl.col({column!r}).cast(pl.{promised})`"
