"""Store locations as the project file spells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.errors.storage import BadLocationError
from flowforge_assets.errors.stores import NoCredentialsError
from flowforge_assets.storage.location import (
    FolderLocation,
    MemoryLocation,
    RemoteLocation,
    open_store,
    parse_location,
)
from flowforge_assets.storage.store_options import read_options
from storage_values import ORDERS, numbers, put, values


@pytest.mark.parametrize(
    "text", ["/data/my lake", "file:///data/my%20lake", "file:///data/my lake"]
)
def test_a_folder_may_be_a_path_or_a_uri(text: str) -> None:
    assert parse_location(text) == FolderLocation(Path("/data/my lake"))


def test_a_relative_folder_is_taken_from_the_project() -> None:
    found = parse_location(".flowforge/lake", relative_to=Path("/project"))
    assert found.uri == "file:///project/.flowforge/lake"


def test_a_uri_of_a_folder_comes_back() -> None:
    location = FolderLocation(Path("/data/ü %"))
    assert parse_location(location.uri) == location


def test_a_store_in_memory_has_a_name() -> None:
    assert parse_location("memory://test-1") == MemoryLocation("test-1")


@pytest.mark.parametrize("scheme", ["s3", "gs", "https"])
def test_a_url_with_a_password_is_refused_and_not_repeated(scheme: str) -> None:
    with pytest.raises(BadLocationError) as caught:
        parse_location(f"{scheme}://user:canary@bucket/lake?token=canary")
    assert "canary" not in caught.value.render()


def test_a_remote_store_needs_credentials() -> None:
    with pytest.raises(NoCredentialsError, match="`s3://bucket/lake` has no credentials"):
        parse_location("s3://bucket/lake/")


def test_a_remote_store_has_its_url_without_the_last_slash() -> None:
    options = read_options("s3://bucket/lake", {"ambient": True})
    found = parse_location("s3a://bucket/lake/", options=options)
    assert found == RemoteLocation("s3://bucket/lake", options)
    assert found.uri == "s3://bucket/lake"


@pytest.mark.parametrize(
    "text",
    ["", " ", "nfs://x", "https://x/lake", "file://host/lake", "file://lake", "memory://a/b"],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(BadLocationError) as caught:
        parse_location(text)
    assert caught.value.hint


def test_all_who_say_its_name_share_a_store_in_memory() -> None:
    store = open_store("memory://shared-by-name")
    put(store.table(ORDERS), numbers(1))
    assert values(open_store("memory://shared-by-name").table(ORDERS).scan()) == [1]


def test_a_store_in_memory_without_name_is_nobody_elses() -> None:
    store = open_store("memory://")
    put(store.table(ORDERS), numbers(1))
    assert open_store("memory://").table(ORDERS).version() is None


def test_opening_a_store_makes_no_folder(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "lake"))
    assert store.table(ORDERS).version() is None
    assert not (tmp_path / "lake").exists()


def test_a_table_says_where_it_is(tmp_path: Path) -> None:
    assert open_store(str(tmp_path)).table(ORDERS).uri == f"{tmp_path.as_uri()}/silver/orders"
    assert open_store("memory://m").table(ORDERS).uri == "memory://m/silver.orders"
