"""Parquet tables and artifacts in any place that fsspec reaches."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import ClassVar, Literal

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from artifact_values import MODEL, commit, content
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.stores import UnsafeStoreError
from flowforge_assets.storage.location import RemoteLocation, open_store
from flowforge_assets.storage.store import Store
from flowforge_assets.storage.store_options import read_options
from storage_values import DAILY, day_rows, day_values, days, put


class ShelfFileSystem(MemoryFileSystem):
    """`shelf://HOST/PATH` is in memory; `careless` forgets conditions."""

    protocol = "shelf"
    store: ClassVar[dict[str, object]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    _making = Lock()

    def __init__(self, careless: bool = False, **rest: object) -> None:  # noqa: FBT001, FBT002 - as fsspec calls it
        super().__init__(**rest)
        self.careless = careless

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("shelf://").strip("/")

    def pipe_file(
        self, path: str, value: bytes, mode: Literal["overwrite", "create"] = "overwrite"
    ) -> None:
        with self._making:
            super().pipe_file(path, value, mode="overwrite" if self.careless else mode)


@pytest.fixture(autouse=True)
def _shelf() -> None:
    ShelfFileSystem.store.clear()
    fsspec.register_implementation("shelf", ShelfFileSystem, clobber=True)


def shelf(**options: object) -> Store:
    url = "shelf://host/lake"
    location = RemoteLocation(url, read_options(url, options))
    return open_store(location, format="parquet")


def test_a_table_is_written_and_read() -> None:
    table = shelf().table(DAILY)
    put(table, day_rows(0, 1, 2, n=1), days(0, 1, 2))
    put(table, day_rows(1, n=5).lazy(), days(1))
    assert day_values(table.scan()) == {0: 1, 1: 5, 2: 1}
    assert day_values(shelf().table(DAILY).scan(version=0)) == {0: 1, 1: 1, 2: 1}


def test_files_are_kept(tmp_path: Path) -> None:
    commit(shelf().artifact(MODEL), tmp_path, b"weights")
    assert content(shelf().artifact(MODEL)) == b"weights"


def test_a_place_that_writes_over_what_is_there_is_refused() -> None:
    with pytest.raises(UnsafeStoreError):
        put(shelf(careless=True).table(DAILY), day_rows(0), days(0))


def test_delta_is_refused() -> None:
    url = "shelf://host/lake"
    with pytest.raises(FlowForgeError):
        open_store(RemoteLocation(url, read_options(url, {})), format="delta")
