"""Tables and artifacts as they were at one version, in the place of what they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.made import TableVersion
    from flowforge_assets.core.partition import PartitionSet
    from flowforge_assets.storage.external import ReadTable
    from flowforge_assets.storage.store import ArtifactFile, ReadFiles, TableSpec


@dataclass(frozen=True, slots=True, eq=False)
class PinnedTable:
    """A `table` of which one version alone is read, whatever comes later."""

    table: ReadTable
    pinned: TableVersion

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self.table.spec

    @property
    def uri(self) -> str:
        """Where it is, without secrets."""
        return self.table.uri

    def version(self) -> TableVersion:
        """The one version."""
        return self.pinned

    def columns(self) -> pl.Schema:
        """The columns of that version, as the dataset declares them."""
        return self.scan().collect_schema()

    def scan(
        self, partitions: PartitionSet | None = None, *, version: int | None = None
    ) -> pl.LazyFrame:
        """The rows of `partitions` (None: all) at the one version, unless another is named.

        Raises:
            StorageError: it is no longer kept, or cannot be read (FF-6xx).
        """
        wanted = self.pinned.version if version is None else version
        return self.table.scan(partitions, version=wanted)


@dataclass(frozen=True, slots=True, eq=False)
class PinnedFiles:
    """The files of an artifact, of which one version alone is read."""

    artifacts: ReadFiles
    pinned: TableVersion

    @property
    def spec(self) -> TableSpec:
        """The dataset it was opened for."""
        return self.artifacts.spec

    @property
    def uri(self) -> str:
        """Where it is, without secrets."""
        return self.artifacts.uri

    def version(self) -> TableVersion:
        """The one version."""
        return self.pinned

    def files(self, *, version: int | None = None) -> Mapping[str, ArtifactFile]:
        """Each partition's file at the one version, unless another is named."""
        wanted = self.pinned.version if version is None else version
        return self.artifacts.files(version=wanted)

    def file(self, partition: PartitionSet, *, version: int | None = None) -> ArtifactFile:
        """The file of one partition at the one version, held against its digest.

        Raises:
            StorageError: there is none, or it is damaged (FF-630, FF-631).
        """
        wanted = self.pinned.version if version is None else version
        return self.artifacts.file(partition, version=wanted)
