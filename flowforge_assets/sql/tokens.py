"""A query as tokens, with the parameters that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import TokenError

from flowforge_assets.errors.sql import SqlSyntaxError
from flowforge_assets.sql.file import SqlFile
from flowforge_assets.sql.reference import ParameterRef

if TYPE_CHECKING:
    from sqlglot import Token

DUCKDB: Final = Dialect.get_or_raise("duckdb")
_LEXEME: Final = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | \$(?P<parameter>[^\W\d]\w*) | (?P<open>['"]|/\*|\$\w*\$) | [^'"/$-]+ | .""",
    re.DOTALL | re.VERBOSE,
)
_NOT_NEWLINE: Final = re.compile(r"[^\n]")
_OPENED: Final = {"'": "text", '"': "name", "/": "comment", "$": "text"}


def tokenize(file: SqlFile) -> tuple[list[Token], tuple[ParameterRef, ...]]:
    """The tokens of the file's query, and its named parameters, each once.

    Raises:
        SqlSyntaxError: a text, name or comment is not closed (FF-410).
    """
    query = file.query
    spans = list(_parameter_spans(file))
    try:
        if len(spans) < 2:  # noqa: PLR2004 - one dollar cannot be misread
            tokens = list(DUCKDB.tokenize(query))
        else:
            tokens = list(_tokens_around(query, spans))
    except TokenError as error:
        raise SqlSyntaxError(
            "the query cannot be read", place=file.place(0), hint="look for a stray quote"
        ) from error
    found: dict[str, ParameterRef] = {}
    for start, end in spans:
        name = query[start + 1 : end]
        found.setdefault(name, ParameterRef(name, start))
    return tokens, tuple(found.values())


def _parameter_spans(file: SqlFile) -> Iterator[tuple[int, int]]:
    """Where each parameter starts and ends.

    Raises:
        SqlSyntaxError: a text, name or comment is not closed (FF-410).
    """
    for lexeme in _LEXEME.finditer(file.query):
        if lexeme["open"]:
            raise SqlSyntaxError(
                f"a {_OPENED[lexeme['open'][0]]} is not closed",
                place=file.place(lexeme.start()),
                hint="close what starts here",
            )
        if lexeme["parameter"]:
            yield lexeme.span()


def _tokens_around(query: str, spans: list[tuple[int, int]]) -> Iterator[Token]:
    """The tokens of each parameter and of what stands between two, read on their own.

    The tokenizer takes `$a, $` for the start of a dollar-quoted text. All but the piece read is
    blanked, so that positions stay.
    """
    edges = [0, *(edge for span in spans for edge in span), len(query)]
    blank = _NOT_NEWLINE.sub(" ", query)
    for start, end in pairwise(edges):
        if start < end:
            yield from DUCKDB.tokenize(blank[:start] + query[start:end])
