"""Projects to point the command line at, and a way to call it that tells all it said."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command_line import Call, Ran, own_imports
from flowforge_assets.cli.main import main
from flowforge_assets.project.scaffold import make_project

DAYS = '''\
from datetime import date

import polars as pl

from flowforge_assets import Bronze, Col, Daily, Frame, Gold, asset, col, key

DAY = Daily(start="2026-01-01", end="2026-01-20")


class Visits(Bronze, partition=DAY.on("day")):
    """Visits as they came."""

    visit: Col[int] = key()
    day: Col[date] = col()


class Counts(Gold):
    day: Col[date] = key()
    visits: Col[int] = col(gt=0)


@asset
def visits(day: date) -> Frame[Visits]:
    return pl.LazyFrame({"visit": [1, 2], "day": [day, day]})


@asset
def counts(visits: Frame[Visits]) -> Frame[Counts]:
    return visits.group_by("day").agg(visits=pl.len().cast(pl.Int64))
'''


@pytest.fixture(autouse=True)
def _own_imports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_imports(tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """`call("plan", "--json")` in this process."""

    def ran(*argv: str) -> Ran:
        capsys.readouterr()
        code = main(argv)
        said = capsys.readouterr()
        return Ran(argv, code, said.out, said.err)

    return ran


@pytest.fixture(scope="session")
def _made_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "corner_shop"
    make_project(folder)
    with own_imports(folder):
        assert main(["run", "-q", "-C", str(folder)]) == 0
    return folder


@pytest.fixture
def new_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a new project that never ran; we are in it."""
    folder = tmp_path / "corner_shop"
    make_project(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def shop(_made_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a new project that ran once; we are in it."""
    folder = tmp_path / "corner_shop"
    shutil.copytree(_made_shop, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project with partitions that never ran; we are in it."""
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / "flowforge.toml").write_text('[project]\nmodules = ["visits_project"]\n')
    (folder / "visits_project.py").write_text(DAYS)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    """`edit(path, old, new)`: the file with `old`, which is there once, replaced."""

    def edited(path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))

    return edited
