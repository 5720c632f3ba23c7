"""A store of each kind, empty; and the limits of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.storage.store import Store
from store_kinds import CONFORMANCE, ON_DISK, StoreKind, opened
from store_limits import limit_of

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that a store is known to fail."""
    for item in items:
        if not isinstance(item, pytest.Function) or item.path.parent != _HERE:
            continue
        kind = getattr(item, "callspec", None) and item.callspec.params.get("store")
        limit = limit_of(item.originalname, kind.name) if isinstance(kind, StoreKind) else None
        if limit is not None:
            item.add_marker(limit.mark())


@pytest.fixture(params=CONFORMANCE)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)


@pytest.fixture(params=ON_DISK)
def disk_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)
