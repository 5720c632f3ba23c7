"""What changed between two versions of a table: rows that came and rows that went, counted.

The rows of two versions are bags. Their difference is worked out from the data files that differ:
a file that both versions name changes nothing, and is not read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import polars as pl

from flowforge_assets.core.schema_diff import renamed
from flowforge_assets.errors.incremental import ChangesLostError
from flowforge_assets.errors.storage import NoVersionError, SchemaChangeError
from flowforge_assets.storage.evolution import is_read_as_it_is, refuse_change
from flowforge_assets.storage.file_scan import StoredFiles, scan_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.external import ReadTable
    from flowforge_assets.storage.store import TableSpec


@runtime_checkable
class TellsChanges(Protocol):
    """A table that knows which files differ between two of its versions."""

    def changes(self, since: int, until: int, partitions: PartitionSet | None) -> pl.LazyFrame:
        """As `changes_of`, at a cost about the files that differ."""
        ...


@runtime_checkable
class TellsOthers(Protocol):
    """A table that other programs may write, too, and that knows when they did."""

    def is_changed_by_others(self, since: int, until: int) -> bool:
        """Whether a program that keeps no record may have changed rows after `since`.

        And by version `until`. What is not known any more counts as changed.
        """
        ...


COUNT: Final = "_flowforge_change"
"""How many more of a row there are: below zero where there are fewer."""


def counted(came: pl.LazyFrame, went: pl.LazyFrame | None = None) -> pl.LazyFrame:
    """The rows of `came` that are not in `went`, and the other way round, with their `COUNT`.

    Both have the same columns; nulls are equal, and so is what is not a number. Without `went`
    nothing is compared, and a row may stand there several times. Holds as many rows in memory as
    are compared.
    """
    plus = came.with_columns(pl.lit(1, pl.Int64).alias(COUNT))
    if went is None:
        return plus
    minus = went.with_columns(pl.lit(-1, pl.Int64).alias(COUNT))
    names = came.collect_schema().names()
    sums = pl.concat([plus, minus]).group_by(names).agg(pl.col(COUNT).sum())
    return sums.filter(pl.col(COUNT) != 0)


def changes_of(
    table: ReadTable, since: int, until: int, partitions: PartitionSet | None
) -> pl.LazyFrame:
    """The rows of `partitions` (None: all) that came and went between two versions of `table`.

    Raises:
        ChangesLostError: one of them is no longer kept, or they cannot be compared (FF-642).
    """
    try:
        if isinstance(table, TellsChanges):
            return table.changes(since, until, partitions)
        return scanned_changes(table, since, until, partitions)
    except NoVersionError as error:
        message = f"what changed in `{table.spec.key}` since version {since} cannot be told"
        raise ChangesLostError(f"{message}: {error.message}") from error


def scanned_changes(
    table: ReadTable, since: int, until: int, partitions: PartitionSet | None
) -> pl.LazyFrame:
    """The same by reading both versions whole."""
    came, went = (table.scan(partitions, version=version) for version in (until, since))
    return counted(came, went)


def changes_of_files(
    before: StoredFiles, after: StoredFiles, spec: TableSpec, partitions: PartitionSet | None
) -> pl.LazyFrame:
    """The same of two lists of files, of which only those are read that differ.

    Raises:
        ChangesLostError: a file that is named no longer is gone, or its columns were others that
            cannot be compared (FF-642).
    """
    kept = {file.path for file in before.files} & {file.path for file in after.files}
    came = [file for file in after.files if file.path not in kept]
    went = [file for file in before.files if file.path not in kept]
    rows = scan_files(came, after.layout, after.stored, partitions=partitions, spec=spec)
    if not went:
        return counted(rows)
    refuse_swept(went, before, spec)
    then = spec_then(before.stored, spec)
    gone = scan_files(went, before.layout, before.stored, partitions=partitions, spec=then)
    return counted(rows, gone)


def spec_then(stored: pl.Schema, spec: TableSpec) -> TableSpec:
    """`spec` as rows of an older version, stored as `stored`, can be read to be compared.

    What is no longer declared is left out of them: rows are compared by the columns that are.

    Raises:
        ChangesLostError: they cannot be compared exactly (FF-642).
    """
    if is_read_as_it_is(stored, spec):
        return spec
    goes_on = renamed(stored, spec.schema, dict(spec.renames))
    declared = spec.schema.names
    dropped = [name for name in stored if name not in {*declared, *goes_on.values()}]
    new = [name for name in declared if name not in stored and name not in goes_on]
    message = f"what changed in `{spec.key}` cannot be told: its columns were others"
    if new and not spec.drops.issuperset(dropped):  # they may have been called so in between
        had, has = (", ".join(f"`{name}`" for name in names) for names in (dropped, new))
        raise ChangesLostError(f"{message}, with {had} and without {has}")
    then = replace(spec, drops=frozenset(dropped))
    try:
        refuse_change(stored, then)
    except SchemaChangeError as error:
        raise ChangesLostError(message) from error
    return then


def refuse_swept(files: Sequence[DataFile], stored: StoredFiles, spec: TableSpec) -> None:
    """Passes when files that the newest version need not name are there still; a look at each.

    Raises:
        ChangesLostError: one is gone (FF-642).
    """
    for file in files:
        if stored.layout.folder.entry(file.path) is None:
            message = f"what changed in `{spec.key}` cannot be told: rows of then were swept away"
            raise ChangesLostError(message)


def rows_that_came(changes: pl.LazyFrame) -> pl.LazyFrame:
    """Each row as often as there are more of it."""
    more = changes.filter(pl.col(COUNT) > 0)
    each = more.with_columns(pl.int_ranges(0, pl.col(COUNT)).alias(COUNT)).explode(COUNT)
    return each.drop(COUNT)


def rows_that_went(
    changes: pl.LazyFrame, came: pl.LazyFrame, identity: Sequence[str]
) -> pl.LazyFrame:
    """One row for each identity of which rows went and none came; it has its last values."""
    fewer = changes.filter(pl.col(COUNT) < 0).drop(COUNT)
    gone = fewer.join(came.select(identity), on=identity, how="anti", nulls_equal=True)
    return gone.unique(identity, keep="any")
