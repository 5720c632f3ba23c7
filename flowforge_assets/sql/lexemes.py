"""SQL in its smallest pieces, told apart without a parser: what a warm plan may use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_LEXEME: Final = re.compile(
    r"""(?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<text> [eE]'(?:\\.|''|[^'\\])*' | '(?:[^']|'')*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ )
    | (?P<name> "(?:[^"]|"")*" )
    | (?P<parameter> \$[^\W\d]\w* )
    | (?P<word> [^\W\d]\w* )
    | (?P<number> \d[\w.]* )
    | (?P<space> \s+ )
    | (?P<mark> :: | := | => | . )""",
    re.DOTALL | re.VERBOSE,
)


class Lexeme(NamedTuple):
    """A piece of SQL: `kind` is comment, text, name (quoted), parameter, word, number or mark."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)

    @property
    def plain(self) -> str:
        """A word or quoted name as it is compared: in lower case, without quotes."""
        text = self.text
        return (text[1:-1].replace('""', '"') if self.kind == "name" else text).lower()


def lexemes(sql: str) -> Iterator[Lexeme]:
    """The pieces of `sql` in order, spaces left out. What is not closed is a row of marks."""
    for match in _LEXEME.finditer(sql):
        kind = match.lastgroup or ""
        kind = "text" if kind == "tag" else kind
        if kind != "space":
            yield Lexeme(kind, match[0], match.start())
