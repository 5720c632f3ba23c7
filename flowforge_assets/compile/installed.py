"""What is installed here, as lines that pip takes as constraints."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Final

_DISTRIBUTION: Final = re.compile(r"(.+)-([^-]+)\.dist-info")
_HEAD: Final = "# What was installed where this was compiled: constraints for pip.\n"


def lock_text(path: Iterable[str] | None = None) -> str:
    """`name==version` a line, sorted, of all packages on Python's import path.

    Taken from the names of their folders (PyPA's specification of recorded projects, read
    2026-11): their metadata, read one by one, would cost more than a project's whole compilation.
    """
    found: dict[str, str] = {}
    for folder in sys.path if path is None else path:
        for name in _names_in(folder):
            distribution = _DISTRIBUTION.fullmatch(name)
            if distribution is not None:
                plain = re.sub(r"[-_.]+", "-", distribution[1]).lower()
                found.setdefault(plain, distribution[2].replace("_", "-"))
    return _HEAD + "".join(f"{name}=={found[name]}\n" for name in sorted(found))


def _names_in(folder: str) -> list[str]:
    """What is in a folder of the import path, which may be a file or nothing."""
    try:
        with os.scandir(folder or ".") as entries:
            return sorted(entry.name for entry in entries)
    except OSError:
        return []
