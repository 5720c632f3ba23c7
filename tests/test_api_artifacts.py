"""Artifacts through `Project`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowforge_assets import Artifact, Project
from flowforge_assets.errors.run import ManyFilesError
from flowforge_assets.errors.storage import NoFileError

Make = Callable[[str], Project]

FILES = """
from datetime import date
from pathlib import Path

from flowforge_assets import Artifact, Daily, File, asset

DAY = Daily("2026-01-01", "2026-01-02")


class Model(Artifact, suffix=".txt"): ...


class Page(Artifact, suffix=".txt", partition=DAY): ...


@asset
def model(out: Path) -> File[Model]:
    (out / "model.txt").write_text("first")
    return out / "model.txt"


@asset
def page(day: date, out: Path) -> File[Page]:
    (out / "page.txt").write_text(str(day))
    return out / "page.txt"
"""


@pytest.fixture
def shop_of(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes a project of one module and loads it; what it imported is forgotten."""
    module = f"shop_{abs(hash(request.node.nodeid)):x}"
    path = list(sys.path)

    def make(python: str) -> Project:
        (tmp_path / "flowforge.toml").write_text(f'[project]\nmodules = ["{module}"]\n')
        (tmp_path / f"{module}.py").write_text(python)
        return Project.load(tmp_path)

    yield make
    sys.path[:] = path
    sys.modules.pop(module, None)


def test_an_artifact_is_read_as_the_path_of_its_file(shop_of: Make) -> None:
    shop = shop_of(FILES)
    shop.run()
    shop = shop_of(FILES.replace("first", "second"))
    shop.run()
    model = shop.dataset("gold.model").cls
    assert model is not None
    assert issubclass(model, Artifact)
    assert shop.read(model).read_text() == "second"
    assert shop.read(model, version=0).read_text() == "first"


def test_a_partition_of_an_artifact_is_named_to_be_read(shop_of: Make) -> None:
    shop = shop_of(FILES)
    shop.run()
    page = shop.dataset("page").cls
    assert page is not None
    assert issubclass(page, Artifact)
    assert shop.read(page, "2026-01-02").read_text() == "2026-01-02"
    with pytest.raises(
        ManyFilesError, match=r"`gold\.page` has a file for each partition, and all"
    ):
        shop.read(page)
    with pytest.raises(ManyFilesError, match="and 2 of them are asked for"):
        shop.read(page, "2026-01-01..2026-01-02")


def test_an_artifact_that_was_never_made_cannot_be_read(shop_of: Make) -> None:
    shop = shop_of(FILES)
    model = shop.dataset("gold.model").cls
    assert model is not None
    assert issubclass(model, Artifact)
    with pytest.raises(NoFileError):
        shop.read(model)
