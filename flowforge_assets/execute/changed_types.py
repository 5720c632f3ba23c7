"""Columns that came with another type than they have: their rows are set aside, none is cast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from flowforge_assets.core.conform import Difference, conform, differences
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Schema
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.execute.contract import Frame, fitting_schema
from flowforge_assets.quality.quarantine import BROKEN_RULES

CHANGED: Final = "_changed"
"""The column of the bad rows that holds, as JSON, values that came with another type."""


def set_apart(
    frame: Frame, dataset: DatasetDefinition, *, stored: Schema
) -> tuple[Frame, pl.DataFrame | None]:
    """The rows that the types of `stored` can hold, and the others; None where all can.

    Where a column came with another type, a row without a value in it stays if the column may be
    null. The others are set aside with null there and the value as text in `_changed`. A column
    that lacks, and one that the table is cut by, is for `fitted` to refuse. Costs nothing while
    the types are the same; else the frame is collected.
    """
    schema = fitting_schema(frame.collect_schema(), dataset, stored)
    changed = _changed(frame.collect_schema(), schema)
    if not changed or changed.keys() & {d.column for d in dataset.partitioning.dimensions}:
        return frame, None
    rows = frame.lazy().collect()
    nullable = {field.name for field in schema if field.nullable}
    is_off = {
        name: pl.col(name).is_not_null() if name in nullable else pl.lit(value=True)
        for name in changed
    }
    is_bad = pl.any_horizontal(is_off.values())
    texts = [
        pl.when(is_off[name]).then(pl.lit(f"type of {name}: {_said(schema, each)}"))
        for name, each in changed.items()
    ]
    promised = polars_schema(schema)
    nulls = [pl.lit(None, dtype=promised[name]).alias(name) for name in changed]
    found = rows.filter(is_bad).with_columns(
        pl.concat_list(texts).list.drop_nulls().alias(BROKEN_RULES),
        pl.struct(list(changed)).struct.json_encode().alias(CHANGED),
    )
    bad = found.with_columns(nulls)
    kept = [name for name in promised if name in bad.columns]
    fitted, _ = conform(bad.select(kept), schema)
    good = rows.filter(~is_bad).with_columns(nulls)
    return good, fitted.with_columns(found[BROKEN_RULES], found[CHANGED])


def _changed(found: pl.Schema, schema: Schema) -> Mapping[str, Difference]:
    """The columns that are there with another type."""
    return {
        each.column: each
        for each in differences(found, schema)
        if each.promised is not None and each.found is not None
    }


def _said(schema: Schema, each: Difference) -> str:
    """`float64 came as string`."""
    field = schema.find(each.column)
    return f"{field.type if field else each.promised} came as {(each.found or '').lower()}"
