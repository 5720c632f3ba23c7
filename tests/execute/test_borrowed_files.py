"""Files that another environment has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from flowforge_assets.api import Project
from flowforge_assets.errors.declaration import FormMismatchError

CONFIG = """
[project]
modules = ["borrowed_files"]

[env.prod]
store = "prod"

[env.dev]
read_from = "prod"
"""
MODULE = """
from pathlib import Path

import polars as pl

from flowforge_assets import Artifact, Col, File, Frame, Gold, asset, col


class Model(Artifact, suffix=".txt"): ...


class Guess(Gold):
    n: Col[int] = col()


@asset
def train(out: Path) -> File[Model]:
    (out / "model.txt").write_text("7")
    return out / "model.txt"


@asset
def guess(model: File[Model]) -> Frame[Guess]:
    return pl.LazyFrame({"n": [int(model.read_text())]})
"""
WriteProject = Callable[[Mapping[str, str]], Path]


def test_a_file_is_read_from_the_environment_that_lends(write_project: WriteProject) -> None:
    files = {"flowforge.toml": CONFIG, "borrowed_files.py": MODULE}
    folder = write_project(files)
    Project.load(folder, env="prod").run("model")
    dev = Project.load(folder)
    assert dev.run("guess").errors == ()
    assert dev.read("guess")["n"].to_list() == [7]
    assert dev.plan("guess").steps == ()


def test_another_file_there_makes_its_readers_here_stale(write_project: WriteProject) -> None:
    files = {"flowforge.toml": CONFIG, "borrowed_files.py": MODULE}
    folder = write_project(files)
    Project.load(folder, env="prod").run("model")
    Project.load(folder).run("guess")
    write_project({"borrowed_files.py": MODULE.replace('"7"', '"8"')})
    Project.load(folder, env="prod").run("model")
    dev = Project.load(folder)
    assert [step.reason for step in dev.plan("guess").steps] == ["input newer"]
    dev.run("guess")
    assert dev.read("guess")["n"].to_list() == [8]


def test_a_query_does_not_read_a_file(write_project: WriteProject) -> None:
    query = {"assets/gold/numbers.sql": "select n\nfrom gold.model"}
    folder = write_project({"flowforge.toml": CONFIG, "borrowed_files.py": MODULE, **query})
    with pytest.raises(FormMismatchError, match=r"`gold\.numbers` reads `gold\.model`") as caught:
        Project.load(folder)
    assert caught.value.place is not None
    assert (caught.value.place.file, caught.value.place.line) == ("assets/gold/numbers.sql", 2)
