"""A store of Delta tables."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from flowforge_assets.storage.artifact_folders import ArtifactFolders
from flowforge_assets.storage.delta import DeltaTable
from flowforge_assets.storage.location import table_names

if TYPE_CHECKING:
    from pathlib import Path

    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.artifact import ArtifactFolder
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.store import TableSpec


class DeltaStore:
    """Delta tables in one folder: `layer/name` for each dataset."""

    def __init__(self, folder: Folder, copies: Path) -> None:
        """The store in `folder`, which is made at the first write.

        Copies of artifacts of a remote store are kept in `copies`.
        """
        self._folder = folder
        self._tables: dict[DatasetKey, DeltaTable] = {}
        self._artifacts = ArtifactFolders(folder, copies)
        self._lock = RLock()

    @property
    def uri(self) -> str:
        """`file:///lake`."""
        return self._folder.uri

    def table(self, spec: TableSpec) -> DeltaTable:
        """The table of `spec.key`; the same object for the same spec while the store lives."""
        with self._lock:
            table = self._tables.get(spec.key)
            if table is None or table.spec != spec:
                table = DeltaTable(spec, self._folder.below(*table_names(spec.key)))
                self._tables[spec.key] = table
            return table

    def artifact(self, spec: TableSpec) -> ArtifactFolder:
        """The files of the artifact `spec.key`; the same object for the same spec."""
        return self._artifacts.of(spec)
