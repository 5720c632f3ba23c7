"""Imports a project's modules, and says clearly which one cannot be."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from flowforge_assets.errors.base import FlowForgeError, Place
from flowforge_assets.errors.project import ModuleError


def import_modules(root: Path, names: Iterable[str]) -> list[str]:
    """Imports the modules and packages `names` (packages whole); gives all names, sorted.

    `root` is put first on the import path. A module of that name which was imported from
    elsewhere, or has changed since, is imported afresh.

    Raises:
        ModuleError: a module is not there or fails; with its own traceback (FF-806).
    """
    folder = str(root.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    wanted = list(names)
    for name in wanted:
        _evict_foreign(name.partition(".")[0], Path(folder))
    importlib.invalidate_caches()
    found: set[str] = set()
    for name in wanted:
        module = _imported(name, root)
        found.add(name)
        for info in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
            _imported(info.name, root)
            found.add(info.name)
    return sorted(found)


def _evict_foreign(top: str, root: Path) -> None:
    """Forgets a module tree of that name unless it is this project's, as it is on disk."""
    loaded = [name for name in sys.modules if name == top or name.startswith(f"{top}.")]
    if any(_is_foreign(sys.modules[name], root) for name in loaded):
        for name in loaded:
            del sys.modules[name]


def _is_foreign(module: ModuleType, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    if file is None:
        return False
    path = Path(file)
    if not path.is_relative_to(root):
        return True
    cached = getattr(module, "__flowforge_stamp__", None)
    return cached is not None and cached != _stamp(path)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _imported(name: str, root: Path) -> ModuleType:
    try:
        module = importlib.import_module(name)
    except FlowForgeError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            message = f"the project's module `{name}` is not there"
            hint = f"`modules` in flowforge.toml names it; it would stand in `{root}`"
            raise ModuleError(message, place=Place("flowforge.toml"), hint=hint) from error
        raise _failed(name, error) from error
    except (Exception, SystemExit) as error:
        raise _failed(name, error) from error
    file = getattr(module, "__file__", None)
    if file and not hasattr(module, "__flowforge_stamp__"):
        module.__flowforge_stamp__ = _stamp(Path(file))  # type: ignore[attr-defined]  # our own mark
    return module


def _failed(name: str, error: BaseException) -> ModuleError:
    """The error with the module's own traceback: our frames and the import system's are cut."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<frozen")
        and frame.filename not in {__file__, importlib.__file__}
    ]
    lines = "".join(traceback.format_list(own)) if own else ""
    said = "".join(traceback.format_exception_only(error)).strip()
    place = Place(own[-1].filename, own[-1].lineno or 0) if own else None
    if isinstance(error, SyntaxError) and error.filename:
        place = Place(error.filename, error.lineno or 0, error.offset or 0)
    message = f"the module `{name}` cannot be imported: {type(error).__name__}"
    return ModuleError(message, place=place, hint=f"its traceback:\n{lines}{said}")
