"""A store of each kind, empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowforge_assets.storage.location import Format, open_store
from flowforge_assets.storage.store import Store


@pytest.fixture(params=["memory", "delta", "parquet"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "memory":
            return open_store("memory://")
        case "delta":
            return open_store(str(tmp_path / "lake"), format="delta")
        case _:
            return open_store(str(tmp_path / "lake"), format="parquet")


@pytest.fixture(params=["delta", "parquet"])
def disk_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    form: Format = "delta" if request.param == "delta" else "parquet"
    return open_store(str(tmp_path / "lake"), format=form)
