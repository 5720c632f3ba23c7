"""A folder of a remote store does what a local one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulators import EMULATORS
from flowforge_assets.errors.stores import NoBucketError, UnsafeStoreError
from flowforge_assets.storage.folder import Folder
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.folder_remote import RemoteFolder
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.store_options import read_options
from store_place import StorePlace

pytestmark = pytest.mark.emulator

_SAFE = [name for name in EMULATORS if name not in {"unsafe_s3", "gcs_json"}]


def at(place: StorePlace, url: str | None = None) -> RemoteFolder:
    where = url or place.url
    return RemoteFolder.at(RemoteLocation(where, read_options(where, place.options)))


@pytest.fixture(params=["local", *_SAFE])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    if request.param == "local":
        return LocalFolder(tmp_path / "lake")
    return at(request.getfixturevalue(request.param))


def test_a_file_is_made_once(folder: Folder) -> None:
    assert folder.create("a/b.json", b"first")
    assert not folder.create("a/b.json", b"second")
    assert folder.read("a/b.json") == b"first"


def test_what_is_not_there_is_told(folder: Folder) -> None:
    assert folder.entry("none") is None
    assert folder.entries("none") == []
    assert folder.names("none") == []
    assert folder.read_all(["none"]) == {}
    folder.remove(["none"])
    with pytest.raises(FileNotFoundError):
        folder.read("none")


def test_files_are_listed_at_any_depth(folder: Folder) -> None:
    for path in ("a/x.json", "a/b/y%2F z.json", "c.json"):
        assert folder.create(path, path.encode())
    assert [entry.path for entry in folder.entries()] == ["a/b/y%2F z.json", "a/x.json", "c.json"]
    assert [entry.path for entry in folder.below("a").entries("b")] == ["b/y%2F z.json"]
    assert folder.names() == ["a", "c.json"]
    assert folder.below("a").names() == ["b", "x.json"]
    assert folder.read_all(["c.json", "a/b/y%2F z.json", "none"]) == {
        "c.json": b"c.json",
        "a/b/y%2F z.json": b"a/b/y%2F z.json",
    }


def test_an_entry_tells_size_and_content(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"one")
    (tmp_path / "other").write_bytes(b"another")
    folder.upload(tmp_path / "one", "a/file")
    first = folder.entry("a/file")
    assert first is not None
    assert (first.path, first.size_bytes) == ("a/file", 3)
    (listed,) = folder.entries()
    assert (listed.path, listed.size_bytes, listed.mark) == ("a/file", 3, first.mark)
    folder.upload(tmp_path / "other", "a/file")
    second = folder.entry("a/file")
    assert second is not None
    assert second.mark != first.mark
    assert second.modified >= first.modified > 1_600_000_000


def test_files_come_and_go_whole(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"one")
    folder.upload(tmp_path / "one", "a/file")
    folder.fetch("a/file", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"one"
    with folder.open("a/file") as opened:
        assert opened.read(2) == b"on"
    folder.remove(["a/file"])
    assert folder.entries() == []
    with pytest.raises(FileNotFoundError):
        folder.fetch("a/file", tmp_path / "none")


def test_a_place_that_makes_a_file_once_is_safe(folder: Folder) -> None:
    folder.below("x").refuse_unsafe()
    assert folder.entries() == []


@pytest.mark.parametrize("name", ["unsafe_s3", "gcs_json"])
def test_a_store_without_conditional_writes_is_refused(
    request: pytest.FixtureRequest, name: str
) -> None:
    folder = at(request.getfixturevalue(name))
    with pytest.raises(UnsafeStoreError, match=r"let \d writers at once create the same file"):
        folder.below("silver").refuse_unsafe()
    assert folder.entries() == []


@pytest.mark.parametrize("name", _SAFE)
def test_a_bucket_that_is_not_there_is_told(request: pytest.FixtureRequest, name: str) -> None:
    place: StorePlace = request.getfixturevalue(name)
    folder = at(place, place.url.replace("//lake", "//lace"))
    for ask in (folder.entries, folder.names, lambda: folder.create("a", b"")):
        with pytest.raises(NoBucketError, match="the bucket of `"):
            ask()


def test_a_folder_shows_no_secret(moto_s3: StorePlace) -> None:
    folder = at(moto_s3).below("silver")
    assert repr(folder) == f"RemoteFolder('{moto_s3.url}/silver')"
    assert folder.shown == folder.uri == f"{moto_s3.url}/silver"
