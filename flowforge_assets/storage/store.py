"""The seam between the engine and whatever holds the tables.

A write has three moments: `stage` (bytes are written, nobody sees them), the caller's checks on
`Staged.scan()`, then `commit` (one atomic act) or `discard`. A kill between any two leaves the
table as it was. What is said without rows is one act: `record`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, runtime_checkable

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import Dimension, PartitionSet
from flowforge_assets.core.schema import Schema
from flowforge_assets.core.schema_change import SchemaChange
from flowforge_assets.storage.past import KeepsPast

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a store must know of a dataset.

    `comments` maps column names to their descriptions; `description` is the dataset's.
    `step_dimensions` are those of the steps that make it (None: as its own `dimensions`):
    `Made.partitions` is in those, `Made.touched` in its own. An artifact has no columns: its files
    end in `suffix`. `keeps_history` says that what it holds cannot all be made again,
    `is_external` that none of it can: someone else writes it. `renames` has names under which
    columns were stored before, newest first; `drops` the stored columns that may be lost.
    """

    key: DatasetKey
    schema: Schema
    dimensions: tuple[Dimension, ...] = ()
    description: str = ""
    comments: Mapping[str, str] | None = None
    step_dimensions: tuple[Dimension, ...] | None = None
    suffix: str = ""
    keeps_history: bool = False
    is_external: bool = False
    renames: tuple[tuple[str, tuple[str, ...]], ...] = ()
    drops: frozenset[str] = frozenset()

    @property
    def by_step(self) -> tuple[Dimension, ...]:
        """The dimensions of `Made.partitions`."""
        return self.dimensions if self.step_dimensions is None else self.step_dimensions


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Replaces the rows whose values in `columns` some staged row has too; nulls are equal.

    Rows that equal a staged row, each counted as often as it is there, stay as they are. Rows
    that have one of `values` in the columns are replaced though no staged row has it, and so are
    those that a row of `removing` names, which has the columns.

    With `latest` a staged row is taken only where no stored row that it matches has a greater
    value in that column, null being the least; else it is left out and those rows stay. The same
    holds for `removing`, which has that column as well then.

    `is_unique` says that no two staged rows have the same values in the columns: who commits has
    looked already, and it costs a pass over them.
    """

    columns: tuple[str, ...]
    values: tuple[tuple[object, ...], ...] = ()
    latest: str | None = None
    removing: pl.DataFrame | None = None
    is_unique: bool = False


@dataclass(frozen=True, slots=True)
class Everything:
    """Replaces all rows of the table, wherever they lie."""


Replace: TypeAlias = PartitionSet | Matching | Everything
"""Which rows a commit removes. An empty set removes none: the staged rows are added."""

NO_TABLE: Final = TableVersion("", -1)
"""The version of a table that is not there, as the base of a commit."""


@dataclass(frozen=True, slots=True)
class Known:
    """As the base of a commit: its steps as they are known to be made, by which versions.

    Others may have committed since, but no other run one of the same steps.
    """

    steps: tuple[tuple[PartitionSet, TableVersion], ...] = ()


Base: TypeAlias = TableVersion | Known
"""What a commit was worked out from: the version that is to be the newest still, or the steps."""


class Staged(Protocol):
    """Rows that are written but not yet seen."""

    @property
    def rows(self) -> int:
        """How many rows are staged."""
        ...

    def scan(self) -> pl.LazyFrame:
        """The staged rows, all columns of the dataset in schema order."""
        ...


class Table(KeepsPast, Protocol):
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

    def commit(
        self, staged: Staged, *, replace: Replace, made: Made, base: Base | None = None
    ) -> Made:
        """Puts the staged rows in the place of others and records `made`, in one act.

        Gives `made` with the version that this commit makes and with what it touched: as
        `made.touched` says, else the rows replaced and added; of `Matching` always only the rows
        that are others now. With a set that is not empty, all staged rows must lie in it.
        A commit of the same `made.step_id` that is in the table already is not repeated.

        Raises:
            BaseMovedError: the newest version is not `base`, or another run has made a step since
                (FF-621).
        """
        ...

    def record(self, made: Made, *, base: TableVersion | None = None) -> Made:
        """Records `made` as it is and changes no row; makes an empty table where none is.

        What it touched is for the caller to say: an output that is as it was touches nothing, a
        view what its inputs did. A step is not recorded twice, as with `commit`.

        Raises:
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        ...

    def discard(self, staged: Staged) -> None:
        """Removes what `stage` wrote."""
        ...

    def made(self) -> Sequence[Made]:
        """What the table itself says was made, oldest first; see `storage.latest`."""
        ...

    def schema_history(self) -> Sequence[SchemaChange]:
        """The columns that it had, oldest first, as far back as its log goes."""
        ...


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """One file of an artifact: where it lies, its SHA-256 in hex, and since which version.

    `path` is where it is read: itself, or the copy of one that lies elsewhere.
    """

    uri: str
    path: Path
    digest: str
    size_bytes: int
    version: int


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A copy of a file that nobody sees yet; `digest` is its SHA-256 in hex."""

    name: str
    digest: str
    size_bytes: int


class ReadFiles(Protocol):
    """What can be read of an artifact, whoever makes it.

    A partition is given as the set that holds it alone.
    """

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        ...

    @property
    def uri(self) -> str:
        """Where it is, without secrets."""
        ...

    def version(self) -> TableVersion | None:
        """The newest version, or None before the first commit."""
        ...

    def files(self, *, version: int | None = None) -> Mapping[str, ArtifactFile]:
        """Each partition's file by the partition's key, in order; the files are not looked at.

        Raises:
            NoVersionError: there is no such version, or it is no longer kept (FF-603).
        """
        ...

    def file(self, partition: PartitionSet, *, version: int | None = None) -> ArtifactFile:
        """The file of one partition, held against its digest: it is read once.

        Raises:
            NoFileError: the partition has none (FF-630).
            DamagedFileError: it is gone, or holds something else (FF-631).
        """
        ...


@runtime_checkable
class KeepsViews(Protocol):
    """A table whose place keeps views, too: the rows of one are read there."""

    keeps_views: bool


class Artifacts(ReadFiles, KeepsPast, Protocol):
    """The files of one artifact in a store, one a partition; safe between threads and processes."""

    def stage(self, path: Path) -> StagedFile:
        """Copies the file at `path` to where nobody reads it."""
        ...

    def commit(
        self,
        staged: Mapping[PartitionSet, StagedFile],
        *,
        made: Made,
        base: TableVersion | None = None,
    ) -> Made:
        """Makes each staged file the one of its partition and records `made`, in one act.

        Gives `made` with the version that this commit makes; it touched, unless it says so
        itself, the partitions whose content is another now. Without files nothing changes but the
        record. A step is not committed twice, as with tables.

        Raises:
            BaseMovedError: the newest version is not `base` (FF-621).
        """
        ...

    def discard(self, staged: StagedFile) -> None:
        """Removes what `stage` wrote."""
        ...

    def made(self) -> Sequence[Made]:
        """What the artifact itself says was made, oldest first; see `storage.latest`."""
        ...


class Store(Protocol):
    """The place of one environment's tables and artifacts."""

    @property
    def uri(self) -> str:
        """Where it is, without secrets."""
        ...

    def table(self, spec: TableSpec) -> Table:
        """The table of `spec.key`; the same object for the same spec while the store lives."""
        ...

    def artifact(self, spec: TableSpec) -> Artifacts:
        """The files of the artifact `spec.key`; the same object for the same spec."""
        ...
