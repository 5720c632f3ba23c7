"""Stores of protocols that are fsspec's alone."""

from __future__ import annotations

import sys
from typing import ClassVar

import pytest

from flowforge_assets.errors.stores import PlainSecretError, UnknownStoreOptionError
from flowforge_assets.storage.clients import delta_options, filesystem, polars_options, root_of
from flowforge_assets.storage.location import RemoteLocation
from flowforge_assets.storage.store_options import read_options

URL = "shelf://room/lake"


@pytest.fixture(autouse=True)
def _shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol that a stranger's package brings."""
    from fsspec.implementations.memory import MemoryFileSystem

    class Shelf(MemoryFileSystem):
        protocol = "shelf"
        store: ClassVar[dict[str, object]] = {}

        def __init__(
            self, shelf: str = "", password: str = "", timeout: float = 0, **rest: object
        ) -> None:
            super().__init__(**rest)
            self.told = (shelf, password, timeout)

    monkeypatch.setenv("SHELF_PASSWORD", "canary")
    known = sys.modules["fsspec.registry"].__dict__["_registry"]
    monkeypatch.setitem(known, "shelf", Shelf)


def test_a_protocols_class_says_its_options() -> None:
    raw = {"shelf": "b", "password": {"env": "SHELF_PASSWORD"}, "timeout_seconds": 3}
    where = RemoteLocation(URL, read_options(URL, raw))
    files = filesystem(where)
    assert getattr(files, "told") == ("b", "canary", 3.0)  # noqa: B009 - of the class above
    assert not files.dircache.use_listings_cache


def test_what_its_class_does_not_take_is_unknown() -> None:
    with pytest.raises(UnknownStoreOptionError) as caught:
        read_options(URL, {"shelv": "b"})
    assert caught.value.hint == "did you mean `shelf`?"


def test_a_name_of_a_secret_asks_for_a_reference() -> None:
    with pytest.raises(PlainSecretError):
        read_options(URL, {"password": "canary"})
    with pytest.raises(PlainSecretError):
        read_options(URL, {"shelf": {"api_token": "canary"}})


def test_files_are_named_as_the_protocol_does_and_no_engine_is_told_anything() -> None:
    where = RemoteLocation(URL, read_options(URL, {}))
    root = root_of(where)
    files = filesystem(where)
    files.pipe_file(f"{root}/a", b"1")
    assert files.cat_file(f"{root}/a") == b"1"
    for options in (delta_options(where), polars_options(where)["storage_options"]):
        assert set(options) <= {"max_retries", "retry_timeout", "retry_timeout_ms"}
