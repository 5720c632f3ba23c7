"""`[assets."silver/*"]` in the project file: what the headers of a folder's files need not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from flowforge_assets.core.key import LAYERS
from flowforge_assets.errors.base import FlowForgeError, Problems, did_you_mean
from flowforge_assets.errors.sql import SqlHeaderValueError
from flowforge_assets.sql.header import SqlHeader
from flowforge_assets.sql.header_read import DATASET_KEYS, SQL_KEYS, header_of
from flowforge_assets.sql.toml_reader import Toml
from flowforge_assets.sql.toml_text import TomlText

TABLE: Final = "assets"
_WILD: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class FolderDefaults:
    """A header for the files whose path below `assets/`, without its suffix, fits `pattern`.

    `*` stands for any text, folders too.
    """

    pattern: str
    header: SqlHeader

    @property
    def exactness(self) -> tuple[int, int]:
        """How much of the pattern is said outright: the greater wins over the lesser."""
        return sum(letter not in _WILD for letter in self.pattern), -len(self.pattern)


def read_defaults(
    tables: Mapping[str, Toml], text: TomlText, problems: list[FlowForgeError]
) -> tuple[FolderDefaults, ...]:
    """The tables below `assets` of the project file `text`; what is wrong is added to `problems`.

    The most exact comes first.
    """
    found: list[FolderDefaults] = []
    for pattern, values in tables.items():
        below = replace(text, below=(TABLE, pattern))
        layer = pattern.partition("/")[0]
        if not isinstance(values, dict) or not (layer in LAYERS or _WILD & set(layer)):
            problems.append(_no_pattern(pattern, below))
            continue
        try:
            found.append(FolderDefaults(pattern, header_of(values, below, allowed=SQL_KEYS)))
        except FlowForgeError as error:
            problems += error.errors if isinstance(error, Problems) else [error]
    return tuple(sorted(found, key=lambda each: each.exactness, reverse=True))


def with_defaults(
    header: SqlHeader, path: str, defaults: Iterable[FolderDefaults], *, is_tied: bool
) -> SqlHeader:
    """The header of the file at `path` (`silver/orders`), with those of its folders under it.

    That of a file tied to a class takes only what the class does not say.
    """
    for each in defaults:
        if fnmatchcase(path, each.pattern):
            header = header.over(_beside_a_class(each.header) if is_tied else each.header)
    return header


def _beside_a_class(header: SqlHeader) -> SqlHeader:
    nothing = SqlHeader()
    silent = {name: getattr(nothing, name) for name in DATASET_KEYS}
    return replace(header, **silent, said=header.said - set(DATASET_KEYS))


def _no_pattern(pattern: str, text: TomlText) -> SqlHeaderValueError:
    layer, slash, rest = pattern.partition("/")
    near = did_you_mean(layer, LAYERS) if slash else None
    return SqlHeaderValueError(
        f'`[{TABLE}."{pattern}"]` is no folder of assets with its keys',
        place=text.place(()),
        hint=near or f'write `[{TABLE}."silver/{rest or "*"}"]`, and header keys below it',
    )
