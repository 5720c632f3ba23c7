"""YAML with the line of each table: what is said of a model has a place."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, Final

import yaml

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bring import ForeignFileError
from flowforge_assets.project.bring.words import Words, table

LINE: Final = "__line__"
"""The key under which a table has its line."""


class _Loader(yaml.SafeLoader):
    """Reads plain values only, and notes lines."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - the library's own signature
    ) -> dict[Hashable, Any]:
        found = super().construct_mapping(node, deep=deep)
        found[LINE] = node.start_mark.line + 1
        return found


def read_yaml(path: Path, *, shown_as: str) -> Words:
    """The table that the file holds; an empty one if it is empty.

    Raises:
        ForeignFileError: it cannot be read (FF-141).
    """
    try:
        value = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_Loader)  # noqa: S506 - safe
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = str(getattr(error, "problem", None) or "it cannot be read")
        place = Place(shown_as, mark.line + 1 if mark is not None else 0)
        message, hint = f"the file is not YAML: {said}", "mend it there"
        raise ForeignFileError(message, place=place, hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        said = (getattr(error, "strerror", None) or "it is not UTF-8").lower()
        message = f"`{shown_as}` cannot be read: {said}"
        hint = "it must be a text in UTF-8 that you may read"
        raise ForeignFileError(message, place=Place(shown_as), hint=hint) from error
    return table(value)


def line_of(words: Words) -> int:
    """The line on which the table begins; 0 where that is not known."""
    line = words.get(LINE)
    return line if isinstance(line, int) else 0
