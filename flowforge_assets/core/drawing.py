"""A small table with a title, as text for terminals and as HTML for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Drawing:
    """A title, rows of cells below a header, and lines that follow.

    Columns that are empty in every row are left out.
    """

    title: str
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Lines, the cells of each column below one another."""
        _, rows = self._shown()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([self.title, *lines, *self.notes])

    def html(self) -> str:
        """A fragment of HTML; all that it shows is escaped."""
        header, rows = self._shown()
        parts = [f"<div><strong>{escape(self.title)}</strong>"]
        if rows:
            parts += ["<table>", _row(header, "th"), *(_row(row, "td") for row in rows), "</table>"]
        parts += [f"<pre>{escape(note)}</pre>" for note in self.notes]
        return "".join([*parts, "</div>"])

    def _shown(self) -> tuple[Sequence[str], list[list[str]]]:
        """The header and the rows without the columns that are empty in every row."""
        kept = [at for at in range(len(self.header)) if any(row[at] for row in self.rows)]
        return [self.header[at] for at in kept], [[row[at] for at in kept] for row in self.rows]


def _row(cells: Sequence[str], tag: str) -> str:
    inside = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inside}</tr>"
