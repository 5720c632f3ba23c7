"""A `.sql` file: its header, its query, and where each character stands."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from flowforge_assets.declare.asset import Dialect
from flowforge_assets.declare.definition import AssetDefinition, QueryText
from flowforge_assets.errors.base import Place
from flowforge_assets.errors.sql import SqlFileError, SqlHeaderError
from flowforge_assets.sql.dollars import with_dollars
from flowforge_assets.sql.header import SqlHeader
from flowforge_assets.sql.header_read import read_header
from flowforge_assets.sql.macros import NO_MACROS, Macro, Macros, digest_with, macros_beside
from flowforge_assets.sql.toml_text import TomlText
from flowforge_assets.sql.written import Expansion, Written

_HEADER = re.compile(r"\s*/\*(.*?)\*/", re.DOTALL)
_HEADER_START = re.compile(r"\s*/\*")
_MOST_KEPT: Final = 20_000
_YOUNG_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A `.sql` file as read.

    `query` is the text after the header, which starts at `query_line` and `query_column` (1-based)
    of the file. `digest` is that of the whole text and of the `macros` that the query may call:
    equal digests mean equal files. With an `expansion` these are written out in `query`. Of a text
    that a function `made` no columns are known, and perhaps no lines (see `Written`). `dialect` is
    what the query is written in.
    """

    path: Path
    shown_as: str
    header: SqlHeader
    query: str
    query_line: int
    query_column: int
    digest: str
    macros: tuple[Macro, ...] = ()
    expansion: Expansion | None = field(default=None, repr=False)
    made: bool = False
    dialect: Dialect = "duckdb"

    @property
    def written(self) -> Written:
        """The query as it stands in the file."""
        text = self.query if self.expansion is None else self.expansion.own
        return Written(self.shown_as, text, self.query_line, self.query_column, self.made)

    def place(self, offset: int) -> Place:
        """Where the character `offset` of the query stands, with its line of text.

        That is in a macro's file, if a macro brought it.
        """
        if self.expansion is not None:
            return self.expansion.place(offset)
        return self.written.place(offset)

    def own_place(self, offset: int) -> Place:
        """The same in this file: of what a macro brought, where it is called."""
        own = offset if self.expansion is None else self.expansion.own_offset(offset)
        return self.written.place(own)

    def place_at(self, line: int, column: int) -> Place:
        """The place of that line and column of the file, with its line of text."""
        return self.written.place(self.written.offset(line, column))


def read_sql_file(path: Path, *, shown_as: str, dialect: Dialect | None = None) -> SqlFile:
    """The `.sql` file at `path`, called `shown_as` in errors: the way to it in its project.

    The query may call the project's macros. It is written in `dialect`, or as its header says.
    A file that has not changed since it was read here last is not read again.

    Raises:
        SqlFileError: it cannot be read (FF-401).
        SqlHeaderError: its first block comment is not TOML (FF-402).
        SqlHeaderKeyError: a key of the header means nothing (FF-403).
        SqlHeaderValueError: a value of the header has the wrong form (FF-404).
        Problems: several of the last two.
    """
    macros = macros_beside(path, shown_as=shown_as)
    try:
        stat = os.stat(path)  # noqa: PTH116 - a plan looks at each file several times
    except OSError:  # who reads it says what is wrong
        return _read(path, shown_as, dialect, macros)
    if time.time_ns() - stat.st_mtime_ns < _YOUNG_NS:  # it may change again within the same tick
        return _read(path, shown_as, dialect, macros)
    stamp = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)
    return _read_once(path, shown_as, dialect, macros, stamp)


@lru_cache(maxsize=_MOST_KEPT)
def _read_once(
    path: Path, shown_as: str, dialect: Dialect | None, macros: Macros, _: tuple[int, ...]
) -> SqlFile:
    return _read(path, shown_as, dialect, macros)


def _read(path: Path, shown_as: str, dialect: Dialect | None, macros: Macros) -> SqlFile:
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
    text = text.replace("\r\n", "\n")
    return read_sql_text(text, path=path, shown_as=shown_as, macros=macros, dialect=dialect)


def read_sql_text(
    text: str,
    *,
    path: Path,
    shown_as: str,
    macros: Macros = NO_MACROS,
    dialect: Dialect | None = None,
) -> SqlFile:
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
    used = macros.used_in(text[start:])
    file = SqlFile(
        path=path,
        shown_as=shown_as,
        header=header,
        query=text[start:],
        query_line=text.count("\n", 0, start) + 1,
        query_column=start - (text.rfind("\n", 0, start) + 1) + 1,
        digest=digest_with(sha256(text.encode()).hexdigest(), used),
        macros=used,
    )
    return _in_dialect(file, header.dialect or dialect or "duckdb")


def _in_dialect(file: SqlFile, dialect: Dialect) -> SqlFile:
    """The file as just read, whose query is written in `dialect`; only DuckDB's calls macros."""
    if dialect == "duckdb":
        return replace(file, query=with_dollars(file.query))
    digest = sha256(f"{dialect}\n{file.digest}".encode()).hexdigest()
    return replace(file, digest=digest, macros=(), dialect=dialect)


def query_file(asset: AssetDefinition) -> SqlFile:
    """The query of a SQL asset: its file as it is now, or the text that its function gave.

    Raises:
        SqlError: the file cannot be read (FF-401 to FF-404).
    """
    path, shown_as = asset.sql_path, asset.place.file
    assert path is not None  # noqa: S101 - the caller asked
    if asset.query is not None:
        return made_file(asset.query, path=path, shown_as=shown_as, dialect=asset.dialect)
    return read_sql_file(path, shown_as=shown_as, dialect=asset.dialect)


def made_file(
    query: QueryText, *, path: Path, shown_as: str, dialect: Dialect | None = None
) -> SqlFile:
    """The text that a function in the file at `path` gave; it has no header."""
    macros = macros_beside(path, shown_as=shown_as).used_in(query.text)
    where = f"{shown_as}:{query.line}:{query.column}:{query.by_line}\n{query.text}"
    file = SqlFile(
        path=path,
        shown_as=shown_as,
        header=SqlHeader(text=TomlText(shown_as=shown_as)),
        query=query.text,
        query_line=query.line,
        query_column=query.column,
        digest=digest_with(sha256(where.encode()).hexdigest(), macros),
        macros=macros,
        made=not (query.column or query.by_line),
    )
    return _in_dialect(file, dialect or "duckdb")
