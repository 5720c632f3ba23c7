"""A file of SQLMesh as its statements: `MODEL (...)` and `AUDIT (...)` with what follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from sqlglot import Token, TokenType
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import TokenError

from flowforge_assets.errors.base import Place
from flowforge_assets.errors.bring import ForeignFileError

_OPEN: Final = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSE: Final = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}
_QUERY: Final = {TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.FROM}


@dataclass(frozen=True, slots=True)
class Block:
    """A header, its properties as written (by their lower-case names), and the statements below.

    Each statement is its text and line.
    """

    kind: Literal["model", "audit"]
    properties: Mapping[str, str]
    place: Place
    query: str = ""
    query_line: int = 0
    others: tuple[tuple[str, int], ...] = ()


def read_blocks(text: str, *, shown_as: str, dialect: str = "duckdb") -> list[Block]:
    """The blocks of a file, called `shown_as` in errors.

    Raises:
        ForeignFileError: its quotes or brackets do not close (FF-141).
    """
    found: list[Block] = []
    for statement in _statements(text, shown_as, dialect):
        head = statement[0].text.lower()
        is_head = len(statement) > 1 and statement[1].token_type is TokenType.L_PAREN
        place = Place(shown_as, statement[0].line)
        if head in {"model", "audit"} and is_head:
            body = text[statement[1].end + 1 : statement[-1].start]
            kind = cast("Literal['model', 'audit']", head)
            found.append(Block(kind, properties(body, dialect), place))
        elif found:
            found[-1] = _with(found[-1], statement, text)
    return found


def properties(text: str, dialect: str = "duckdb") -> dict[str, str]:
    """`name x, kind FULL` by name; what stands alone has an empty value."""
    found: dict[str, str] = {}
    for part in split(text, dialect):
        name, _, value = part.partition(" ")
        head, paren, _ = name.partition("(")
        if paren:
            name, value = head, part[len(head) :]
        found[name.strip().lower()] = value.strip().removeprefix(":=").removeprefix("=").strip()
    return found


def split(text: str, dialect: str = "duckdb") -> list[str]:
    """The parts between the commas that stand in no brackets, without comments at their ends."""
    parts: list[str] = []
    depth, start, end = 0, 0, 0
    for token in _tokens(text, "", dialect):
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        if token.token_type is TokenType.COMMA and depth == 0:
            parts.append(text[start:end].strip())
            start = token.end + 1
        elif not text[start:end].strip():
            start = token.start
        end = token.end + 1
    return [part for part in (*parts, text[start:end].strip()) if part]


def inside(text: str) -> str:
    """What stands in the brackets around the text, if any do."""
    text = text.strip()
    return text[1:-1].strip() if text[:1] in "([" and text[-1:] in ")]" else text


def word(text: str) -> str:
    """A name or text without its quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def _with(block: Block, statement: Sequence[Token], text: str) -> Block:
    said = text[statement[0].start : statement[-1].end + 1]
    line = statement[0].line
    if statement[0].token_type in _QUERY and not block.query:
        return Block(block.kind, block.properties, block.place, said, line, block.others)
    others = (*block.others, (said, line))
    return Block(block.kind, block.properties, block.place, block.query, block.query_line, others)


def _statements(text: str, shown_as: str, dialect: str) -> Iterator[list[Token]]:
    depth, statement = 0, list[Token]()
    for token in _tokens(text, shown_as, dialect):
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        if token.token_type is TokenType.SEMICOLON and depth <= 0:
            if statement:
                yield statement
            depth, statement = 0, []
        else:
            statement.append(token)
    if statement:
        yield statement


def _tokens(text: str, shown_as: str, dialect: str) -> list[Token]:
    try:
        return list(Dialect.get_or_raise(dialect).tokenize(text))
    except TokenError as error:
        message, hint = "the file cannot be read as SQL", "look for a quote that does not close"
        raise ForeignFileError(message, place=Place(shown_as), hint=hint) from error
