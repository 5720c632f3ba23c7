"""sqlfluff's grammars of the targets in a process of their own: see piped_values.

    python sqlfluff_child.py FOLDER

FOLDER holds the packages of requirements-sqlfluff.txt. A grammar says whether a text reads as SQL
of its dialect; what the names mean and which functions there are it does not know.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from piped_values import answer_forever

sys.path.insert(0, sys.argv[1])

from sqlfluff.core import FluffConfig, Lexer, Parser  # type: ignore[import-not-found]


@cache
def _grammar(dialect: str) -> tuple[Any, Any]:  # sqlfluff's own, of which mypy knows nothing
    config = FluffConfig(overrides={"dialect": dialect})
    return Lexer(config=config), Parser(config=config)


def parse(dialect: str, sql: str) -> str:
    """The first part that the grammar does not take; nothing where it takes all."""
    lexer, parser = _grammar(dialect)
    pieces, _ = lexer.lex(sql)
    tree = parser.parse(pieces)
    part = next(tree.recursive_crawl("unparsable"), None)
    return "" if part is None else part.raw[:200]


if __name__ == "__main__":
    answer_forever({"parse": parse})
