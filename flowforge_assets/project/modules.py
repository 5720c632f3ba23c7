"""Imports a project's modules, and says clearly which one cannot be."""

from __future__ import annotations

import builtins
import importlib
import linecache
import pkgutil
import sys
import traceback
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Final

from flowforge_assets.declare.asset import forget
from flowforge_assets.declare.external import forget_external
from flowforge_assets.declare.sql_asset import forget_sql
from flowforge_assets.errors.base import FlowForgeError, Place, Problems, did_you_mean, raise_all
from flowforge_assets.errors.project import ModuleError
from flowforge_assets.project.config import FILE_NAME, SYNCED_NAME
from flowforge_assets.project.shown import shown_under

_OURS: Final = str(Path(__file__).parents[1])
_STAMP: Final = "__flowforge_stamp__"


def import_modules(root: Path, names: Iterable[str]) -> list[str]:
    """Imports the modules and packages `names` (packages whole); gives all names, sorted.

    `root` is put first on the import path. When a file of the project has changed since it was
    imported, all of the project's modules are imported afresh; so is a module of a name that
    another project imported.

    Raises:
        Problems: modules that are not there or fail, each with its own traceback (FF-806).
    """
    found, problems = import_some(root, names)
    raise_all(problems)
    return found


def import_some(root: Path, names: Iterable[str]) -> tuple[list[str], list[FlowForgeError]]:
    """The same modules as far as they can be imported, and what is wrong with the others."""
    folder = root.resolve()
    if sys.path[0] != str(folder):
        sys.path[:] = [str(folder), *(path for path in sys.path if path != str(folder))]
    wanted = list(names)
    _forget_stale(folder, {name.partition(".")[0] for name in wanted})
    importlib.invalidate_caches()
    importer = _Importer(folder)
    with _unkept():
        for name in wanted:
            importer.add(name)
    _stamp_all(folder)
    return sorted(importer.found), importer.problems


@contextmanager
def _unkept() -> Generator[None]:
    """Keeps no bytecode of what is imported.

    Python takes it for that of a file that has as many bytes and was written in the same second:
    assets would be made by code that is no longer there, and recorded as made by the new one.
    """
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = kept


class _Importer:
    """Imports modules one by one, collecting those that fail."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shown = shown_under(root)
        self.found: set[str] = set()
        self.problems: list[FlowForgeError] = []

    def add(self, name: str) -> None:
        """A module, or a package with all that is below it."""
        module = self.imported(name)
        folders = [str(path) for path in getattr(module, "__path__", ())]
        if getattr(module, "__file__", None) is None:  # spread over folders, some not ours
            folders = [path for path in folders if Path(path).is_relative_to(self.root)]
        for info in pkgutil.iter_modules(folders, f"{name}."):
            self.add(info.name)

    def imported(self, name: str) -> ModuleType | None:
        try:
            module = importlib.import_module(name)
        except FlowForgeError as error:
            for each in error.errors if isinstance(error, Problems) else [error]:
                self.note(each)
        except ModuleNotFoundError as error:
            is_itself = error.name is not None and f"{name}.".startswith(f"{error.name}.")
            self.note(self.missing(name) if is_itself else self.failed(name, error), error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
            self.note(self.failed(name, error), error)
        else:
            self.found.add(name)
            return module
        return None

    def note(self, error: FlowForgeError, cause: BaseException | None = None) -> None:
        """One error; a module that others import fails once, not for each of them."""
        error.place = self.shown(error.place) if error.place else None
        error.__cause__ = error.__cause__ or cause
        if error.place is None or all(error.place != known.place for known in self.problems):
            self.problems.append(error)

    def missing(self, name: str) -> ModuleError:
        """A module that `flowforge.toml` names and nobody wrote."""
        lines = _lines(self.root / FILE_NAME)
        line = next((n for n, text in enumerate(lines, 1) if name in text), 0)
        there = [info.name for info in pkgutil.iter_modules([str(self.root)])]
        otherwise = f"write `{name.replace('.', '/')}.py`, or mend its name under `modules`"
        message = f"the project's module `{name}` is not there"
        hint = did_you_mean(name, there) or otherwise
        return ModuleError(message, place=Place(FILE_NAME, line), hint=hint)

    def failed(self, name: str, error: BaseException) -> ModuleError:
        """The error with the module's own traceback, without our frames and the import system's."""
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if not frame.filename.startswith(("<frozen", _OURS))
            and frame.filename != importlib.__file__
        ]
        said = "".join(traceback.format_exception_only(error)).strip()
        place = Place(FILE_NAME)
        if own:
            place = Place(own[-1].filename, own[-1].lineno or 0, text=(own[-1].line or "").strip())
        if isinstance(error, SyntaxError) and error.filename:
            text = (error.text or "").strip()
            place = Place(error.filename, error.lineno or 0, error.offset or 0, text)
        gist = str(error).splitlines()[0] if str(error) else "no message"
        message = f"the module `{name}` cannot be imported: {type(error).__name__}: {gist}"
        near = _near_name(error) or _not_synced(error)
        lines = "".join(traceback.format_list(own))
        hint = f"{near}\n" if near else ""
        return ModuleError(message, place=place, hint=f"{hint}its traceback:\n{lines}{said}")


def _near_name(error: BaseException) -> str | None:
    """For a name that is not known, one that is and looks like it."""
    if not isinstance(error, NameError) or error.__traceback__ is None:
        return None
    last = _last(error.__traceback__)
    known = [*last.tb_frame.f_locals, *last.tb_frame.f_globals, *vars(builtins)]
    return did_you_mean(error.name or "", known)


def _not_synced(error: BaseException) -> str | None:
    """For a class of a SQL file's dataset that is not there, how it comes to be."""
    if isinstance(error, ImportError) and (error.name or "").endswith(SYNCED_NAME):
        return "write the classes of what SQL files and seeds make with `flowforge sync`"
    return None


def _last(at: TracebackType) -> TracebackType:
    while at.tb_next is not None:
        at = at.tb_next
    return at


def _forget_stale(root: Path, wanted: set[str]) -> None:
    """Forgets our modules that have changed, and those of other projects that bear our names."""
    stamped = dict(_stamped())
    ours = {name: path for name, path in stamped.items() if path.is_relative_to(root)}
    stale = {name for name in stamped if name not in ours and _is_here(name, root)}
    stale |= {
        name
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in wanted and _is_elsewhere(module, root)
    }
    if any(getattr(sys.modules[name], _STAMP) != _stamp(path) for name, path in ours.items()):
        stale |= ours.keys()
    for name in stale:
        del sys.modules[name]
    if stale:
        linecache.checkcache()
    forget(stale)
    forget_sql(stale)
    forget_external(stale)


def _is_here(name: str, root: Path) -> bool:
    """Whether the project has a module or package of its own by the top of that name."""
    top = root / name.partition(".")[0]
    return top.with_suffix(".py").exists() or top.is_dir()


def _is_elsewhere(module: ModuleType, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and not Path(file).is_relative_to(root)


def _stamped() -> Iterator[tuple[str, Path]]:
    """The modules that were imported for a project, with their files."""
    for name, module in list(sys.modules.items()):
        if _STAMP in getattr(module, "__dict__", ()):
            yield name, Path(str(module.__file__))


def _stamp_all(root: Path) -> None:
    """Marks the modules below `root` with the state of their files."""
    below = f"{root}/"
    for module in list(sys.modules.values()):
        names: dict[str, object] = getattr(module, "__dict__", {})
        file = names.get("__file__")
        is_ours = isinstance(file, str) and file.startswith(below) and "site-packages" not in file
        if is_ours and _STAMP not in names:
            names[_STAMP] = _stamp(Path(str(file)))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
