"""A `.sql` file: its header, its query, and where each character stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.sql import SqlFileError, SqlHeaderError
from flowforge_assets.sql.header import SqlHeader
from flowforge_assets.sql.header_read import read_header
from flowforge_assets.sql.toml_text import TomlText

_HEADER = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
_HEADER_START = re.compile(r"\s*/\*")
_SHOWN_LENGTH = 80


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A `.sql` file as read.

    `query` is the text after the header, which starts at `query_line` and `query_column` (1-based)
    of the file. `digest` is that of the whole text: equal digests mean equal files.
    """

    path: Path
    shown_as: str
    header: SqlHeader
    query: str
    query_line: int
    query_column: int
    digest: str

    def place(self, offset: int) -> Place:
        """Where the character `offset` of the query stands in the file, with its line of text."""
        offset = min(max(offset, 0), len(self.query))
        line_start = self.query.rfind("\n", 0, offset) + 1
        line = self.query.count("\n", 0, offset)
        column = offset - line_start + (1 if line else self.query_column)
        text = self.query[line_start:].partition("\n")[0].strip()
        if len(text) > _SHOWN_LENGTH:
            text = f"{text[: _SHOWN_LENGTH - 3]}..."
        return Place(self.shown_as, self.query_line + line, column, text)

    def place_at(self, line: int, column: int) -> Place:
        """The place of that line and column of the file, with its line of text."""
        index = line - self.query_line
        start = len("\n".join(self.query.split("\n")[:index])) + (1 if index else 0)
        return self.place(start + column - (1 if index else self.query_column))


def read_sql_file(path: Path, *, shown_as: str) -> SqlFile:
    """The `.sql` file at `path`, called `shown_as` in errors.

    Raises:
        SqlFileError: it cannot be read (FF-401).
        SqlHeaderError: its first block comment is not TOML (FF-402).
        SqlHeaderKeyError: a key of the header means nothing (FF-403).
        SqlHeaderValueError: a value of the header has the wrong form (FF-404).
        Problems: several of the last two.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SqlFileError(
            f"`{shown_as}` cannot be read: {(error.strerror or 'unknown reason').lower()}",
            place=Place(shown_as),
            hint="correct the path, or the file's permissions",
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SqlFileError(
            f"`{shown_as}` is not UTF-8",
            place=Place(shown_as, content.count(b"\n", 0, error.start) + 1),
            hint="save the file in UTF-8",
        ) from error
    return read_sql_text(text.replace("\r\n", "\n"), path=path, shown_as=shown_as)


def read_sql_text(text: str, *, path: Path, shown_as: str) -> SqlFile:
    """The same as `read_sql_file` for a text in hand."""
    header, start = SqlHeader(text=TomlText(shown_as=shown_as)), 0
    if _HEADER_START.match(text):
        match = _HEADER.match(text)
        if match is None:
            raise SqlHeaderError(
                "the header is not closed",
                place=Place(shown_as, text.count("\n", 0, text.index("/*")) + 1),
                hint="end the first comment with `*/`",
            )
        first_line = text.count("\n", 0, match.start(1)) + 1
        header = read_header(TomlText(match[1], first_line, shown_as))
        start = match.end()
    return SqlFile(
        path=path,
        shown_as=shown_as,
        header=header,
        query=text[start:],
        query_line=text.count("\n", 0, start) + 1,
        query_column=start - (text.rfind("\n", 0, start) + 1) + 1,
        digest=sha256(text.encode()).hexdigest(),
    )
