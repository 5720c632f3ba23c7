"""The warehouse that a project's SQL is written for, as its profile says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from flowforge_assets.project.bring.words import table, text
from flowforge_assets.project.bring.yaml_text import read_yaml
from flowforge_assets.project.from_dbt.files import read_head

_FILE: Final = "profiles.yml"


def adapter_of(root: Path, target: str) -> str:
    """The adapter of the project's profile beside it or where dbt looks; DuckDB where none is.

    Nothing else of the profile is read: it may hold passwords.

    Raises:
        ForeignProjectError: there is no dbt project (FF-140).
        ForeignFileError: one of the two files cannot be read (FF-141).
    """
    profile = text(read_head(root).get("profile"))
    folders = [root, Path(os.environ.get("DBT_PROFILES_DIR", root)), Path.home() / ".dbt"]
    for folder in folders:
        path = folder / _FILE
        if path.is_file():
            words = table(read_yaml(path, shown_as=_FILE).get(profile))
            outputs = table(words.get("outputs"))
            chosen = target if target in outputs else text(words.get("target"))
            found = text(table(outputs.get(chosen)).get("type"))
            if found:
                return found
    return "duckdb"
