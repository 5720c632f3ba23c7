"""What a project needs to be installed where it runs: packages by name, with their extras."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

from packaging.requirements import InvalidRequirement, Requirement

from flowforge_assets.compile.bundle_files import imported_modules
from flowforge_assets.compile.installed import Installed
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.project import ConfigSyntaxError
from flowforge_assets.project.config import FILE_NAME, EnvironmentConfig, ProjectConfig
from flowforge_assets.project.syntax_tree import syntax_tree
from flowforge_assets.sdk.connectors import warehouse_package
from flowforge_assets.storage.clients import EXTRAS
from flowforge_assets.storage.remote_url import is_remote, parse_remote_url

_OURS: Final = "flowforge-assets"
_PROJECT: Final = "pyproject.toml"
_OWN_MODULES: Final = frozenset({"flowforge_assets", "flowforge_connectors"})
_COMMENT: Final = re.compile(r"(^|\s)#.*")
_OTHER: Final = re.compile(r"(?:-r|--requirement)[=\s]\s*(\S+)")
_OPTION: Final = re.compile(r"\s+--?\w")


@dataclass(frozen=True, slots=True)
class Needed:
    """Requirements, sorted, and the modules that no installed package has, by who names them."""

    requirements: tuple[str, ...]
    unlisted: Mapping[str, Place]


def needed(config: ProjectConfig, files: Mapping[str, Path], installed: Installed) -> Needed:
    """Ours with the extras that some environment uses, and the project's own.

    Those are what its `pyproject.toml` or `requirements.txt` names, and the packages whose modules
    its own `files` import.

    Raises:
        ConfigSyntaxError: its `pyproject.toml` cannot be read (FF-802).
    """
    texts = [f"{_OURS}[{','.join(sorted(_extras(config)))}]"]
    for environment in config.environments.values():
        warehouse = environment.warehouse
        package = None if warehouse is None else warehouse_package(warehouse.kind)
        texts += [package] if package else []
    texts += _stated(config.root)
    unlisted: dict[str, Place] = {}
    for use in config.uses:
        module = use.package or use.name
        owners = installed.owners(module)
        texts += owners
        if not owners:
            unlisted[module] = use.place or Place(FILE_NAME)
    for module, names in _imported(files).items():
        owners = installed.owners(module)
        texts += owners
        if not owners and (place := _place_of(module, {name: files[name] for name in names})):
            unlisted.setdefault(module.partition(".")[0], place)
    return Needed(tuple(sorted(set(texts))), dict(sorted(unlisted.items())))


def _extras(config: ProjectConfig) -> set[str]:
    """Our extras that the project's settings ask for; a compiled flow is one of Prefect."""
    runner = config.prefect.task_runner
    found = {"prefect"} if runner == "threads" else {"prefect", runner}
    for environment in config.environments.values():
        if environment.ledger is not None:
            found.add("postgres")
        for url in _urls(environment):
            extra = EXTRAS.get(parse_remote_url(url).kind)
            found |= {extra} if extra else set()
    return found


def _urls(environment: EnvironmentConfig) -> Iterator[str]:
    """The remote places of an environment's tables, and those through which they are loaded."""
    for store in (environment.store, *environment.stores.values()):
        if store is not None and is_remote(store.url):
            yield store.url
    warehouse = environment.warehouse
    if warehouse is not None and warehouse.stage is not None:
        yield warehouse.stage.url


def _stated(root: Path) -> Iterator[str]:
    """What the project says itself that it needs; pip's options, paths and URLs name no package."""
    project = root / _PROJECT
    if project.is_file():
        try:
            found = _dependencies(tomllib.loads(project.read_text(encoding="utf-8")))
        except ValueError as error:  # no TOML, no UTF-8, or other values than it has to have
            message = f"`{_PROJECT}` of the project cannot be read: {error}"
            hint = "mend it: what it depends on goes into the bundle's `lock.txt`"
            raise ConfigSyntaxError(message, place=Place(_PROJECT), hint=hint) from error
        yield from _readable(found)
    yield from _readable(_listed(root / "requirements.txt", set()))


def _dependencies(content: Mapping[str, object]) -> list[str]:
    """What a `pyproject.toml` depends on (PyPA, pyproject.toml specification, read 2026-11)."""
    table = content.get("project", {})
    if not isinstance(table, dict):
        msg = "`project` is no table"
        raise ValueError(msg)  # noqa: TRY004 - as what else is wrong with the file
    found = cast("Mapping[str, object]", table).get("dependencies", [])
    if not isinstance(found, list):
        msg = "`project.dependencies` is no list"
        raise ValueError(msg)  # noqa: TRY004 - as above
    for each in cast("list[object]", found):
        if not isinstance(each, str):
            msg = f"`project.dependencies` holds {each!r}, which is no text"
            raise ValueError(msg)  # noqa: TRY004 - as above
    return cast("list[str]", found)


def _listed(path: Path, seen: set[Path]) -> Iterator[str]:
    """The lines of a file for pip and of those that it names (pip 26, "Requirements file format").

    A line goes on after a backslash; what follows a requirement, such as hashes, is left out.
    """
    path = path.resolve()
    if path in seen or not path.is_file():
        return
    seen.add(path)
    text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    for line in text.splitlines():
        said = _COMMENT.sub("", line).strip()
        if other := _OTHER.match(said):
            yield from _listed(path.parent / other[1], seen)
        else:
            yield _OPTION.split(said)[0]


def _readable(lines: Iterable[str]) -> Iterator[str]:
    """Those lines that are requirements, and hold on this machine."""
    for line in lines:
        try:
            found = Requirement(line)
        except InvalidRequirement:
            continue
        if found.marker is None or found.marker.evaluate():
            yield line


def _imported(files: Mapping[str, Path]) -> Mapping[str, list[str]]:
    """The modules that are there and the files that import them, but the standard library and ours.

    A line of prose may begin with `from`, too.
    """
    own = {name.partition("/")[0].partition(".")[0] for name in files}
    others = own | _OWN_MODULES | sys.stdlib_module_names
    found: dict[str, list[str]] = defaultdict(list)
    for name, path in files.items():
        if name.endswith(".py"):
            for module in imported_modules(path.read_text(encoding="utf-8", errors="replace")):
                if module.partition(".")[0] not in others:
                    found[module].append(name)
    return {name: found[name] for name in sorted(found) if _is_there(name.partition(".")[0])}


def _place_of(module: str, files: Mapping[str, Path]) -> Place | None:
    """Where code first imports the module; None where prose alone seems to."""
    for name, path in files.items():
        with suppress(SyntaxError, ValueError):  # as of a file with a null byte
            for node in ast.walk(syntax_tree(path.read_bytes())):
                match node:
                    case ast.Import(names=names) if module in {each.name for each in names}:
                        return Place(name, node.lineno)
                    case ast.ImportFrom(module=origin, level=0) if module == origin:
                        return Place(name, node.lineno)
                    case _:
                        pass
    return None


def _is_there(top: str) -> bool:
    try:
        return top in sys.modules or find_spec(top) is not None
    except (ImportError, ValueError):
        return False
