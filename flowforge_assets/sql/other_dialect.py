"""A query that is written in another dialect, brought to DuckDB's text or refused where it stands.

A query that parses in both need not mean the same: divisions, roundings, NULLs, time zones and
casts differ. What `flowforge_assets.sql.dialect_forms` lists does not; all else is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError

from flowforge_assets.errors.sql import NotAQueryError, SeveralQueriesError, SqlSyntaxError
from flowforge_assets.errors.sql_language import SqlDialectError
from flowforge_assets.sql.dialect_forms import ALIKE, FORMS, REWRITES_OF
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.written import Expansion, Piece

_HINT: Final = "write this part in SQL that both read alike, or the query in DuckDB's SQL"
_SHOWN_LENGTH: Final = 40


def brought(file: SqlFile) -> SqlFile:
    """The file with its query in DuckDB's SQL, each part of which is told where it was written.

    The same file where it is that already. About 2 ms for a query of ten lines.

    Raises:
        SqlSyntaxError: it does not parse (FF-410).
        NotAQueryError: the statement is no query, or there is none (FF-412).
        SeveralQueriesError: there are several (FF-413).
        SqlDialectError: a part is not known to mean the same in DuckDB (FF-468).
    """
    if file.dialect == "duckdb":
        return file
    name = file.dialect
    dialect = Dialect.get_or_raise(name)
    hint = f"the query is read as the SQL of {name}"
    try:
        tokens = dialect.tokenize(file.query)
        trees = [tree for tree in dialect.parser().parse(tokens, file.query) if tree is not None]
    except SqlglotError as error:
        place = file.place(_offset_of(error, file.query))
        raise SqlSyntaxError("the query does not parse", place=place, hint=hint) from error
    if len(trees) > 1:
        message = "there is more than one statement"
        raise SeveralQueriesError(message, place=file.place(0), hint="write one SELECT")
    tree = trees[0] if trees else None
    if not isinstance(tree, exp.Query):
        message = "this is not a query that only reads"
        raise NotAQueryError(message, place=file.place(0), hint="write one SELECT")
    _refuse_escapes(file, tokens)
    _refuse_others(file, tree)
    query = _rewritten(tree, name).sql("duckdb", pretty=True, comments=False)
    pieces = _pieces(file, tokens, query)
    return replace(file, query=query, dialect="duckdb", expansion=Expansion(file.query, pieces))


def own_tokens(file: SqlFile) -> list[Token]:
    """The query as its dialect cuts it, for a fingerprint that no rewriting changes."""
    return list(Dialect.get_or_raise(file.dialect).tokenize(file.query))


def _refuse_escapes(file: SqlFile, tokens: Sequence[Token]) -> None:
    """Refuses texts with a backslash, which each reads in its own way."""
    for token in tokens:
        written = file.query[token.start : token.end + 1]
        if token.token_type is not TokenType.IDENTIFIER and "\\" in written:
            message = "a text with a backslash is not known to mean the same in DuckDB"
            raise SqlDialectError(message, place=file.place(token.start), hint=_HINT)


def _refuse_others(file: SqlFile, tree: exp.Expr) -> None:
    for node in tree.walk():
        form = FORMS.get(type(node))
        if type(node) not in ALIKE and (form is None or not form(node, file.dialect)):
            shown = node.sql(file.dialect)
            if len(shown) > _SHOWN_LENGTH:
                shown = f"{shown[: _SHOWN_LENGTH - 3]}..."
            message = f"`{shown}` is not known to mean the same in DuckDB"
            raise SqlDialectError(message, place=file.place(_start(node)), hint=_HINT)


def _start(node: exp.Expr) -> int:
    """Where the node, or the nearest around it that says so, is written."""
    around: exp.Expr | None = node
    while around is not None:
        starts = [int(each.meta["start"]) for each in around.walk() if "start" in each.meta]
        if starts:
            return min(starts)
        around = around.parent
    return 0


def _rewritten(tree: exp.Expr, dialect: str) -> exp.Expr:
    """The tree with what DuckDB spells in another way, from the leaves up."""
    rewrites = REWRITES_OF[dialect]
    for node in reversed(list(tree.walk())):
        rewrite = rewrites.get(type(node))
        if rewrite is not None:
            node.replace(rewrite(node.copy()))
    return tree


def _pieces(file: SqlFile, tokens: Sequence[Token], query: str) -> tuple[Piece, ...]:
    """Which part of the text that was written stands behind each token of `query`."""
    made = list(Dialect.get_or_raise("duckdb").tokenize(query))
    match = SequenceMatcher(None, _plain(tokens), _plain(made), autojunk=False)
    at = 0
    found: list[Piece] = []
    for own, other, size in match.get_matching_blocks():
        known = range(other, other + size)
        for index in range(at, other + size):
            token = made[index]
            source = tokens[own + index - other] if index in known else None
            before = found[-1].offset if found else (tokens[0].start if tokens else 0)
            offset = before if source is None else source.start
            length = 0 if source is None else source.end + 1 - source.start
            found.append(Piece(token.start, file.written, offset, length, offset))
        at = other + size
    return tuple(found) or (Piece(0, file.written, 0, len(file.query), 0),)


def _plain(tokens: Sequence[Token]) -> list[str]:
    return [token.text.lower() for token in tokens]


def _offset_of(error: SqlglotError, query: str) -> int:
    """Where the text stops being SQL, as far as the parser says it."""
    found = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    line, column = int(found.get("line") or 1), int(found.get("col") or 0)
    lines = query.split("\n")[: line - 1]
    return sum(map(len, lines)) + len(lines) + max(column - len(str(found.get("highlight"))), 0)
