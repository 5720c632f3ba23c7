"""Texts of SQL as they stand in files, and queries that are put together from several of them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from flowforge_assets.errors.base import Place

_SHOWN_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the file `shown_as`; `line` and `column` are those of its first character.

    Of a text that the file does not hold as it is, `column` is 0: no columns are known. Its lines
    are those of the file, or, where it is `made` by what stands at `line`, all that one.
    """

    shown_as: str
    text: str
    line: int = 1
    column: int = 1
    made: bool = False

    def place(self, offset: int) -> Place:
        """Where the character `offset` stands in the file, with its line of text."""
        offset = min(max(offset, 0), len(self.text))
        line_start = self.text.rfind("\n", 0, offset) + 1
        line = 0 if self.made else self.text.count("\n", 0, offset)
        column = offset - line_start + (1 if line else self.column) if self.column else 0
        whole = self.text[line_start:].partition("\n")[0]
        text = whole.strip()
        caret = offset - line_start - (len(whole) - len(whole.lstrip()))
        if len(text) <= _SHOWN_LENGTH:
            return Place(self.shown_as, self.line + line, column, text, caret)
        shown = f"{text[: _SHOWN_LENGTH - 3]}..."
        is_shown = caret < _SHOWN_LENGTH - 3
        return Place(self.shown_as, self.line + line, column, shown, caret if is_shown else None)

    def offset(self, line: int, column: int) -> int:
        """The offset of that line and column of the file; the line's start without a column."""
        index = line - self.line
        start = len("\n".join(self.text.split("\n")[:index])) + (1 if index else 0)
        return start + max(column - (1 if index else self.column), 0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a query from `start` on: `length` characters of `written` from `offset` on.

    One of no length is made up, and belongs there. `call` is the offset in the query's own text of
    what brought it in: a macro's call, or itself.
    """

    start: int
    written: Written
    offset: int
    length: int
    call: int


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a query was before its macros were written out, and where each part comes from."""

    own: str
    pieces: tuple[Piece, ...]

    def place(self, offset: int) -> Place:
        """Where the character stands: in the query's own file, or in that of a macro."""
        piece = self._piece(offset)
        return piece.written.place(piece.offset + min(offset - piece.start, piece.length))

    def own_offset(self, offset: int) -> int:
        """The character of the own text that stands for it: the call, if a macro brought it."""
        piece = self._piece(offset)
        is_own = piece.written.text == self.own and piece.call == piece.offset
        return piece.offset + min(offset - piece.start, piece.length) if is_own else piece.call

    def _piece(self, offset: int) -> Piece:
        at = bisect_right(self.pieces, offset, key=lambda piece: piece.start) - 1
        return self.pieces[max(at, 0)]
