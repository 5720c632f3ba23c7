"""A folder of a place that fsspec alone reaches: engines read and write copies of its files.

A data file never changes under its name, so a copy is right for as long as it is there.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem

from flowforge_assets.errors.stores import UnsafeStoreError
from flowforge_assets.storage.folder_remote import RemoteFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, repr=False)
class FilesFolder(RemoteFolder):
    """A remote folder whose files are copied to be read; copies go with the process."""

    @property
    def is_for_engines(self) -> bool:
        """False."""
        return False

    @property
    def polars_options(self) -> Mapping[str, Any]:
        """None are needed for copies."""
        return {}

    def refuse_unsafe(self) -> None:
        """Passes a place whose client makes a file and refuses another in one act.

        Raises:
            UnsafeStoreError: it looks first and writes then, or writes over it (FF-648).
        """
        # fsspec's own looks whether a file is there, and writes it then
        if type(self.place.files).pipe_file is AbstractFileSystem.pipe_file:
            message = f"the client of `{self.place.url}` cannot make a file only where none is"
            hint = "use a store that honours conditional writes: see docs/guide/stores.md"
            raise UnsafeStoreError(message, hint=hint)
        super(FilesFolder, self).refuse_unsafe()

    def create(self, path: str, content: bytes) -> bool:
        """Makes a file in the way in which the place makes files that must not be there."""
        self._make_folder(path)
        return super(FilesFolder, self).create(path, content)

    def upload(self, source: Path, path: str) -> None:
        """Copies a local file into it."""
        self._make_folder(path)
        super(FilesFolder, self).upload(source, path)

    def _make_folder(self, path: str) -> None:
        """Makes the folders above a file, which some places ask for."""
        self.place.files.makedirs(f"{self.root}/{path}".rpartition("/")[0], exist_ok=True)

    def target(self, path: str = "") -> str:
        """The path of the copy of a file, which is made when it is first asked for.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if not path:
            return self.url
        copy = self.place.copies() / self.root.strip("/") / path
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            half = copy.with_name(f".{uuid.uuid4().hex}.tmp")
            try:
                self.fetch(path, half)
                half.replace(copy)
            finally:
                half.unlink(missing_ok=True)
        return str(copy)
