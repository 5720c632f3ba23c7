"""The folders that rivals write to."""

from __future__ import annotations

import shutil
from pathlib import Path


def empty(tables: Path) -> None:
    """An empty folder for the tables of one run."""
    shutil.rmtree(tables, ignore_errors=True)
    tables.mkdir(parents=True)
