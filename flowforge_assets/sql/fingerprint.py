"""The digest of a query's meaning, which layout and comments do not change."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from sqlglot import Token, TokenType

# Words that can never be a name in DuckDB, so that their case means nothing. The list is ours, not
# the parser's: a new version of the parser must not make every SQL asset stale.
_WORDS: Final = """
    all analyse analyze and any array as asc asymmetric both case cast check collate column
    constraint create default deferrable desc describe distinct do else end except false fetch
    for foreign from group having in initially intersect into lambda lateral leading limit not
    null offset on only or order pivot pivot_longer pivot_wider placing primary qualify
    references returning select show some summarize symmetric table then to trailing true union
    unique unpivot using variadic when where window with anti asof cross full glob ilike inner
    is isnull join left like natural notnull outer positional right semi similar
"""
_RESERVED: Final = frozenset(_WORDS.split())
# Other words mean nothing by their case where these stand beside them.
_AFTER: Final = frozenset({"(", "by", "between", "unbounded"})
_BEFORE: Final = frozenset({"group", "order", "partition", "::"})
_TEXTS: Final = frozenset({TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.RAW_STRING})


def token_fingerprint(tokens: Sequence[Token]) -> str:
    """A short hex digest of the tokens: their kinds as far as quotes tell, and their texts.

    The case of keywords, functions and types after `::` does not count; that of all other words
    does, for they may name a result column. Taken from tokens rather than from the tree's text,
    which changes with each version of the generator.
    """
    said: list[str] = []
    texts = [token.text for token in tokens]
    lowered = ["", *map(str.lower, texts), ""]
    for place, (token, text) in enumerate(zip(tokens, texts, strict=True)):
        kind = token.token_type
        mark = "'" if kind in _TEXTS else '"' if kind is TokenType.IDENTIFIER else " "
        if mark == " ":
            before, word, after = lowered[place : place + 3]
            if word in _RESERVED or after in _AFTER or before in _BEFORE:
                text = word  # noqa: PLW2901
        said.append(f"{mark}{len(text)}:{text}")
    return sha256("".join(said).encode()).hexdigest()[:16]
