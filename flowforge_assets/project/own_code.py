"""Which modules are the project's own code, and which are other people's."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Final

_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
_OURS: Final = frozenset({"flowforge_assets", "flowforge_connectors"})  # wherever it lies


class OwnCode:
    """The modules named, and those that lie in the same folders beside them.

    A function from any other module counts by its name only: other people's code changes with
    its version, which a lock file holds.
    """

    def __init__(self, modules: Iterable[str]) -> None:
        """Own code are `modules` and what is imported from beside them."""
        self._known = dict.fromkeys(modules, True)
        self._roots = tuple({root for name in self._known if (root := _root(name)) is not None})

    def has(self, module: str) -> bool:
        """Whether the imported module is the project's."""
        known = self._known.get(module)
        if known is None:
            root = None if module.partition(".")[0] in _OURS else _root(module)
            known = self._known[module] = root is not None and any(
                root == own or own in root.parents for own in self._roots
            )
        return known

    def portable(self, path: PurePath) -> str:
        """The path, from the project's folder if it lies below: a moved project is no other."""
        for root in self._roots:
            if path.is_relative_to(root):
                return f"project:{path.relative_to(root).as_posix()}"
        return path.as_posix()


def _root(module: str) -> Path | None:
    """The folder from which the module is imported; None if it is installed, or in no file."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return None
    path = Path(file)
    is_package = path.stem == "__init__"
    root = path.parents[module.count(".") + is_package] if file else path
    return None if _INSTALLED & set(root.parts) else root
