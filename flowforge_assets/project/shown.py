"""Files as people see them: from the project's folder, or from where they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from flowforge_assets.errors.base import Place


def shown_under(root: Path) -> Callable[[Place], Place]:
    """Places with their file as seen from the project's folder `root`."""

    @cache
    def relative(file: str) -> str:
        path = Path(file)
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
        return os.path.relpath(file) if path.is_absolute() else file

    return lambda place: replace(place, file=relative(place.file))
