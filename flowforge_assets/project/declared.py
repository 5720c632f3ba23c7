"""Whether a project declares anything, and whether it declares a dataset already."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.errors.adoption import DeclaredAlreadyError, NothingDeclaredError
from flowforge_assets.errors.base import FlowForgeError, Place
from flowforge_assets.project.collect import collect
from flowforge_assets.project.config import FILE_NAME, ProjectConfig
from flowforge_assets.project.foreign import import_foreign
from flowforge_assets.project.modules import import_modules
from flowforge_assets.project.sql_files import FOLDER
from flowforge_assets.project.sync import sync_module
from flowforge_assets.project.uses import NO_OTHERS, Foreign
from flowforge_assets.sql.analysis import SqlAnalysis


def declared_by(
    config: ProjectConfig,
    modules: Iterable[str],
    sql: SqlAnalysis,
    foreign: Foreign = NO_OTHERS,
    *,
    env: str = "dev",
) -> Definitions:
    """What a project declares: its imported modules, its files, and what it reads of others.

    Queries ask for the variables of `env`.

    Raises:
        Problems: all that is declared wrongly (FF-1xx, FF-4xx), sorted by file and line.
    """
    return collect(
        config.root,
        modules,
        sql,
        defaults=config.defaults,
        synced=sync_module(config),
        foreign=foreign,
        variables=config.variables_of(env),
    )


def refuse_nothing(config: ProjectConfig) -> None:
    """Refuses a project that cannot declare anything: no modules, and no files of assets.

    Raises:
        NothingDeclaredError: it names no modules and has nothing below `assets/` (FF-822).
    """
    if config.modules or any(path.is_file() for path in (config.root / FOLDER).rglob("*")):
        return
    package = next((path.parent.name for path in sorted(config.root.glob("*/__init__.py"))), "shop")
    message = f"the project declares nothing: no modules, and no files below `{FOLDER}/`"
    hint = (
        f'name its package in `[project]`: `modules = ["{package}"]`; or write '
        f"`{FOLDER}/silver/orders.sql`; or start with `flowforge new silver.orders`"
    )
    raise NothingDeclaredError(message, place=Place(FILE_NAME), hint=hint)


def refuse_declared(config: ProjectConfig, key: DatasetKey) -> None:
    """Refuses a dataset that the project declares, as far as the project can be read.

    Raises:
        DeclaredAlreadyError: it does, in the place that is named (FF-823).
    """
    definitions = _definitions(config)
    found = definitions.datasets.get(key) if definitions is not None else None
    if found is not None:
        place = Place(str(Path(config.root) / found.place.file), found.place.line)
        message = f"`{key}` is declared already"
        raise DeclaredAlreadyError(message, place=place, hint="take another name, or edit it there")


def _definitions(config: ProjectConfig) -> Definitions | None:
    """What the project declares; None where it is broken, as `flowforge check` says at length."""
    try:
        caches = config.root / ".flowforge" / "cache"
        foreign = import_foreign(config, caches)
        modules = import_modules(config.root, config.modules)
        with SqlAnalysis(caches / "sql.json") as sql:
            return declared_by(config, modules, sql, foreign)
    except FlowForgeError:
        return None
