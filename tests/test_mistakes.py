"""Planted mistakes, one a file: `check` finds each with its code, file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowforge_assets import FlowForgeError, Project
from flowforge_assets.errors.base import Problems

FOLDER = Path(__file__).parent / "fixtures/mistakes"
MISTAKES = sorted(FOLDER.glob("*.txt"))
PROJECT = '[project]\nname = "shop"\nmodules = ["base", "shop"]\n'


def write_project(mistake: Path, root: Path) -> tuple[str, str]:
    """Writes the project with its mistake; gives the code and the place that are expected."""
    _, expected, *lines = mistake.read_text(encoding="utf-8").splitlines()
    found = re.fullmatch(r"# (FF-\d{3}) at (.+:\d+)", expected)
    assert found is not None
    files: dict[str, list[str]] = {"flowforge.toml": PROJECT.splitlines(), "shop.py": []}
    files["base.py"] = (FOLDER / "base.py").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if section := re.fullmatch(r"==> (.+) <==", line):
            files[section[1]] = []
            path = section[1]
        else:
            files[path].append(line)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("\n".join(text) + "\n", encoding="utf-8")
    return found[1], found[2]


def said_by_check(root: Path) -> Iterator[tuple[str, str]]:
    """The code and place of each error that `flowforge check` prints."""
    try:
        errors = list(Project.load(root).check().errors)
    except Problems as problems:
        errors = list(problems.errors)
    except FlowForgeError as error:
        errors = [error]
    for each in errors:
        yield each.code, f"{each.place.file}:{each.place.line}" if each.place else ""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda path: path.stem)
def test_check_finds_the_mistake_with_file_and_line(
    mistake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = write_project(mistake, tmp_path)
    assert expected in list(said_by_check(tmp_path))


def test_there_are_at_least_40_mistakes() -> None:
    assert len(MISTAKES) >= 40
