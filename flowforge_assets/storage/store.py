"""The seam between the engine and whatever holds the tables.

A write has three moments: `stage` (bytes are written, nobody sees them), the caller's checks on
`Staged.scan()`, then `commit` (one atomic act) or `discard`. A kill between any two leaves the
table as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.core.schema import Schema

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a store must know of a dataset.

    `comments` maps column names to their descriptions; `description` is the dataset's.
    """

    key: DatasetKey
    schema: Schema
    dimensions: tuple[Dimension, ...] = ()
    description: str = ""
    comments: Mapping[str, str] | None = None


class Staged(Protocol):
    """Rows that are written but not yet seen."""

    @property
    def rows(self) -> int:
        """How many rows are staged."""
        ...

    def scan(self) -> pl.LazyFrame:
        """The staged rows, all columns of the dataset in schema order."""
        ...


class Table(Protocol):
    """One dataset's table in a store; safe for use from several threads."""

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        ...

    @property
    def uri(self) -> str:
        """Where it is, without secrets."""
        ...

    def version(self) -> TableVersion | None:
        """The newest version, or None where no table is."""
        ...

    def columns(self) -> pl.Schema | None:
        """The columns of its rows, which may be more than the spec's; None where no table is."""
        ...

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The rows of `partitions` (None: all) at `version` (None: newest), in no promised order.

        Raises:
            StorageError: no table is there, or it cannot be read.
        """
        ...

    def stage(self, frame: pl.DataFrame | pl.LazyFrame) -> Staged:
        """Writes `frame`, whose schema must equal the spec's, where nobody reads it."""
        ...

    def commit(self, staged: Staged, *, replace: PartitionSet, made: Made) -> TableVersion:
        """Replaces the rows of `replace` by the staged ones and records `made`, in one act.

        `made.table` is ignored: the version that this commit makes is returned.
        A commit of the same `made.step_id` that is in the table already is not repeated.
        """
        ...

    def discard(self, staged: Staged) -> None:
        """Removes what `stage` wrote."""
        ...

    def made(self) -> Sequence[Made]:
        """What the table itself says was made: each partition once, by its last commit."""
        ...


class Store(Protocol):
    """The place of one environment's tables."""

    @property
    def uri(self) -> str:
        """Where it is, without secrets."""
        ...

    def table(self, spec: TableSpec) -> Table:
        """The table of `spec.key`; the same object for the same spec while the store lives."""
        ...
