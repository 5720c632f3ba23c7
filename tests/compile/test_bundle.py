"""What a compiled project carries along, and what it never does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from flowforge_assets.compile.bundle import Bundle, read_bundle
from flowforge_assets.compile.bundle_files import project_files
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.project.config import read_config

Write = Callable[[Mapping[str, str]], Path]
OWN: Final = {
    "flowforge.toml": '[project]\nname = "till"\nmodules = ["till.assets"]\n',
    "till/__init__.py": "",
    "till/assets.py": "import os, rates as r\n\n\ndef late():\n    from words import x\n",
    "till/query.sql": "SELECT 1",
    "rates.py": "from .nowhere import y\n",
    "words/__init__.py": "",
    "words/deep/de.pyi": "",
    "assets/bronze/shops.csv": "id\n1\n",
    "assets/bronze/shops.toml": "",
    "assets/gold/worth.sql": "SELECT 1",
    "macros/days.sql": "",
}
NOT_OWN: Final = {
    ".env": "TOKEN=abc",
    ".git/config": "",
    ".flowforge/dev/ledger.db": "",
    "data/orders.csv": "",
    "other.py": "",
    "assets/notes.txt": "",
    "tests/test_till.py": "",
    "till/__pycache__/assets.cpython-311.pyc": "",
    "till/orders.csv": "",
    "till/key.json": "",
    "till/.hidden.py": "",
    "words/env/pyvenv.cfg": "",
    "words/env/lib/six.py": "",
}


def test_the_modules_with_what_they_import_queries_macros_and_seeds_belong_to_a_project(
    write_project: Write,
) -> None:
    root = write_project(OWN | NOT_OWN)
    assert list(project_files(read_config(root))) == sorted(OWN)


def test_what_include_names_is_carried_too_but_nothing_hidden(write_project: Write) -> None:
    settings = '[bundle]\ninclude = ["data/**/*.csv", "*", "till/.hidden.py"]\n'
    files = {"flowforge.toml": settings, "data/a/b.csv": "", ".env": "", "till/.hidden.py": ""}
    root = write_project(files)
    with pytest.raises(FlowForgeError, match=r"`till/\.hidden\.py` under `include` names no file"):
        project_files(read_config(root))
    root = write_project({"flowforge.toml": settings.replace(', "till/.hidden.py"', "")})
    assert list(project_files(read_config(root))) == ["data/a/b.csv", "flowforge.toml"]


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../other/*.py", "none/*.csv", ""])
def test_a_pattern_that_names_no_file_of_the_project_is_refused(
    write_project: Write, pattern: str
) -> None:
    root = write_project({"flowforge.toml": f'[bundle]\ninclude = ["{pattern}"]\n'})
    with pytest.raises(FlowForgeError) as caught:
        project_files(read_config(root))
    assert caught.value.code == "FF-899"


def test_a_project_that_uses_the_folder_of_another_cannot_be_carried(write_project: Write) -> None:
    text = '[uses.finance]\npath = "../finance"\n'
    with pytest.raises(FlowForgeError, match="names a folder, which no bundle can carry") as caught:
        project_files(read_config(write_project({"flowforge.toml": text})))
    assert caught.value.code == "FF-893"
    assert caught.value.place is not None
    assert caught.value.place.line == 1


def test_a_version_changes_with_the_name_and_the_content_of_each_file() -> None:
    versions = [
        Bundle(files).version
        for files in ({"a": b"b"}, {"a": b"c"}, {"ab": b""}, {"a": b"", "b": b""}, {"b": b"b"}, {})
    ]
    assert len(set(versions)) == len(versions)
    assert Bundle({"a": b"b"}).version == versions[0]
    assert len(versions[0]) == 12


def test_a_bundle_is_read_as_it_was_made_whatever_running_it_left_there(tmp_path: Path) -> None:
    files = {"flowforge.toml": b"", "shop/a.py": b"x = 1\n"}
    for name, content in {**files, ".flowforge/x": b"1", "shop/__pycache__/a.pyc": b"2"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert read_bundle(tmp_path) == Bundle(files)
    with pytest.raises(FlowForgeError) as caught:
        read_bundle(tmp_path / "shop")
    assert caught.value.code == "FF-891"
