"""The artifacts of a store."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from flowforge_assets.storage.artifact import ArtifactFolder
from flowforge_assets.storage.location import table_names

if TYPE_CHECKING:
    from pathlib import Path

    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.storage.folder import Folder
    from flowforge_assets.storage.store import TableSpec


class ArtifactFolders:
    """The artifacts of a store, `layer/name` in one folder."""

    def __init__(self, folder: Folder, copies: Path) -> None:
        """In `folder`, which is made at the first write; `copies` are those of remote files."""
        self._folder = folder
        self._copies = copies
        self._known: dict[DatasetKey, ArtifactFolder] = {}
        self._lock = Lock()

    def of(self, spec: TableSpec) -> ArtifactFolder:
        """The artifact of `spec.key`; the same object for the same spec."""
        with self._lock:
            known = self._known.get(spec.key)
            if known is None or known.spec != spec:
                names = table_names(spec.key)
                copies = self._copies.joinpath(*names)
                known = ArtifactFolder(spec, self._folder.below(*names), copies)
                self._known[spec.key] = known
            return known
