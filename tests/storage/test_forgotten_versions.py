"""Versions that are forgotten between two looks of who reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from artifact_values import MODEL, commit, content
from flowforge_assets.storage import artifact_pointer, manifest
from flowforge_assets.storage.folder_local import LocalFolder
from flowforge_assets.storage.folder_versions import KEPT_VERSIONS, VersionFiles
from flowforge_assets.storage.location import open_store
from storage_values import ORDERS, numbers, put, values

if TYPE_CHECKING:
    from flowforge_assets.storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "lake"), format="parquet")


@pytest.fixture
def before_a_look(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], object]], None]:
    """Lets something happen when a version was listed, and not yet read."""

    def arrange(name: str, act: Callable[[], object]) -> None:
        module = manifest if name == "read_manifest" else artifact_pointer
        real = getattr(module, name)

        def then(*given: Any) -> Any:  # noqa: ANN401 - as either has it
            monkeypatch.setattr(module, name, real)
            act()
            return real(*given)

        monkeypatch.setattr(module, name, then)

    return arrange


def test_a_table_is_there_though_its_newest_version_is_forgotten_while_it_is_read(
    store: Store, before_a_look: Callable[[str, Callable[[], object]], None]
) -> None:
    mine, other = store.table(ORDERS), store.table(replace(ORDERS, description="elsewhere"))
    put(other, numbers(0))

    def others() -> None:
        for n in range(KEPT_VERSIONS + 1):
            put(other, numbers(n))

    before_a_look("read_manifest", others)
    version = mine.version()
    assert version is not None
    assert version.version == KEPT_VERSIONS + 1
    assert values(mine.scan()) == [KEPT_VERSIONS]


def test_an_artifact_is_there_though_its_newest_version_is_forgotten_while_it_is_read(
    store: Store, tmp_path: Path, before_a_look: Callable[[str, Callable[[], object]], None]
) -> None:
    mine, other = (store.artifact(replace(MODEL, description=text)) for text in ("", "other"))
    commit(other, tmp_path, b"first")

    def others() -> None:
        for n in range(KEPT_VERSIONS + 1):
            commit(other, tmp_path, str(n).encode())

    before_a_look("read_pointer", others)
    assert content(mine) == str(KEPT_VERSIONS).encode()


def test_versions_that_always_go_before_they_are_read_are_an_error(tmp_path: Path) -> None:
    versions = VersionFiles(LocalFolder(tmp_path), "version")
    assert versions.newest(lambda version, _: version) is None
    versions.create(0, b"{}", "step")
    assert versions.newest(lambda version, _: version) == 0
    with pytest.raises(TimeoutError, match="faster than they can be read"):
        versions.newest(lambda _version, _entry: None)
