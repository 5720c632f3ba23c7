"""A store of each kind, empty; and the limits of each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from flowforge_assets.storage.store import Store
from store_kinds import (
    CONFORMANCE,
    EACH_TIME,
    ON_DISK,
    ROWS_ALONE,
    SAMPLE,
    StoreKind,
    opened,
)
from store_limits import limit_of
from table_option import pytest_addoption, pytest_configure  # noqa: F401 - hooks

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what a store is known to fail; leaves to `make test-stores` what takes long."""
    later = [item for item in items if _is_for_later(config, item)]
    if later:
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item not in set(later)]
    for item in items:
        if not isinstance(item, pytest.Function) or item.path.parent != _HERE:
            continue
        kind = _parameters(item).get("store") or _parameters(item).get("lake")
        limit = limit_of(item.originalname, kind.name) if isinstance(kind, StoreKind) else None
        if limit is not None:
            item.add_marker(limit.mark())


def _is_for_later(config: pytest.Config, item: pytest.Item) -> bool:
    """Whether it tries a kind of store, or a way of writing on one, that is not tried each time."""
    if os.environ.get("FLOWFORGE_EVERY_STORE") or config.getoption("--conformance-table", None):
        return False
    given = _parameters(item)
    kinds = [each for each in given.values() if isinstance(each, StoreKind) and each.emulator]
    if not kinds:
        return False
    if item.path.stem in ROWS_ALONE:
        return True
    return kinds[0].name not in EACH_TIME or given.get("way", "append") not in SAMPLE


def _parameters(item: pytest.Item) -> Mapping[str, object]:
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.fixture(params=CONFORMANCE)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)


@pytest.fixture(params=ON_DISK)
def disk_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)
