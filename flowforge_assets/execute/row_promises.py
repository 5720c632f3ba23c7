"""Refuses rows that are too few, or that no reader of partitions would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowforge_assets.errors.storage import StrayRowsError
from flowforge_assets.graph.fingerprint import SAMPLED
from flowforge_assets.quality.verdict import refuse_too_few
from flowforge_assets.storage.partition_values import nameless_rows

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
    from flowforge_assets.execute.scope import RunScope


def refuse_few(
    scope: RunScope,
    asset: AssetDefinition,
    dataset: DatasetDefinition,
    unit: PartitionSet,
    rows: int | None,
) -> None:
    """Passes as many rows as the dataset promises; of a sample one is enough. None is no rows.

    Raises:
        TooFewRowsError: there are fewer (FF-743).
    """
    is_part = scope.fingerprints[asset.id].config.endswith(SAMPLED)
    least = min(dataset.min_rows, 1) if is_part else dataset.min_rows
    if rows is not None:
        refuse_too_few(rows, dataset.key, min_rows=least, unit=unit, place=asset.place)


def refuse_nameless(
    rows: pl.DataFrame | pl.LazyFrame, asset: AssetDefinition, dataset: DatasetDefinition
) -> None:
    """Passes rows whose partitions have names; null is for the rules of the columns.

    What is overwritten must lie in the partitions of the step: that is looked at elsewhere.

    Raises:
        StrayRowsError: rows lie in no partition (FF-613).
    """
    dimensions = dataset.partitioning.dimensions
    if asset.write in {"overwrite", "view"} or not dimensions:
        return
    if found := nameless_rows(rows, dimensions):
        shown = ", ".join(f"`{dimension.column}`" for dimension in dimensions)
        count = "1 row" if found == 1 else f"{found:,} rows"
        message = f"{count} for `{dataset.key}` in no partition, by {shown}"
        hint = "a partition is a text that is not empty, or a time in the years 1000 to 9998"
        raise StrayRowsError(message, place=asset.place, hint=hint)
