"""`[uses.NAME]`: other projects, whose datasets may be read and are never made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.project import UsedProjectError

if TYPE_CHECKING:
    from flowforge_assets.project.config import ProjectConfig


@dataclass(frozen=True, slots=True)
class Use:
    """Another project by the name it has here: in a folder, or in an installed package."""

    name: str
    env: str
    package: str | None = None
    path: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """What the used projects declare: datasets by the key that they have here.

    `owners` maps top-level modules to the projects that they belong to.
    """

    datasets: Mapping[DatasetKey, DatasetDefinition] = field(
        default_factory=dict[DatasetKey, DatasetDefinition]
    )
    owners: Mapping[str, str] = field(default_factory=dict[str, str])


NO_OTHERS: Final = Foreign()


def folder_of(use: Use, root: Path) -> Path:
    """The folder with the other project's `flowforge.toml`; `path` is taken from `root`.

    Of a package it is the package's own folder, or the one around it.

    Raises:
        UsedProjectError: there is no such folder or package, or it holds no project (FF-812).
    """
    if use.path is not None:
        folder = (root / use.path).resolve()
        if _has_project(folder):
            return folder
        message = f"`[uses.{use.name}]` names `{use.path}`, which holds no `flowforge.toml`"
        hint = "`path` is the other project's folder, from this project's"
        raise UsedProjectError(message, place=use.place, hint=hint)
    package = use.package or use.name
    try:
        spec = find_spec(package)
    except (ImportError, ValueError) as error:
        raise _not_installed(use, package) from error
    if spec is None:
        raise _not_installed(use, package)
    for found in spec.submodule_search_locations or ():
        for folder in (Path(found), Path(found).parent):
            if _has_project(folder):
                return folder.resolve()
    message = f"the package `{package}` of `[uses.{use.name}]` carries no `flowforge.toml`"
    hint = f"ship the file inside of `{package}`, or name the project's folder with `path`"
    raise UsedProjectError(message, place=use.place, hint=hint)


def refuse_clash(use: Use, ours: ProjectConfig, theirs: ProjectConfig) -> None:
    """Lets two projects pass whose modules have other names.

    Raises:
        UsedProjectError: both have a module of one name, of which Python can load one (FF-812).
    """
    tops = {name.partition(".")[0] for name in ours.modules}
    both = sorted(tops & {name.partition(".")[0] for name in theirs.modules})
    if both:
        message = f"this project and `{use.name}` both have a module `{both[0]}`"
        hint = f"put one of them into a package: `{use.name}_{both[0]}`, say"
        raise UsedProjectError(message, place=use.place, hint=hint)


def _has_project(folder: Path) -> bool:
    return (folder / "flowforge.toml").is_file()


def _not_installed(use: Use, package: str) -> UsedProjectError:
    message = f"the package `{package}` of `[uses.{use.name}]` is not installed"
    hint = 'install it, or name the project\'s folder: `path = "../finance"`'
    return UsedProjectError(message, place=use.place, hint=hint)
