"""Whether rows are those that the table has, whatever their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Schema
from flowforge_assets.errors.storage import DamagedDataError
from flowforge_assets.storage.failure import reading
from flowforge_assets.storage.store import Table

_SEEDS: Final = (7, 11)
_FEW_ROWS: Final = 100_000  # below, a pass over all columns costs no more than one more scan


def is_unchanged(
    rows: pl.DataFrame | pl.LazyFrame, schema: Schema, table: Table, replaced: PartitionSet
) -> bool:
    """Whether the partitions `replaced` of `table` hold just these rows, each as often.

    Rows are compared by the sums of two 64-bit hashes of each. The stored rows are read whole only
    where they are as many and where the columns that are cheap to read say nothing else; a table
    with other columns is not read. Rows that are damaged are others.
    """
    types = polars_schema(schema)
    if table.columns() != types:
        return False
    try:
        with reading(table):
            stored, new = table.scan(replaced if replaced.dimensions else None), rows.lazy()
            count = _count(new)
            if _count(stored) != count:
                return False
            if count >= _FEW_ROWS:
                known = {dimension.column for dimension in replaced.dimensions}
                probes = _probes({name: types[name] for name in types if name not in known})
                if not all(_is_alike(stored, new, _columns(names)) for names in probes):
                    return False
            return _is_alike(stored, new, _rows(schema))
    except DamagedDataError:
        return False  # the step is about to replace them, which is what heals the table


def _count(rows: pl.LazyFrame) -> int:
    """How many rows there are, as the ends of files tell it."""
    return int(rows.select(pl.len()).collect().item())


def _probes(types: dict[str, pl.DataType]) -> list[list[str]]:
    """The columns that are read first, since rows that changed mostly differ in one of them.

    They are one at first, then all others of numbers and times: texts cost many times as much.
    """
    cheap = [name for name in types if types[name].is_numeric() or types[name].is_temporal()]
    return [names for names in (cheap[:1], cheap[1:]) if names]


def _columns(names: Sequence[str]) -> list[pl.Expr]:
    """What is the same of columns that hold the same values in any order."""
    return [pl.col(name).hash(_SEEDS[0]).sum() for name in names]


def _rows(schema: Schema) -> list[pl.Expr]:
    """What is the same of the same rows in any order."""
    whole = pl.struct(schema.names)
    return [whole.hash(seed).sum().alias(str(seed)) for seed in _SEEDS]


def _is_alike(stored: pl.LazyFrame, new: pl.LazyFrame, digest: Sequence[pl.Expr]) -> bool:
    there, here = pl.collect_all([stored.select(digest), new.select(digest)])
    return there.equals(here)
