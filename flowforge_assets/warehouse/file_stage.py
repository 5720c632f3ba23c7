"""Rows as Parquet files in a bucket, from which a warehouse loads them by itself.

The files of one load lie in a folder whose name is that of the table they are for, so that what a
killed run has left tells whose it is. They are gone when the load has ended, well or not.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.storage import StorageError
from flowforge_assets.sdk.parquet_files import parquet_files
from flowforge_assets.sdk.warehouse import StagedFiles
from flowforge_assets.storage.failure import guarded
from flowforge_assets.storage.location import RemoteLocation, folder_at
from flowforge_assets.storage.remote_url import parse_remote_url
from flowforge_assets.storage.resolved import Resolved

if TYPE_CHECKING:
    import pyarrow as pa

    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.core.table_name import TableName
    from flowforge_assets.storage.folder import Folder

_TOP: Final = "flowforge_stage"
_MANIFEST: Final = "manifest"
_CREDENTIALS: Final = (
    *("access_key_id", "secret_access_key", "session_token"),
    *("account_key", "sas_token", "tenant_id", "client_id", "client_secret"),
)


class FileStage:
    """The folder of a bucket that `[env.NAME.warehouse]` names as `stage`."""

    def __init__(self, location: RemoteLocation) -> None:
        """Of a bucket that nobody has spoken to yet."""
        self._location = location

    @contextmanager
    def holding(
        self,
        key: DatasetKey,
        table: TableName,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
    ) -> Generator[StagedFiles]:
        """The rows as files, while in it; in the memory of a few batches.

        Raises:
            StorageError: the bucket cannot be written (FF-6xx).
        """
        folder = self._folder.below(".".join(table.parts))
        try:
            with guarded(key, self._location.url):
                files = self._written(folder, schema, batches)
            yield files
        finally:
            # What is left is in nobody's way, and swept later; the load itself is what counts.
            with suppress(StorageError), guarded(key, self._location.url):
                _empty(folder)

    def sweep(self, key: DatasetKey, is_left: Callable[[str], bool], *, is_dry: bool) -> int:
        """Removes the files of loads whose table's name `is_left` knows; gives how many.

        Raises:
            StorageError: the bucket cannot be asked or written (FF-6xx).
        """
        with guarded(key, self._location.url):
            top, count = self._folder, 0
            for name in top.names():
                if is_left(name.rpartition(".")[2]):
                    count += len(top.entries(name))
                    if not is_dry:
                        _empty(top.below(name))
            return count

    @property
    def _folder(self) -> Folder:
        folder = folder_at(self._location)
        assert folder is not None  # noqa: S101 - a remote place has one
        return folder.below(_TOP)

    def _written(
        self, folder: Folder, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> StagedFiles:
        _empty(folder)  # an earlier try of the same load
        sizes: dict[str, int] = {}
        count = 0
        with tempfile.TemporaryDirectory() as local:
            for file, rows in parquet_files(batches, schema, Path(local)):
                folder.upload(file, file.name)
                sizes[file.name] = file.stat().st_size
                count += rows
        store = Resolved.of(self._location)
        given = {name: store.text(name) for name in _CREDENTIALS}
        urls = {name: _address(folder.target(name), store) for name in sizes}
        entries = [
            {"url": urls[name], "mandatory": True, "meta": {"content_length": size}}
            for name, size in sizes.items()
        ]
        folder.create(_MANIFEST, json.dumps({"entries": entries}).encode())
        return StagedFiles(
            tuple(urls.values()),
            folder.target(_MANIFEST),
            count,
            {name: value for name, value in given.items() if value is not None},
        )


def _empty(folder: Folder) -> None:
    folder.remove([entry.path for entry in folder.entries()])


def _address(url: str, store: Resolved) -> str:
    """The URL as warehouses take it: that of a blob of Azure's begins with `https://`."""
    parts = parse_remote_url(url)
    if parts.kind != "azure":
        return url
    account = store.text("account") or parts.account
    return f"https://{account}.blob.core.windows.net/{parts.bucket}/{parts.prefix}"
