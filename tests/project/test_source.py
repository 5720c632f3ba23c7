from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowforge_assets.project.source import SourceCache
from flowforge_assets.project.unit import class_key, function_key, name_key

SOURCE = "LIMIT = 3\n\ndef f(x):\n    return x + LIMIT\n"
F = function_key(3, "f")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "shop.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.fixture
def kept(tmp_path: Path, module: Path) -> Path:
    """A cache that knows the module."""
    path = tmp_path / "cache" / "source.json"
    cache = SourceCache(path)
    assert cache.find(str(module), F)
    cache.save()
    return path


def test_a_warm_start_parses_nothing(kept: Path, module: Path) -> None:
    cold, warm = SourceCache(), SourceCache(kept)
    for key in (F, name_key("LIMIT"), class_key("None")):
        assert warm.find(str(module), key) == cold.find(str(module), key)
    assert (cold.parses, warm.parses) == (1, 0)


def test_a_changed_file_is_parsed_again(kept: Path, module: Path) -> None:
    module.write_text(SOURCE.replace("+", "-"), encoding="utf-8")
    before, now = SourceCache(kept), SourceCache(kept)
    assert now.find(str(module), F)
    assert (before.parses, now.parses) == (0, 1)


def test_a_file_that_moved_is_not_parsed_again(kept: Path, module: Path) -> None:
    moved = module.rename(module.with_name("store.py"))
    cache = SourceCache(kept)
    assert cache.find(str(moved), F)
    assert cache.parses == 0


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"algorithm": 1, "files": 3}',
        b'{"algorithm": 1, "files": {"a": {"b": 3}}}',
        b'{"algorithm": 0, "files": {}}',
        b"[" * 100_000,
    ],
)
def test_a_broken_cache_is_an_empty_one(kept: Path, module: Path, broken: bytes) -> None:
    kept.write_bytes(broken)
    cache = SourceCache(kept)
    assert cache.find(str(module), F)
    assert cache.parses == 1
    cache.save()
    assert json.loads(kept.read_bytes())["files"]


def test_nothing_new_writes_nothing(kept: Path, module: Path) -> None:
    kept.chmod(0o444)
    before = kept.stat().st_mtime_ns
    cache = SourceCache(kept)
    assert cache.find(str(module), F)
    cache.save()
    assert kept.stat().st_mtime_ns == before


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, module: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    cache = SourceCache(tmp_path / "file" / "source.json")
    assert cache.find(str(module), F)
    cache.save()


def test_what_cannot_be_read_has_no_units(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f(:", encoding="utf-8")
    cache = SourceCache()
    assert cache.find(str(wrong), F) is None
    assert cache.find(str(tmp_path / "missing.py"), F) is None
    assert cache.find("<string>", F) is None


def test_of_too_many_files_only_those_in_use_are_kept(kept: Path, module: Path) -> None:
    content = json.loads(kept.read_bytes())
    content["files"] |= {str(number): {} for number in range(6_000)}
    kept.write_text(json.dumps(content), encoding="utf-8")
    module.write_text(SOURCE.replace("+", "-"), encoding="utf-8")
    cache = SourceCache(kept)
    assert cache.find(str(module), F)
    cache.save()
    assert len(json.loads(kept.read_bytes())["files"]) == 1
