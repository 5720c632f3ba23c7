"""Colour for a terminal that has it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TextIO, TypeAlias

Style: TypeAlias = Literal["", "bold", "dim", "red", "green", "yellow", "blue", "cyan"]

_CODES: Final[dict[Style, str]] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}


class Text(NamedTuple):
    """A piece of text and how it looks."""

    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True)
class Paint:
    """Dresses text for one stream."""

    has_colour: bool

    @classmethod
    def of(cls, stream: TextIO) -> Paint:
        """For `stream`: colour on a terminal unless `NO_COLOR` is set; `FORCE_COLOR` forces it."""
        if os.environ.get("NO_COLOR"):
            return cls(has_colour=False)
        if os.environ.get("FORCE_COLOR"):
            return cls(has_colour=True)
        return cls(has_colour=stream.isatty() and os.environ.get("TERM") != "dumb")

    def __call__(self, text: str, style: Style) -> str:
        """`text` in `style`."""
        if not (self.has_colour and style and text):
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"

    def line(self, pieces: Iterable[Text | str]) -> str:
        """Pieces one after another."""
        return "".join(p if isinstance(p, str) else self(*p) for p in pieces)

    def table(
        self, rows: Sequence[Sequence[Text | str]], *, right: Iterable[int] = ()
    ) -> list[str]:
        """Rows in aligned columns, two spaces apart; those of the indexes `right` end together."""
        cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
        count = max((len(row) for row in cells), default=0)
        widths = [max(len(row[i].text) for row in cells if i < len(row)) for i in range(count)]
        ends = set(right)
        lines: list[str] = []
        for row in cells:
            parts: list[str] = []
            for i, cell in enumerate(row):
                if not widths[i]:
                    continue
                gap = " " * (widths[i] - len(cell.text))
                shown = self(*cell)
                parts.append(gap + shown if i in ends else shown + gap)
            lines.append("  ".join(parts).rstrip())
        return lines
