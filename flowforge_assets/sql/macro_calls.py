"""Writes macros out where a query calls them, so that each part still knows where it stands.

An argument is put in brackets, and its names mean what they mean at the call: a macro whose own
tables or variables would take one of them is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from sqlglot import Token, TokenType

from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.sql_language import (
    SqlMacroCallError,
    SqlMacroCaptureError,
    SqlMacroCycleError,
)
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.lexemes import lexemes
from flowforge_assets.sql.macro_names import Free, Named, body_of, free_names
from flowforge_assets.sql.macros import Macro
from flowforge_assets.sql.tokens import DUCKDB, tokenize
from flowforge_assets.sql.written import Expansion, Piece, Written

_TEXTS: Final = frozenset({TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.RAW_STRING})
_NAMES: Final = frozenset({TokenType.COLON_EQ, TokenType.FARROW})
_OPENING: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSING: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_ALIASES: Final = frozenset({TokenType.ALIAS, TokenType.VAR, TokenType.IDENTIFIER})


class _Part(NamedTuple):
    """Text to put in: characters of `written` from `offset` on, or made up there.

    `call` is where the query's own text calls what brought it.
    """

    text: str
    written: Written
    offset: int
    is_made: bool = False
    call: int = 0


@dataclass(frozen=True, slots=True)
class _Argument:
    parts: tuple[_Part, ...]
    free: Free
    is_simple: bool  # a constant or a name, which needs no brackets


@dataclass(frozen=True, slots=True)
class _Region:
    """A stretch of tokens of one text, the parameters' values in it, and the macros around."""

    written: Written
    tokens: Sequence[Token]
    uses: Mapping[int, Named]
    given: Mapping[str, _Argument]
    active: tuple[Macro, ...]

    def cut(self, first: int, last: int) -> _Region:
        """The tokens from `first` up to `last`."""
        return replace(self, tokens=self.tokens[first:last])


def written_out(file: SqlFile) -> SqlFile:
    """The file with its macros written out; the same if it calls none.

    Raises:
        SqlMacroFileError: a macro's body does not parse (FF-462).
        SqlMacroNameError: it uses a name that it does not have (FF-463).
        SqlMacroCallError: it is called with other arguments than it takes (FF-464).
        SqlMacroCycleError: it calls itself (FF-465).
        SqlMacroCaptureError: an argument would mean something else in it (FF-466).
    """
    if not file.macros:
        return file
    tokens, _ = tokenize(file)
    own = file.written
    expander = _Expander({macro.name: macro for macro in file.macros})
    region = _Region(own, tokens, {}, {}, ())
    parts = list(expander.parts(region, 0, len(file.query)))
    if len(parts) == 1 and parts[0].text == file.query:
        return replace(file, macros=())
    pieces: list[Piece] = []
    length = 0
    for part in parts:
        call = part.offset if part.written is own else part.call
        size = 0 if part.is_made else len(part.text)
        pieces.append(Piece(length, part.written, part.offset, size, call))
        length += len(part.text)
    query = "".join(part.text for part in parts)
    return replace(file, query=query, macros=(), expansion=Expansion(file.query, tuple(pieces)))


class _Expander:
    def __init__(self, macros: Mapping[str, Macro]) -> None:
        self.macros = macros

    def parts(self, region: _Region, start: int, end: int) -> Iterator[_Part]:
        """The text of the region between two offsets, with calls and parameters written out."""
        tokens, at = region.tokens, 0
        while at < len(tokens):
            token = tokens[at]
            use = region.uses.get(token.start)
            last = at
            if use is not None:
                found = self.argument(region, use)
            elif (macro := self.called(region, at)) is not None:
                last = _closing(tokens, at + 1)
                found = self.call(region, macro, at, last)
            else:
                at += 1
                continue
            if start < token.start:
                yield _Part(_bare(region.written, start, token.start), region.written, start)
            yield from found if region.active else (p._replace(call=token.start) for p in found)
            start, at = tokens[last].end + 1, last + 1
        if start < end:
            yield _Part(_bare(region.written, start, end), region.written, start)

    def called(self, region: _Region, at: int) -> Macro | None:
        """The macro that is called at this token, if one is."""
        tokens = region.tokens
        if at + 1 >= len(tokens) or tokens[at + 1].token_type is not TokenType.L_PAREN:
            return None
        if tokens[at].token_type in _TEXTS:
            return None
        if at and tokens[at - 1].token_type is TokenType.DOT:
            return None
        return self.macros.get(tokens[at].text.lower())

    def argument(self, region: _Region, use: Named) -> Iterator[_Part]:
        """The value of a parameter where the body uses it."""
        argument, macro = region.given[use.name], region.active[-1]
        captured = argument.free.captured(use.around)
        first = argument.parts[0]
        if captured is not None:
            is_column = captured in argument.free.columns
            message = f"`{captured}` would mean something else inside the macro `{macro.name}`"
            hint = (
                f"write the table before it: `t.{captured}`"
                if is_column and captured not in use.around.values
                else f"name what the macro itself calls `{captured}` otherwise: {macro.place}"
            )
            place = first.written.place(first.offset)
            raise SqlMacroCaptureError(message, place=place, hint=hint)
        if argument.is_simple:
            yield from argument.parts
            return
        yield _Part("(", first.written, first.offset, is_made=True)
        yield from argument.parts
        yield _Part(")", first.written, first.offset, is_made=True)

    def call(self, region: _Region, macro: Macro, at: int, last: int) -> Iterator[_Part]:
        """What a call of a macro stands for; `last` is its closing bracket."""
        place = region.written.place(region.tokens[at].start)
        if macro in region.active:
            circle = [*region.active[region.active.index(macro) :], macro]
            shown = " -> ".join(f"`{each.name}`" for each in circle)
            message = f"macros call one another in a circle: {shown}"
            raise SqlMacroCycleError(message, place=place, hint="take one of the calls away")
        given = self.arguments(region, macro, at, last)
        body = body_of(macro)
        for name, argument in given.items():
            if argument.free.is_unsteady and sum(use.name == name for use in body.uses) > 1:
                message = f"the argument `{name}` of `{macro.name}` differs each time it is read"
                hint = "compute it in a column first, and hand that over"
                raise SqlMacroCaptureError(message, place=place, hint=hint)
        inner = _Region(
            macro.file,
            body.tokens,
            {use.start: use for use in body.uses},
            given,
            (*region.active, macro),
        )
        parts = self.parts(inner, macro.start, macro.end)
        if len(body.tokens) == 1 and not macro.is_table:
            yield from parts
            return
        yield _Part("(", macro.file, macro.start, is_made=True)
        yield from parts
        alias = f' AS "{macro.name}"' if macro.is_table and not _has_alias(region, last) else ""
        yield _Part(f"){alias}", macro.file, macro.end, is_made=True)

    def arguments(self, region: _Region, macro: Macro, at: int, last: int) -> dict[str, _Argument]:
        """The arguments of a call by the parameters that they are for."""
        names = [each.name for each in macro.parameters]
        given: dict[str, _Argument] = {}
        count = 0
        for first, end in _between_commas(region.tokens, at + 2, last):
            tokens = region.tokens
            is_named = end - first > 1 and tokens[first + 1].token_type in _NAMES
            name = tokens[first].text.lower() if is_named else ""
            if not is_named and not given.keys() - set(names[:count]) and count < len(names):
                name = names[count]
            count += not is_named
            if name not in names or name in given:
                raise _wrong_call(region, macro, tokens[first], name, is_named=is_named)
            given[name] = self.read_argument(region.cut(first + 2 * is_named, end))
        for each in macro.parameters:
            if each.name in given:
                continue
            if each.default is None:
                raise _wrong_call(region, macro, region.tokens[at], each.name, is_named=False)
            start, end = each.default
            tokens = DUCKDB.tokenize(" " * start + macro.file.text[start:end])
            default = _Region(macro.file, tokens, {}, {}, (*region.active, macro))
            given[each.name] = self.read_argument(default)
        return given

    def read_argument(self, region: _Region) -> _Argument:
        start, end = region.tokens[0].start, region.tokens[-1].end + 1
        parts = tuple(self.parts(region, start, end))
        text = "".join(part.text for part in parts)
        simple = [token.token_type for token in region.tokens[1::2]]
        is_name = len(region.tokens) % 2 == 1 and all(each is TokenType.DOT for each in simple)
        return _Argument(parts, free_names(text), len(parts) == 1 and is_name)


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """The index of the bracket that closes the one at `opening`, or of the last token."""
    depth = 0
    for index in range(opening, len(tokens)):
        kind = tokens[index].token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth == 0:
            return index
    return len(tokens) - 1


def _between_commas(tokens: Sequence[Token], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The stretches between the commas of a call's own brackets; none of an empty call."""
    start, depth = first, 0
    for index in range(first, last):
        kind = tokens[index].token_type
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if depth == 0 and kind is TokenType.COMMA:
            yield start, index
            start = index + 1
    if start < last:
        yield start, last


def _has_alias(region: _Region, last: int) -> bool:
    """Whether a name stands behind a table's closing bracket."""
    after = region.tokens[last + 1 : last + 3]
    if not after or after[0].token_type not in _ALIASES:
        return False
    return len(after) == 1 or after[1].token_type is not TokenType.JOIN


def _bare(written: Written, start: int, end: int) -> str:
    """The text between two offsets, its comments as blanks: they could swallow what follows."""
    text = written.text[start:end]
    if "--" not in text and "/*" not in text:
        return text
    made = list(text)
    for lexeme in lexemes(text):
        if lexeme.kind == "comment":
            made[lexeme.start : lexeme.end] = ["\n" if c == "\n" else " " for c in lexeme.text]
    return "".join(made)


def _wrong_call(
    region: _Region, macro: Macro, token: Token, name: str, *, is_named: bool
) -> SqlMacroCallError:
    names = [each.name for each in macro.parameters]
    message = f"`{macro.name}` is given more arguments than it takes"
    near = None
    if is_named:
        message = f"`{macro.name}` is given `{name}`, which it does not take"
        near = None if name in names else did_you_mean(name, names)
        if name in names:
            message = f"`{macro.name}` is given `{name}` twice"
    elif name:
        message = f"`{macro.name}` is not given `{name}`"
    if not is_named and name and token.text.lower() != macro.name:
        message = f"`{macro.name}` is given a plain argument behind a named one"
    declared = f"it is `{macro}`, declared at {macro.place.file}:{macro.place.line}"
    hint = f"{near} {declared}" if near else declared
    return SqlMacroCallError(message, place=region.written.place(token.start), hint=hint)
