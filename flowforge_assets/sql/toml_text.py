"""A text in TOML, and on which line of its file each key stands, which TOML readers do not tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from flowforge_assets.errors.base import Place

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*"
_TOKEN = re.compile(
    rf'''(?P<long>"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\')
    | (?P<table>^[ \t]*\[\[?[ \t]*(?P<table_key>{_DOTTED})[ \t]*\]\]?)
    | (?P<key>{_DOTTED})[ \t]*=
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    | (?P<comment>\#[^\n]*)
    | (?P<mark>[{{}}\[\],\n])
    | (?P<other>[^\s])''',
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_SPLIT = re.compile(_PART)

KeyPath: TypeAlias = tuple[str, ...]
"""The names that lead to a value; an item of a list is named by its number, from `0`."""


@dataclass(frozen=True, slots=True)
class TomlText:
    """TOML that starts at `first_line` of the file `shown_as`.

    `below` is the path of the table that is meant, where the text holds others too.
    """

    toml: str = ""
    first_line: int = 1
    shown_as: str = ""
    below: KeyPath = ()

    def place(self, path: KeyPath) -> Place:
        """Where the key `path` stands, or the nearest key above it.

        Read from the text at each call: only an error asks.
        """
        lines = _key_lines(self.toml, self.first_line)
        whole = (*self.below, *path)
        while whole and whole not in lines:
            whole = whole[:-1]
        return Place(self.shown_as, lines.get(whole, self.first_line))

    def has(self, path: KeyPath) -> bool:
        """Whether the key `path` stands in it."""
        return (*self.below, *path) in _key_lines(self.toml, self.first_line)


def _key_lines(toml: str, first_line: int) -> Mapping[KeyPath, int]:
    """The line of each key of `toml` by the key's path; keys of inline tables are there too."""
    lines: dict[KeyPath, int] = {}
    for path, offset in _Keys().of(toml):
        line = first_line + toml.count("\n", 0, offset)
        for length in range(1, len(path)):
            lines.setdefault(path[:length], line)
        lines[path] = line
    return lines


@dataclass(slots=True)
class _Open:
    """An inline table or list that we are in; `item` is the number of the list's present item."""

    path: KeyPath
    is_list: bool
    item: int = 0

    def inside(self) -> KeyPath:
        return (*self.path, str(self.item)) if self.is_list else self.path


class _Keys:
    """Walks a text and finds its keys."""

    def __init__(self) -> None:
        self.tables: Counter[KeyPath] = Counter()  # how many `[[name]]` there were
        self.table: KeyPath = ()
        self.open: list[_Open] = []
        self.last: KeyPath = ()

    def of(self, toml: str) -> Iterator[tuple[KeyPath, int]]:
        """Each key's path and offset, in the order of the text."""
        for token in _TOKEN.finditer(toml):
            kind, text = token.lastgroup, token.group()
            if kind == "table":
                # `[[...]]` inside a list's value is no table
                if self.open:
                    for _ in range(text.count("[") - text.count("]")):
                        self.enter(is_list=True)
                    continue
                is_item = text.lstrip().startswith("[[")
                self.table = self.last = self.table_path(_path(token["table_key"]), is_item)
                yield self.table, token.start("table_key")
            elif kind == "key":
                around = self.open[-1].inside() if self.open else self.table
                self.last = around + _path(token["key"])
                yield self.last, token.start("key")
            elif text in ("{", "["):
                if self.open and self.open[-1].is_list:
                    yield self.open[-1].inside(), token.start()
                self.enter(is_list=text == "[")
            elif text in ("}", "]") and self.open:
                self.last = self.open.pop().path
            elif text == "," and self.open:
                self.open[-1].item += 1

    def enter(self, *, is_list: bool) -> None:
        """Goes into an inline table or list: that of the last key, or the next item of a list."""
        is_item = bool(self.open) and self.open[-1].is_list
        self.open.append(_Open(self.open[-1].inside() if is_item else self.last, is_list))

    def table_path(self, names: KeyPath, is_item: bool) -> KeyPath:  # noqa: FBT001 - of this file
        """The path of a table, with the number of the list's item at each `[[name]]` above it."""
        path: KeyPath = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in self.tables:
                path = (*path, str(self.tables[path] - 1))
        path = (*path, names[-1])
        if not is_item:
            return path
        self.tables[path] += 1
        return (*path, str(self.tables[path] - 1))


def _path(dotted: str) -> KeyPath:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _SPLIT.findall(dotted))
