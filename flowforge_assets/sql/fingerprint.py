"""The digest of a query's meaning, which layout and comments do not change."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from sqlglot.tokens import Token, TokenType

# Words that can never be a name in DuckDB, so that their case means nothing. The list is ours, not
# the parser's: a new version of the parser must not make every SQL asset stale.
_RESERVED: Final = frozenset(
    """
    all analyse analyze and any array as asc asymmetric both case cast check collate column
    constraint create default deferrable desc describe distinct do else end except false fetch
    for foreign from group having in initially intersect into lambda lateral leading limit not
    null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references
    returning select show some summarize symmetric table then to trailing true union unique
    unpivot using variadic when where window with
    anti asof cross full glob ilike inner is isnull join left like natural notnull outer
    positional right semi similar between by over partition rows range values
    """.split()
)


def token_fingerprint(tokens: Iterable[Token]) -> str:
    """A short hex digest of the tokens: their kinds as far as quotes tell, and their texts.

    Taken from tokens rather than from the tree's text, which changes with each version of the
    generator.
    """
    digest = sha256()
    for token in tokens:
        text = token.text
        match token.token_type:
            case TokenType.STRING | TokenType.HEREDOC_STRING | TokenType.RAW_STRING:
                mark = "'"
            case TokenType.IDENTIFIER:
                mark = '"'
            case _:
                mark = " "
                text = text.lower() if text.lower() in _RESERVED else text
        digest.update(f"{mark}{len(text)}:{text}".encode())
    return digest.hexdigest()[:16]
