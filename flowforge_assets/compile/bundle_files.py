"""Which files of a project's folder belong to it: what a copy elsewhere needs to be loaded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bundle import BundleOutsideError, BundlePatternError
from flowforge_assets.project.config import FILE_NAME, ProjectConfig

_CODE: Final = (".py", ".pyi", ".sql", ".toml")
_ASSETS: Final = (".sql", ".csv", ".toml")
_MACROS: Final = (".sql",)
# Also inside of functions, where a module is imported late.
_IMPORT: Final = re.compile(
    r"^[ \t]*(?:from[ \t]+(\w[\w.]*)|import[ \t]+(\w[\w., \t]*))", re.MULTILINE
)
_NEVER: Final = frozenset({"__pycache__", "node_modules"})


def project_files(config: ProjectConfig) -> Mapping[str, Path]:
    """The project's own files by their path from its folder, sorted.

    These are the project file, the modules that it names with those beside them that they import,
    SQL files, macros and seeds, and what `include` names. Hidden files and folders, caches and
    environments of Python are never among them.

    Raises:
        BundleOutsideError: the project uses another by the path of its folder (FF-893).
        BundlePatternError: a pattern under `include` names no file (FF-899).
    """
    root = config.root
    for use in config.uses:
        if use.path is not None:
            message = f"`[uses.{use.name}]` names a folder, which no bundle can carry"
            hint = 'install that project as a package, and name it: `package = "..."`'
            raise BundleOutsideError(message, place=use.place, hint=hint)
    found = [root / FILE_NAME, *_modules(root, config.modules)]
    found += _below(root / "assets", _ASSETS)
    found += _below(root / "macros", _MACROS)
    found += _included(root, config.bundle.include)
    return {name: root / name for name in sorted({_name(path, root) for path in found})}


def files_below(folder: Path) -> Mapping[str, Path]:
    """All files of a folder by their path in it, sorted, without hidden ones and caches."""
    return {_name(path, folder): path for path in sorted(_below(folder, None))}


def imported_modules(text: str) -> Iterator[str]:
    """The modules `a.b` that lines of code import; relative ones are left out."""
    for single, several in _IMPORT.findall(text):
        for name in (single or several).split(","):
            yield name.strip().partition(" ")[0]


def _modules(root: Path, names: Iterable[str]) -> Iterator[Path]:
    """The files of the modules below `root`, and of all beside them that they import."""
    left = [name.partition(".")[0] for name in names]
    seen: set[str] = set()
    while left:
        top = left.pop()
        if top in seen:
            continue
        seen.add(top)
        for path in _module(root, top):
            yield path
            if path.suffix == ".py":
                text = path.read_text(encoding="utf-8", errors="replace")
                left += (name.partition(".")[0] for name in imported_modules(text))


def _module(root: Path, top: str) -> Iterator[Path]:
    """A module's one file, or those of a package; nothing for one that lies elsewhere."""
    for suffix in (".py", ".pyi"):
        if (path := root / f"{top}{suffix}").is_file():
            yield path
    yield from _below(root / top, _CODE)


def _included(root: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        paths = _matches(root, pattern)
        if not paths:
            message = f"`{pattern}` under `include` names no file of the project"
            hint = 'write it from the project\'s folder: `include = ["data/*.csv"]`'
            raise BundlePatternError(message, place=Place(FILE_NAME), hint=hint)
        yield from paths


def _matches(root: Path, pattern: str) -> list[Path]:
    if not pattern or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        return []
    paths = (path for path in root.glob(pattern) if path.is_file())
    return [path for path in paths if not any(map(_is_hidden, path.relative_to(root).parts))]


def _below(folder: Path, suffixes: tuple[str, ...] | None) -> Iterator[Path]:
    """The files below `folder` that end so, without what is hidden or not written by people."""
    for at, folders, files in os.walk(folder):
        if "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not _is_hidden(name)]
        for name in files:
            if not _is_hidden(name) and (suffixes is None or name.endswith(suffixes)):
                yield Path(at, name)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in _NEVER or name.endswith((".pyc", ".pyo"))


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
