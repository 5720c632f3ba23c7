"""On which line of a TOML text each key stands, which TOML readers do not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

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


@dataclass(frozen=True, slots=True)
class HeaderText:
    """The TOML of a header; its first line is `first_line` of the file."""

    toml: str = ""
    first_line: int = 1

    def line(self, path: KeyPath) -> int:
        """The line of the file where the key `path` stands, or the nearest key above it.

        Read from the text at each call: only an error asks.
        """
        lines = _key_lines(self.toml, self.first_line)
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, self.first_line)


def _key_lines(toml: str, first_line: int) -> Mapping[KeyPath, int]:
    """The line of each key of `toml` by the key's path.

    Keys of inline tables are there too; of equal paths (in an array of tables) the last wins.
    """
    lines: dict[KeyPath, int] = {}
    for path, offset in _keys(toml):
        line = first_line + toml.count("\n", 0, offset)
        for length in range(1, len(path)):
            lines.setdefault(path[:length], line)
        lines[path] = line
    return lines


def _keys(toml: str) -> Iterator[tuple[KeyPath, int]]:
    """Each key's path and offset, in the order of the text."""
    table: KeyPath = ()
    open_tables: list[KeyPath] = []  # the inline tables and arrays that we are in
    last: KeyPath = ()
    for token in _TOKEN.finditer(toml):
        kind, text = token.lastgroup, token.group()
        if kind == "table":
            # `[[...]]` inside an array's value is no table: there we are in an open array
            if open_tables:
                open_tables.extend(last for _ in range(text.count("[") - text.count("]")))
                continue
            table = last = _path(token["table_key"])
            yield table, token.start("table_key")
        elif kind == "key":
            last = (open_tables[-1] if open_tables else table) + _path(token["key"])
            yield last, token.start("key")
        elif text in ("{", "["):
            open_tables.append(last)
        elif text in ("}", "]") and open_tables:
            last = open_tables.pop()


def _path(dotted: str) -> KeyPath:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _SPLIT.findall(dotted))
