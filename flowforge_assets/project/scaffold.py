"""New projects, and new assets in a project: the files that people start from."""

from __future__ import annotations

import keyword
import re
import secrets
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from string import Template
from typing import Final, Literal, TypeAlias

from flowforge_assets.core.key import LAYERS, DatasetKey
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.project import FolderInUseError, NotWritableError, UsageError
from flowforge_assets.project.class_source import class_name_of, name_option
from flowforge_assets.project.config import FILE_NAME, ProjectConfig
from flowforge_assets.project.declared import refuse_declared
from flowforge_assets.project.sql_files import FOLDER

_TEMPLATES: Final = Path(__file__).parent / "templates"
ProjectKind: TypeAlias = Literal["python", "sql", "flights"]

_PYTHON: Final = {
    FILE_NAME: "init/flowforge.toml",
    "pyproject.toml": "init/pyproject.toml",
    ".gitignore": "init/gitignore",
    "$package/__init__.py": "init/package.py",
}
_PROJECTS: Final[Mapping[ProjectKind, Mapping[str, str]]] = {
    "python": {
        **_PYTHON,
        "$package/datasets.py": "init/datasets.py",
        "$package/assets.py": "init/assets.py",
        f"{FOLDER}/gold/sales.sql": "init/sales.sql",
        "data/orders.csv": "init/orders.csv",
        "tests/test_assets.py": "init/test_assets.py",
    },
    "sql": {
        FILE_NAME: "sql/flowforge.toml",
        ".gitignore": "init/gitignore",
        f"{FOLDER}/bronze/raw_customers.csv": "sql/customers.csv",
        f"{FOLDER}/bronze/raw_orders.csv": "sql/orders.csv",
        f"{FOLDER}/silver/customers.sql": "sql/customers.sql",
        f"{FOLDER}/silver/orders.sql": "sql/orders.sql",
        f"{FOLDER}/silver/orders.test.toml": "sql/orders.test.toml",
        f"{FOLDER}/gold/sales.sql": "sql/sales.sql",
    },
    "flights": {
        **_PYTHON,
        "$package/datasets.py": "flights/datasets.py",
        "$package/assets.py": "flights/assets.py",
        f"{FOLDER}/gold/carrier_delays.sql": "flights/carrier_delays.sql",
        "data/flights.csv": "flights/flights.csv",
        "data/carriers.csv": "flights/carriers.csv",
        "tests/test_assets.py": "flights/test_assets.py",
    },
}
"""The files of a new project and the templates that they are made of."""


@dataclass(frozen=True, slots=True)
class NewAsset:
    """The file of a new asset; `module` must be added to the project's `modules`, if any."""

    path: Path
    module: str | None


def make_project(folder: Path, kind: ProjectKind = "python") -> list[Path]:
    """Writes a small project into `folder`, which is made if need be; gives its files.

    `python` has functions and a query, `sql` queries and seeds alone, `flights` daily partitions.

    A folder with other files is used as it is: nothing that is there is changed.

    Raises:
        FolderInUseError: one of the files is there already; nothing was written (FF-810).
        NotWritableError: the folder cannot be written (FF-811).
    """
    words = {"package": _package_name(folder.resolve()), "id": secrets.token_hex(4)}
    files = {
        folder / Template(name).substitute(words): _filled(template, words)
        for name, template in _PROJECTS[kind].items()
    }
    _write_all(files)
    return list(files)


def make_asset(config: ProjectConfig, key: str, *, sql: bool) -> NewAsset:
    """Writes a file that declares the dataset `key` and the asset that makes it.

    Raises:
        UsageError: `key` is no dataset's (FF-809).
        DeclaredAlreadyError: the project declares it (FF-823).
        FolderInUseError: the file is there already (FF-810).
        NotWritableError: the folder cannot be written (FF-811).
    """
    dataset = _read_key(key)
    refuse_declared(config, dataset)
    if sql:
        path = config.root / FOLDER / Path(*dataset.split(".")).with_suffix(".sql")
        _write_all({path: _filled("new/asset.sql", {})})
        return NewAsset(path, None)
    name = dataset.name.replace(".", "_")
    package = next((m for m in config.modules if (_folder(config, m)).is_dir()), None)
    path = (config.root if package is None else _folder(config, package)) / f"{name}.py"
    class_name = class_name_of(dataset.name)
    words = {
        "key": dataset,
        "names": ", ".join(sorted(["Col", "Rows", dataset.layer.capitalize()])),
        "layer": dataset.layer.capitalize(),
        "class_name": class_name,
        "options": name_option(dataset.name, class_name),
        "function": name,
    }
    _write_all({path: _filled("new/asset.py", words)})
    return NewAsset(path, name if package is None else None)


def _folder(config: ProjectConfig, module: str) -> Path:
    return config.root / Path(*module.split("."))


def _read_key(text: str) -> DatasetKey:
    try:
        key = DatasetKey.parse(text)
    except ValueError as error:
        head, _, rest = text.partition(".")
        layer = did_you_mean(head, LAYERS) if rest and head not in LAYERS else None
        hint = layer or f"write a layer and a name: `silver.{rest or head or 'orders'}`".lower()
        raise UsageError(f"`{text}` is no dataset key", hint=hint) from error
    if any(keyword.iskeyword(part) for part in key.name.split(".")) or key.project:
        raise UsageError(f"`{text}` cannot be declared here", hint="take another name")
    return key


def _package_name(folder: Path) -> str:
    """A name for the project's package: the folder's, unless Python would find another by it."""
    name = re.sub(r"\W+", "_", folder.name.lower(), flags=re.ASCII).strip("_")
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"project_{name}".rstrip("_")
    installed = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    is_installed = PathFinder.find_spec(name, installed) is not None
    is_taken = is_installed or name in {*sys.stdlib_module_names, FOLDER, "data", "tests"}
    return f"{name}_project" if is_taken else name


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = (_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(words)


def _write_all(files: Mapping[Path, str]) -> None:
    """Writes the files, or none when one is there already."""
    for path in files:
        if path.exists():
            hint = (
                "name another folder" if len(files) > 1 else "take another name, or edit the file"
            )
            raise FolderInUseError(f"`{path}` is there already", hint=hint)
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            said = (error.strerror or type(error).__name__).lower()
            raise NotWritableError(f"`{path}` cannot be written: {said}") from error
