"""A query as a tree: the datasets and parameters that it names, and its fingerprint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.sql import (
    NoQueryError,
    NotAQueryError,
    SeveralQueriesError,
    SqlError,
    SqlParameterError,
    SqlSyntaxError,
)
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.fingerprint import token_fingerprint
from flowforge_assets.sql.macro_calls import written_out
from flowforge_assets.sql.other_dialect import brought, own_tokens
from flowforge_assets.sql.reference import ParameterRef, TableRef
from flowforge_assets.sql.tables import table_refs
from flowforge_assets.sql.tokens import DUCKDB, tokenize

_QUERIES: tuple[type[exp.Expr], ...] = (exp.Query, exp.Values)
_WRITES = (
    *(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter),
    *(exp.Copy, exp.TruncateTable, exp.Into, exp.Command),
)


@dataclass(frozen=True, slots=True)
class ParsedSql:
    """One query. `statement` is its text up to the semicolon: its offsets are the file's query's.

    `start` is the offset of its first word.

    `tables` and `parameters` are each named once, where they stand first. `fingerprint` is equal
    for queries that differ in layout, comments and the case of reserved words only.
    """

    file: SqlFile
    statement: str
    start: int
    tables: tuple[TableRef, ...]
    parameters: tuple[ParameterRef, ...]
    fingerprint: str

    def tree(self) -> exp.Expr:
        """The query's tree, parsed anew (0.5 ms): those of all queries would fill the memory."""
        tokens, _ = tokenize(self.file)
        return _tree(self.file, [token for token in tokens if token.start < len(self.statement)])


def parse(file: SqlFile, *, known: Iterable[DatasetKey] = ()) -> ParsedSql:
    """The one query of `file`; `known` are the keys to suggest where a table is no key.

    About 0.5 ms for a query of ten lines.

    Raises:
        SqlSyntaxError: it does not parse (FF-410).
        NoQueryError: there is none (FF-411).
        NotAQueryError: the statement is no query, or one that writes (FF-412).
        SeveralQueriesError: there are several (FF-413).
        SqlTableNameError: a table is no dataset key (FF-414).
        SqlOutsideError: it reads what is no dataset (FF-415).
        SqlParameterError: a parameter has no name (FF-416).
        Problems: several of the last three.
        SqlError: a macro that it calls is wrong, or called wrongly (FF-462 to FF-466).
        SqlDialectError: a part of another dialect has no equal in DuckDB (FF-468).
    """
    own = file
    file = brought(written_out(file))
    tokens, parameters = tokenize(file)
    end = _end_of_statement(file, tokens)
    tokens = [token for token in tokens if token.start < end]
    tree = _tree(file, tokens)
    errors: list[SqlError] = []
    tables = table_refs(file, tree, known=known, errors=errors)
    errors.extend(_unnamed_parameters(file, tokens))
    raise_all(errors)
    return ParsedSql(
        file=file,
        statement=file.query[:end],
        start=tokens[0].start,
        tables=tables,
        parameters=parameters,
        fingerprint=_fingerprint(own, tokens),
    )


def _fingerprint(own: SqlFile, tokens: list[Token]) -> str:
    """That of the query as it is written: how another dialect is brought here does not count."""
    if own.dialect == "duckdb":
        return token_fingerprint(tokens)
    return token_fingerprint([*DUCKDB.tokenize(own.dialect), *own_tokens(own)])


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query as read, whatever tables and parameters it names: its macros are written out."""

    file: SqlFile
    statement: str
    tree: exp.Expr
    parameters: tuple[ParameterRef, ...]


def read_query(file: SqlFile) -> ReadQuery:
    """The one query of `file`.

    Raises:
        SqlSyntaxError: it does not parse (FF-410).
        NoQueryError: there is none (FF-411).
        NotAQueryError: the statement is no query, or one that writes (FF-412).
        SeveralQueriesError: there are several (FF-413).
        SqlError: a macro that it calls is wrong, or called wrongly (FF-462 to FF-466).
        SqlDialectError: a part of another dialect has no equal in DuckDB (FF-468).
    """
    file = brought(written_out(file))
    tokens, parameters = tokenize(file)
    end = _end_of_statement(file, tokens)
    kept = [token for token in tokens if token.start < end]
    tree = _tree(file, kept, (*_QUERIES, exp.Pivot))
    return ReadQuery(file, file.query[:end], tree, parameters)


def _end_of_statement(file: SqlFile, tokens: Sequence[Token]) -> int:
    """The offset at which the only statement ends, before its semicolon."""
    ends = [i for i, token in enumerate(tokens) if token.token_type is TokenType.SEMICOLON]
    first = ends[0] if ends else len(tokens)
    if first == 0:
        raise NoQueryError(
            "there is no query", place=file.place(len(file.query)), hint="write a SELECT"
        )
    rest = [token for token in tokens[first:] if token.token_type is not TokenType.SEMICOLON]
    if rest:
        raise SeveralQueriesError(
            "there is more than one statement",
            place=file.place(rest[0].start),
            hint="one file makes one dataset: move this statement into a file of its own",
        )
    return tokens[first].start if ends else len(file.query)


def _tree(
    file: SqlFile, tokens: list[Token], kinds: tuple[type[exp.Expr], ...] = _QUERIES
) -> exp.Expr:
    first = file.place(tokens[0].start)
    if tokens[0].token_type in {TokenType.COMMAND, TokenType.EXECUTE}:
        raise _not_a_query(file, tokens[0].start)
    try:
        trees = DUCKDB.parser().parse(tokens, file.query)
    except ParseError as error:
        raise _does_not_parse(file, error) from error
    tree = trees[0] if trees else None
    if tree is None:
        raise NoQueryError("there is no query", place=first, hint="write a SELECT")
    if not isinstance(tree, kinds):
        raise _not_a_query(file, tokens[0].start)
    writing = tree.find(*_WRITES)
    if writing is not None:
        raise _not_a_query(file, _offset_near(writing, tokens))
    return tree


def _offset_near(node: exp.Expr, tokens: Sequence[Token]) -> int:
    """Where `node` starts, as far as its first named child tells."""
    starts = [child.meta["start"] for child in node.walk() if "start" in child.meta]
    return min(starts, default=tokens[0].start)


def _not_a_query(file: SqlFile, offset: int) -> NotAQueryError:
    return NotAQueryError(
        "this is not a query that only reads",
        place=file.place(offset),
        hint="write the SELECT alone: its rows become the dataset",
    )


def _does_not_parse(file: SqlFile, error: ParseError) -> SqlSyntaxError:
    detail = error.errors[0] if error.errors else {}
    found = str(detail.get("highlight", ""))
    line, column = int(detail.get("line", 1)), int(detail.get("col", 0))
    lines = file.query.split("\n")
    offset = sum(len(text) + 1 for text in lines[: line - 1]) + max(column - len(found), 0)
    said = str(detail.get("description", ""))
    expected = re.match(r"Expecting (\S+)$", said)
    message = f"unexpected `{found}`" if found else "the query does not parse"
    if expected:
        message = f"expected `{expected[1]}` at `{found}`"
    elif said.startswith("Expected table name"):
        message = f"expected a table after `{found}`"
    return SqlSyntaxError(
        message, place=file.place(offset), hint="the query is read as DuckDB's SQL"
    )


def _unnamed_parameters(file: SqlFile, tokens: Sequence[Token]) -> Iterator[SqlError]:
    """An error for each `?` and `$1`."""
    for token, after in zip(tokens, (*tokens[1:], None), strict=True):
        is_numbered = after is not None and after.token_type is TokenType.NUMBER
        if token.token_type is TokenType.PLACEHOLDER or (
            token.token_type is TokenType.PARAMETER and is_numbered
        ):
            yield SqlParameterError(
                "a parameter has no name",
                place=file.place(token.start),
                hint="name the partition's column, e.g. `$day`",
            )
