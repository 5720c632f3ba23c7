"""Which partitions a commit touches, as the store works it out where the caller does not say."""

from __future__ import annotations

from dataclasses import replace as replaced
from typing import TYPE_CHECKING

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.store import Everything

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.file_scan import StoredFiles
    from flowforge_assets.storage.store import TableSpec


def with_touched(
    made: Made,
    replace: PartitionSet | Everything,
    spec: TableSpec,
    *,
    staged: pl.LazyFrame,
    stored: pl.LazyFrame | None,
) -> Made:
    """`made` with what it touched: what it replaced, and where the rows lie that it adds."""
    if made.touched is not None:
        return made
    if isinstance(replace, PartitionSet):
        return telling(made, replace or partitions_of(staged, spec.dimensions))
    if not spec.dimensions:
        return telling(made, WHOLE)
    touched = partitions_of(staged, spec.dimensions)
    # of what is rebuilt step by step, partitions may stay empty that no step says to have made
    is_telling = not made.restart or spec.step_dimensions is not None
    if stored is not None and is_telling and _tells_partitions(stored, spec):
        touched |= partitions_of(stored, spec.dimensions)
    return telling(made, touched)


def touched_by(old: StoredFiles, now: StoredFiles, spec: TableSpec) -> PartitionSet:
    """The partitions that have rows in files which only one of the two versions has."""
    if not spec.dimensions:
        return WHOLE
    touched = PartitionSet.none(spec.dimensions)
    for one, other in ((old, now), (now, old)):
        known = {file.path for file in other.files}
        files = tuple(file for file in one.files if file.path not in known)
        rows = replaced(one, files=files).scan()
        if files and _tells_partitions(rows, spec):
            touched |= partitions_of(rows, spec.dimensions)
    return touched


def telling(made: Made, touched: PartitionSet) -> Made:
    """`made` that touched these, said in the shortest way."""
    shortest = None if touched == made.partitions else touched
    return made if shortest == made.touched else replaced(made, touched=shortest)


def _tells_partitions(stored: pl.LazyFrame, spec: TableSpec) -> bool:
    """Whether the rows have today's partition columns, and not those of an earlier declaration."""
    found, declared = stored.collect_schema(), polars_schema(spec.schema)
    return all(found.get(d.column) == declared[d.column] for d in spec.dimensions)
