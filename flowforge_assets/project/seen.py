"""What a module means by its names: tests, notebooks and scripts have no project file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.artifact import Artifact
from flowforge_assets.declare.asset import DECLARED, AnyDataset, CheckOptions, SqlOptions
from flowforge_assets.declare.dataset import ROOTS, Dataset
from flowforge_assets.declare.signature import read_asset
from flowforge_assets.declare.sql_asset import DECLARED_SQL
from flowforge_assets.declare.sql_function import read_sql_function
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.project.config import FILE_NAME, ProjectConfig, read_config
from flowforge_assets.project.foreign import import_foreign
from flowforge_assets.project.modules import import_modules
from flowforge_assets.project.uses import NO_OTHERS, Foreign


def seen_from(names: Mapping[str, object], folder: Path) -> tuple[ProjectConfig, set[str], Foreign]:
    """The settings and modules of who has the global `names` and works in `folder`.

    Those of the project in the folder, if it holds one, and all that the names mean. In a
    notebook, what a cell that was run again has replaced is forgotten.

    Raises:
        FlowForgeError: the project file or a module is wrong.
    """
    config = ProjectConfig(folder, folder.name, (), {})
    modules: set[str] = set()
    foreign = NO_OTHERS
    if (folder / FILE_NAME).exists():
        config = read_config(folder)
        foreign = import_foreign(config, folder / ".flowforge" / "cache")
        modules.update(import_modules(folder, config.modules))
    if "__file__" not in names:
        _forget_replaced(str(names.get("__name__", "__main__")))
    return config, modules | modules_seen(names), foreign


def modules_seen(globals_: Mapping[str, object], named: Iterable[object] = ()) -> set[str]:
    """The modules whose declarations a module means: its own, and those that it imports from.

    Of a package that it imports from, all modules that are imported count, so that datasets and
    the assets that make them may stand apart. `globals_` are the module's names; `named` is
    meant besides.
    """
    declaring = {module for module, _ in (*DECLARED, *DECLARED_SQL)}
    own = str(globals_.get("__name__", "__main__"))
    seen = {own}
    for value in (*globals_.values(), *named):
        name = "__name__" if isinstance(value, ModuleType) else "__module__"
        module = getattr(value, name, None)
        if isinstance(module, str) and (module in declaring or is_dataset(value)):
            seen.add(module)
    packages = {name.partition(".")[0] for name in seen} - {own.partition(".")[0]}
    return seen | {name for name in declaring if name.partition(".")[0] in packages}


def is_dataset(value: object) -> TypeGuard[AnyDataset]:
    """Whether it is a dataset class of the user's."""
    if not isinstance(value, type) or value in ROOTS or value is Artifact:
        return False
    return issubclass(value, (Dataset, Artifact))


def _forget_replaced(module: str) -> None:
    """Forgets the module's assets whose datasets others make that it declared later.

    A notebook's cell that is run again with another name in it leaves the old function behind.
    """
    claimed: set[DatasetKey] = set()
    for key, declared in reversed(list(DECLARED.items())):
        if key[0] != module or isinstance(declared.options, CheckOptions):
            continue
        try:
            if isinstance(declared.options, SqlOptions):
                made = {read_sql_function(declared, {}).makes}
            else:
                made = {output.dataset for output in read_asset(declared, {}).makes}
        except FlowForgeError:  # collection tells it
            continue
        if made and made <= claimed:
            del DECLARED[key]
        claimed |= made
