"""`flowforge sync`: keeps a module of classes for the datasets that SQL files and seeds make."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowforge_assets.declare.definition import Definitions
from flowforge_assets.errors.base import FlowForgeError, Place, raise_all
from flowforge_assets.errors.project import (
    ForeignModuleError,
    NoSyncPlaceError,
    NotWritableError,
    StaleSyncError,
)
from flowforge_assets.project.collect import collect_some
from flowforge_assets.project.config import FILE_NAME, SYNCED_NAME, ProjectConfig
from flowforge_assets.project.foreign import import_foreign
from flowforge_assets.project.modules import import_some
from flowforge_assets.project.sync_source import DOC, sync_source
from flowforge_assets.project.syntax_tree import syntax_tree
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.storage.atomic import write_atomic

_MOST_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True)
class Synced:
    """The module as it is now: its file, its classes, and whether it had to be written."""

    path: Path
    classes: tuple[str, ...]
    is_changed: bool


def find_sync_path(config: ProjectConfig) -> Path | None:
    """Where the module is or would be; None for a project without Python.

    The project file says it, or it stands in the first package; without one, beside the modules.
    """
    if config.sync is not None:
        return config.root / config.sync
    folders = (config.root / Path(*name.split(".")) for name in config.modules)
    package = next((folder for folder in folders if folder.is_dir()), config.root)
    return package / f"{SYNCED_NAME}.py" if config.modules else None


def sync_module(config: ProjectConfig) -> str | None:
    """The name by which the module is imported; None for a project without Python."""
    path = find_sync_path(config)
    return None if path is None else ".".join(path.relative_to(config.root).with_suffix("").parts)


def sync(config: ProjectConfig, sql: SqlAnalysis) -> Synced:
    """Writes the module anew if it is not what the project's files declare.

    Modules that cannot be imported since a class is not there yet are no hindrance: what can be
    read is written, until nothing changes any more.

    Raises:
        NoSyncPlaceError: the project has no Python, and says no place for it (FF-840).
        ForeignModuleError: someone else wrote the module (FF-841).
        NotWritableError: the file cannot be written (FF-811).
        Problems: what else is wrong with the project, so that the module cannot be made whole.
    """
    path = find_sync_path(config)
    if path is None:
        message = "the project has no Python module that could read what its files declare"
        hint = 'name one in `[project]`: `modules = ["shop"]`, or the file: `sync = "shop/sql.py"`'
        raise NoSyncPlaceError(message, place=Place(FILE_NAME), hint=hint)
    foreign = import_foreign(config, config.root / ".flowforge" / "cache")
    before = _read(path)
    text = before
    problems: list[FlowForgeError] = []
    for _ in range(_MOST_ROUNDS):
        modules, problems = import_some(config.root, config.modules)
        definitions, wrong = collect_some(
            config.root,
            modules,
            sql,
            defaults=config.defaults,
            synced=sync_module(config),
            foreign=foreign,
            variables=config.variables,
        )
        problems += wrong
        wanted = sync_source(definitions)
        if problems and not _classes(wanted).keys() >= _classes(text).keys():
            break  # the classes that are gone may come back when the problems are gone
        if _is_same(wanted, text):
            break
        _write(path, wanted)
        text = wanted
    raise_all(problems)
    return Synced(path, tuple(sorted(_classes(text))), is_changed=text != before)


def stale_module(config: ProjectConfig, definitions: Definitions) -> FlowForgeError | None:
    """What is wrong with the module, if the project has it; layout and comments do not count."""
    path = find_sync_path(config)
    if path is None or not path.exists():
        return None
    wanted, text = sync_source(definitions), _read(path)
    if _is_same(wanted, text):
        return None
    shown = path.relative_to(config.root).as_posix()
    apart = sorted(name for name, _ in _classes(wanted).items() ^ _classes(text).items())
    which = f": `{apart[0]}` differs" if apart else ""
    message = f"`{shown}` is not what the SQL files and seeds declare{which}"
    return StaleSyncError(message, place=Place(shown, 1), hint="write it anew: `flowforge sync`")


def _read(path: Path) -> str:
    """The module's text; nothing of one that is not there.

    Raises:
        ForeignModuleError: it was not written by `flowforge sync` (FF-841).
    """
    if not path.exists():
        return ""
    text = path.read_text(encoding="utf-8")
    if text.strip() and DOC not in text:
        message = f"`{path.name}` was not written by `flowforge sync`"
        hint = 'rename it, or say another place in `[project]`: `sync = "shop/sql_datasets.py"`'
        raise ForeignModuleError(message, place=Place(str(path), 1), hint=hint)
    return text


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        raise NotWritableError(f"`{path}` cannot be written: {said}") from error


def _is_same(one: str, other: str) -> bool:
    """Whether the two texts are the same program."""
    try:
        return ast.dump(syntax_tree(one)) == ast.dump(syntax_tree(other))
    except SyntaxError:
        return False


def _classes(text: str) -> dict[str, str]:
    """The classes in a module by name, without their layout; none if it does not parse."""
    try:
        body = syntax_tree(text).body
    except SyntaxError:
        return {}
    return {node.name: ast.dump(node) for node in body if isinstance(node, ast.ClassDef)}
