"""Parquet tables and artifacts in any place that fsspec reaches."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Literal

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from artifact_values import MODEL, commit, content
from flowforge_assets.core.partition import WHOLE
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.stores import UnsafeStoreError
from flowforge_assets.storage.folder_remote import RemoteFolder
from flowforge_assets.storage.location import RemoteLocation, open_store
from flowforge_assets.storage.store import Store
from flowforge_assets.storage.store_options import read_options
from flowforge_assets.storage.upkeep import Upkeep
from storage_values import DAILY, day_rows, day_values, days, put, record

URL = "shelf://host/lake"


class ShelfFileSystem(MemoryFileSystem):
    """`shelf://HOST/PATH` is in memory; `careless` forgets conditions."""

    protocol = "shelf"
    store: ClassVar[dict[str, object]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    _making = Lock()

    def __init__(
        self,
        careless: bool = False,  # noqa: FBT001, FBT002 - as fsspec calls it
        hours_behind: int = 0,
        times: str = "aware",
        **rest: object,
    ) -> None:
        super().__init__(**rest)
        self.careless = careless
        self.hours_behind = hours_behind
        self.times = times

    def info(self, path: str, **kwargs: object) -> dict[str, Any]:
        return self._told(super().info(path, **kwargs))

    def ls(self, path: str, detail: bool = True, **kwargs: object) -> list[Any]:  # noqa: FBT001, FBT002 - as fsspec calls it
        untyped: Any = super()
        found: list[Any] = untyped.ls(path, detail=detail, **kwargs)
        return [self._told(each) for each in found] if detail else found

    def _told(self, info: Mapping[str, Any]) -> dict[str, Any]:
        """When a file was made, as this filesystem tells it."""
        at: datetime | None = info.get("created")
        if at is None:
            return dict(info)
        at -= timedelta(hours=self.hours_behind)
        told = {"aware": at, "text": at.replace(tzinfo=None).isoformat(), "none": None}
        return {**info, "created": told[self.times]}

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
    location = RemoteLocation(URL, read_options(URL, options))
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


def test_copies_are_kept_where_no_other_user_can_put_something(tmp_path: Path) -> None:
    commit(shelf().artifact(MODEL), tmp_path, b"weights")
    folders = [shelf().artifact(MODEL).file(WHOLE).path.parents[2] for _ in range(2)]
    assert folders[0] == folders[1]
    status = folders[0].stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.getuid(), 0o700)
    assert folders[0].name != f"flowforge-{os.getuid()}"


def test_a_place_that_writes_over_what_is_there_is_refused() -> None:
    with pytest.raises(UnsafeStoreError):
        put(shelf(careless=True).table(DAILY), day_rows(0), days(0))


@pytest.mark.parametrize("times", ["text", "none"])
def test_a_file_is_as_new_as_it_is_in_whatever_way_that_is_told(
    times: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC-9")
    time.tzset()
    try:
        location = RemoteLocation(URL, read_options(URL, {"times": times}))
        folder = RemoteFolder.at(location)
        folder.create("a.json", b"{}")
        entry = folder.entry("a.json")
        assert entry is not None
        assert abs(entry.modified - time.time()) < 60
        again = folder.entry("a.json")
        assert again is not None
        assert again.mark == entry.mark
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_staged_is_not_swept_since_a_clock_is_ahead() -> None:
    table = shelf(hours_behind=48).table(DAILY)
    put(table, day_rows(0), days(0))
    staged = table.stage(day_rows(1))
    now = datetime.now(UTC)
    done = table.maintain(Upkeep(now, now, swept_before=now - timedelta(hours=24)))
    assert done.swept == 0
    table.commit(staged, replace=days(1), made=record(days(1)))
    assert day_values(table.scan()) == {0: 0, 1: 0}


def test_delta_is_refused() -> None:
    with pytest.raises(FlowForgeError):
        open_store(RemoteLocation(URL, read_options(URL, {})), format="delta")
