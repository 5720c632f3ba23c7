"""Whether rows are those that the table has, whatever their order."""

from __future__ import annotations

from typing import Final

import polars as pl

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Schema
from flowforge_assets.errors.storage import DamagedDataError
from flowforge_assets.storage.failure import reading
from flowforge_assets.storage.store import Table

_SEEDS: Final = (7, 11)


def is_unchanged(
    rows: pl.DataFrame | pl.LazyFrame, schema: Schema, table: Table, replaced: PartitionSet
) -> bool:
    """Whether the partitions `replaced` of `table` hold just these rows, each as often.

    Rows are compared by the sums of two 64-bit hashes of each. Reads the stored rows once, and
    only where they are as many; a table with other columns is not read. Rows that are damaged are
    others.
    """
    if table.columns() != polars_schema(schema):
        return False
    try:
        with reading(table):
            stored = table.scan(replaced if replaced.dimensions else None)
            if _count(stored) != _count(rows.lazy()):
                return False
            there, new = pl.collect_all([_digest(stored, schema), _digest(rows.lazy(), schema)])
    except DamagedDataError:
        return False  # the step is about to replace them, which is what heals the table
    return there.equals(new)


def _count(rows: pl.LazyFrame) -> int:
    """How many rows there are, as the ends of files tell it."""
    return int(rows.select(pl.len()).collect().item())


def _digest(rows: pl.LazyFrame, schema: Schema) -> pl.LazyFrame:
    whole = pl.struct(schema.names)
    sums = [whole.hash(seed).sum().alias(str(seed)) for seed in _SEEDS]
    return rows.select(pl.len(), *sums)
