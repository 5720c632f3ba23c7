"""A store of each kind, empty; and the limits of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from flowforge_assets.storage.store import Store
from store_kinds import CONFORMANCE, MORE_KINDS, ON_DISK, SAMPLE, StoreKind, opened
from store_limits import limit_of
from table_option import pytest_addoption, pytest_configure  # noqa: F401 - hooks

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks what a store is known to fail; leaves to `make store-table` what takes long."""
    later = [item for item in items if _is_for_the_table_alone(config, item)]
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


def _is_for_the_table_alone(config: pytest.Config, item: pytest.Item) -> bool:
    """Whether it tries one of the ways that a kind of store is not tried on each time."""
    kind = _parameters(item).get("lake") or _parameters(item).get("kind")
    is_sampled = isinstance(kind, StoreKind) and kind in MORE_KINDS
    is_whole = config.getoption("--conformance-table", None) is not None
    return is_sampled and not is_whole and _parameters(item).get("way") not in SAMPLE


def _parameters(item: pytest.Item) -> Mapping[str, object]:
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.fixture(params=CONFORMANCE)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)


@pytest.fixture(params=ON_DISK)
def disk_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return opened(request, tmp_path)
