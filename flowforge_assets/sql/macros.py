"""SQL macros: `CREATE MACRO name(a, b := 1) AS expression;` in the files below `macros/`.

This module imports no parser: which macros a query may call is asked of unchanged queries too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from flowforge_assets.errors.base import Place, raise_all
from flowforge_assets.errors.sql_language import SqlMacroFileError
from flowforge_assets.sql.lexemes import Lexeme, lexemes
from flowforge_assets.sql.written import Written

FOLDER: Final = "macros"
_FORM: Final = "write `CREATE MACRO name(a, b := 1) AS expression;`, or `AS TABLE query`"


@dataclass(frozen=True, slots=True)
class MacroParameter:
    """A parameter; `default` are the offsets in the file between which its default stands."""

    name: str
    default: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro of a project; its body stands between the offsets `start` and `end` of its file."""

    name: str
    parameters: tuple[MacroParameter, ...]
    is_table: bool
    file: Written = field(repr=False)
    at: int
    start: int
    end: int

    @property
    def place(self) -> Place:
        """Where it is declared."""
        return self.file.place(self.at)

    @property
    def text(self) -> str:
        """All of it, which decides what it gives."""
        return self.file.text[self.at : self.end]

    def __str__(self) -> str:
        """`name(a, b := 1)`, as it is called."""
        shown = (
            each.name
            if each.default is None
            else f"{each.name} := {self.file.text[slice(*each.default)]}"
            for each in self.parameters
        )
        return f"{self.name}({', '.join(shown)})"


@dataclass(frozen=True, slots=True, eq=False)
class Macros:
    """The macros of a project by name, in lower case, and what is wrong with their files.

    One that is read again is the same object while no file has changed.
    """

    by_name: Mapping[str, Macro] = field(default_factory=dict[str, Macro])
    errors: tuple[SqlMacroFileError, ...] = ()

    def used_in(self, query: str) -> tuple[Macro, ...]:
        """Those that the query may call, at once or by way of others, sorted by name.

        A name in a text or a comment counts: what is asked is on what a query may depend.
        """
        if not self.by_name:
            return ()
        names = "|".join(map(re.escape, self.by_name))
        called = re.compile(rf'(?<![\w.])"?({names})"?\s*\(', re.IGNORECASE)
        found: set[str] = set()
        texts = [query]
        while texts:
            names_here = {match.lower() for match in called.findall(texts.pop())}
            new = names_here - found
            found |= new
            texts.extend(self.by_name[name].text[_after_name(self.by_name[name]) :] for name in new)
        return tuple(self.by_name[name] for name in sorted(found))


NO_MACROS: Final = Macros()


def _after_name(macro: Macro) -> int:
    """Where the parameters begin: a macro is not used by its own name in its declaration."""
    return macro.text.index("(") + 1


def digest_with(digest: str, macros: Iterable[Macro]) -> str:
    """The digest of a query's text and of the macros that it may call."""
    texts = [macro.text for macro in macros]
    if not texts:
        return digest
    return sha256("\0".join((digest, *texts)).encode()).hexdigest()


def macros_beside(path: Path, *, shown_as: str) -> Macros:
    """The macros of the project of the file at `path`, from whose folder `shown_as` leads there."""
    text, end = os.sep + str(path), os.sep + os.path.normpath(shown_as)
    if not text.endswith(end):  # it stands outside of the project
        return NO_MACROS
    return read_macros(text[1 : -len(end)] or (os.sep if path.is_absolute() else os.curdir))


def read_macros(root: Path | str) -> Macros:
    """The macros in `macros/*.sql` of the project in the folder `root`.

    Files that have not changed are not read again: 2 µs where there is no such folder.
    """
    stamps: list[tuple[Path, int, int]] = []
    folder = os.path.join(root, FOLDER)  # noqa: PTH118 - a `Path` costs more than the look
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".sql"):
                    stat = entry.stat()
                    stamps.append((Path(entry.path), stat.st_mtime_ns, stat.st_size))
    except OSError:  # there is none, or one was removed while we looked
        return NO_MACROS
    return _read(Path(folder), tuple(sorted(stamps))) if stamps else NO_MACROS


@lru_cache(maxsize=8)
def _read(folder: Path, stamps: tuple[tuple[Path, int, int], ...]) -> Macros:
    files: list[Written] = []
    errors: list[SqlMacroFileError] = []
    for path, _, _ in stamps:
        shown_as = path.relative_to(folder.parent).as_posix()
        try:
            files.append(Written(shown_as, path.read_text(encoding="utf-8-sig")))
        except (OSError, UnicodeDecodeError) as error:
            message = f"`{shown_as}` cannot be read"
            hint = "it must be a text in UTF-8 that you may read"
            made = SqlMacroFileError(message, place=Place(shown_as), hint=hint)
            made.__cause__ = error
            errors.append(made)
    found = macros_of(files)
    return Macros(found.by_name, (*errors, *found.errors))


def macros_of(files: Iterable[Written]) -> Macros:
    """The macros that texts declare, each name once."""
    by_name: dict[str, Macro] = {}
    errors: list[SqlMacroFileError] = []
    for file in files:
        for statement in _statements(file.text):
            try:
                macro = _Reader(file, statement).macro()
            except SqlMacroFileError as error:
                errors.append(error)
                continue
            other = by_name.setdefault(macro.name, macro)
            if other is not macro:
                hint = f"the other is at {other.place.file}:{other.place.line}: rename one"
                message = f"two macros are named `{macro.name}`"
                errors.append(SqlMacroFileError(message, place=macro.place, hint=hint))
    return Macros(by_name, tuple(errors))


def refuse_broken_macros(macros: Macros) -> None:
    """Lets macros pass whose files can be read.

    Raises:
        SqlMacroFileError: one cannot (FF-462); `Problems` for several.
    """
    raise_all(macros.errors)


def _statements(text: str) -> Iterator[list[Lexeme]]:
    """The pieces of each statement, without the semicolon and comments."""
    statement: list[Lexeme] = []
    for lexeme in lexemes(text):
        if lexeme.text == ";":
            if statement:
                yield statement
            statement = []
        elif lexeme.kind != "comment":
            statement.append(lexeme)
    if statement:
        yield statement


class _Reader:
    """Reads one statement from its first piece on."""

    def __init__(self, file: Written, pieces: list[Lexeme]) -> None:
        self.file = file
        self.pieces = pieces
        self.next = 0

    def macro(self) -> Macro:
        self.words("create")
        if self.has("or"):
            self.words("or", "replace")
        if self.has("temp") or self.has("temporary"):
            self.next += 1
        if not (self.has("macro") or self.has("function")):
            raise self.wrong("this is no macro")
        self.next += 1
        name = self.name()
        self.words("(")
        parameters = tuple(self.parameters())
        self.words("as")
        is_table = self.has("table")
        self.next += is_table
        if self.next >= len(self.pieces):
            raise self.wrong(f"the macro `{name}` has no body")
        start, end = self.pieces[self.next].start, self.pieces[-1].end
        return Macro(name, parameters, is_table, self.file, self.pieces[0].start, start, end)

    def parameters(self) -> Iterator[MacroParameter]:
        seen: set[str] = set()
        while not self.has(")"):
            if seen:
                self.words(",")
            name = self.name()
            if name in seen:
                raise self.wrong(f"two parameters are named `{name}`")
            seen.add(name)
            default = self.default() if self.has(":=") else None
            yield MacroParameter(name, default)
        self.next += 1

    def default(self) -> tuple[int, int]:
        """The offsets between which the value stands, up to the comma or bracket after it."""
        self.next += 1
        first, depth = self.next, 0
        while self.next < len(self.pieces):
            text = self.pieces[self.next].text
            if depth == 0 and text in {",", ")"}:
                break
            depth += (text in {"(", "[", "{"}) - (text in {")", "]", "}"})
            self.next += 1
        if first == self.next:
            raise self.wrong("a parameter has no default behind `:=`")
        return self.pieces[first].start, self.pieces[self.next - 1].end

    def has(self, word: str) -> bool:
        is_there = self.next < len(self.pieces)
        return is_there and self.pieces[self.next].text.lower() == word

    def words(self, *words: str) -> None:
        for word in words:
            if not self.has(word):
                raise self.wrong(f"expected `{word}`")
            self.next += 1

    def name(self) -> str:
        if self.next < len(self.pieces) and self.pieces[self.next].kind in {"word", "name"}:
            self.next += 1
            return self.pieces[self.next - 1].plain
        raise self.wrong("expected a name")

    def wrong(self, message: str) -> SqlMacroFileError:
        at = self.pieces[min(self.next, len(self.pieces) - 1)]
        return SqlMacroFileError(message, place=self.file.place(at.start), hint=_FORM)
