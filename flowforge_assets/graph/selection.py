"""The selection language: text as values, and back.

    selection  any of `part or part`, `part, part`
    part       all of `factor and factor`
    factor     `not factor`, or a term with `2+` before it or `+1` after it
    term       a name, `silver.*`, `tag:x`, `owner:"data team"`, or `(selection)`

`+` reaches up or down the graph: `+orders` takes all that `orders` depends on too, `orders+1` what
depends on it directly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn, TypeAlias, get_args

from flowforge_assets.errors.base import Place, did_you_mean
from flowforge_assets.errors.project import SelectionError

Attribute: TypeAlias = Literal["layer", "group", "tag", "owner", "kind", "state"]
ATTRIBUTES: Final[tuple[Attribute, ...]] = get_args(Attribute)
ALL: Final = -1
"""The steps of a reach that has no limit."""

_DEEPEST: Final = 100  # brackets and nots; each is a few frames of the reader
_WORD: Final = r"[A-Za-z_*?\[][\w.*?\[\]!/@-]*"
_TOKEN: Final = re.compile(
    rf"""\s*(?:
      (?P<steps>\d+)
    | (?P<sign>[+(),])
    | (?P<attribute>[a-z]+):(?:"(?P<quoted>[^"]*)"|(?P<value>[\w.*?\[\]!/@-]+))
    | (?P<word>{_WORD})
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_PLAIN_VALUE: Final = re.compile(r"[\w.*?\[\]!/@-]+")


@dataclass(frozen=True, slots=True)
class Named:
    """Assets by their name, or the name or key of a dataset that they make; may be a pattern."""

    text: str
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        """`silver.orders`."""
        return self.text


@dataclass(frozen=True, slots=True)
class Having:
    """Assets that have an attribute; its value may be a pattern."""

    attribute: Attribute
    value: str
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        """`tag:pii`."""
        is_plain = _PLAIN_VALUE.fullmatch(self.value)
        return f"{self.attribute}:{self.value}" if is_plain else f'{self.attribute}:"{self.value}"'


@dataclass(frozen=True, slots=True)
class Reach:
    """What is selected, with `up` steps towards the sources and `down` away; `ALL` for all."""

    of: Selection
    up: int = 0
    down: int = 0

    def __str__(self) -> str:
        """`2+orders+`."""
        before = "" if self.up == 0 else "+" if self.up == ALL else f"{self.up}+"
        after = "" if self.down == 0 else "+" if self.down == ALL else f"+{self.down}"
        inner = str(self.of) if isinstance(self.of, (Named, Having)) else f"({self.of})"
        return f"{before}{inner}{after}"


@dataclass(frozen=True, slots=True)
class Not:
    """All assets but these."""

    of: Selection

    def __str__(self) -> str:
        """`not tag:x`."""
        return f"not {_within(self.of, AllOf, AnyOf)}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """What is in each of the parts, of which there are at least two."""

    parts: tuple[Selection, ...]

    def __str__(self) -> str:
        """`layer:gold and tag:x`."""
        return " and ".join(_within(part, AllOf, AnyOf) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """What is in any of the parts, of which there are at least two."""

    parts: tuple[Selection, ...]

    def __str__(self) -> str:
        """`orders or lines`."""
        return " or ".join(_within(part, AnyOf) for part in self.parts)


Selection: TypeAlias = Named | Having | Reach | Not | AllOf | AnyOf


def parse(text: str) -> Selection:
    """The selection that `text` writes; `str` of it reads back as an equal one.

    Raises:
        SelectionError: `text` cannot be read (FF-807); the place is its column.
    """
    return _Reader(text).whole()


def refuse(text: str, column: int, message: str, hint: str | None = None) -> NoReturn:
    """Raises an error that shows where in `text` it is."""
    place = Place("--select", 1, column, text=f"`{text}`" if text else "")
    raise SelectionError(message, place=place, hint=hint)


def _within(part: Selection, *wider: type) -> str:
    return f"({part})" if isinstance(part, wider) else str(part)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int
    value: str = ""


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self.split())
        self.at = 0
        self.depth = 0

    def split(self) -> Iterator[_Token]:
        """The tokens; the last is the end."""
        at = 0
        while True:
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                start = at + len(self.text[at:]) - len(self.text[at:].lstrip())
                message = f"`{self.text[start]}` means nothing in a selection"
                refuse(self.text, start + 1, message, 'quote what is unusual: `tag:"a b"`')
            found = match.groupdict()
            kind = next(kind for kind, group in found.items() if group is not None)
            value = found["quoted"] if found["quoted"] is not None else found["value"]
            yield _Token(kind, found[kind], match.start(kind), match.end(), value or "")
            if kind == "end":
                return
            at = match.end()

    @property
    def token(self) -> _Token:
        """The token to be read next."""
        return self.tokens[self.at]

    def takes(self, *texts: str) -> bool:
        """Whether the next token is one of these signs or words; it is then read."""
        is_there = self.token.kind in {"sign", "word"} and self.token.text in texts
        self.at += is_there
        return is_there

    def whole(self) -> Selection:
        """All of the text."""
        if self.token.kind == "end":
            refuse(self.text, 1, "the selection is empty", "leave it out to select everything")
        found = self.any_of()
        if self.token.text == ")":
            self.unexpected("`)` closes nothing")
        if self.token.kind != "end":
            self.unexpected(f"`{self.token.text}` follows without `and`, `or` or `,`")
        return found

    def any_of(self) -> Selection:
        """Parts between `or` or `,`."""
        parts = [self.all_of()]
        while self.takes("or", ","):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self) -> Selection:
        """Parts between `and`."""
        parts = [self.factor()]
        while self.takes("and"):
            parts.append(self.factor())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def factor(self) -> Selection:
        """`not` or a term with its reach."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.unexpected(f"the selection is nested more than {_DEEPEST} deep")
        if self.takes("not"):
            found: Selection = Not(self.factor())
        else:
            up = self.steps_up()
            term = self.term()
            down = self.steps_down()
            found = Reach(term, up, down) if up or down else term
        self.depth -= 1
        return found

    def steps_up(self) -> int:
        """`2+`, `+`, or nothing."""
        if self.token.kind != "steps":
            return ALL if self.takes("+") else 0
        steps = int(self.token.text)
        self.at += 1
        if not self.takes("+"):
            self.unexpected(f"`{steps}` is not followed by `+`")
        return steps

    def steps_down(self) -> int:
        """`+`, `+1`, or nothing."""
        if not self.takes("+"):
            return 0
        is_beside = self.token.kind == "steps" and self.token.start == self.tokens[self.at - 1].end
        if not is_beside:
            return ALL
        self.at += 1
        return int(self.tokens[self.at - 1].text)

    def term(self) -> Selection:
        """A name, an attribute, or a selection in brackets."""
        token = self.token
        if self.takes("("):
            found = self.any_of()
            if not self.takes(")"):
                self.unexpected(f"the `(` at column {token.start + 1} is not closed")
            return found
        if token.kind == "attribute":
            self.at += 1
            for known in ATTRIBUTES:
                if known == token.text:
                    return Having(known, token.value, token.start + 1)
            hint = did_you_mean(token.text, ATTRIBUTES) or f"there are {_listed(ATTRIBUTES)}"
            refuse(self.text, token.start + 1, f"assets have no `{token.text}:`", hint)
        if token.kind != "word" or token.text in {"and", "or", "not"}:
            what = f"`{token.text}` stands where a name is expected"
            self.unexpected(what if token.text else "a name is missing at the end")
        self.at += 1
        return Named(token.text, token.start + 1)

    def unexpected(self, message: str) -> NoReturn:
        """Raises an error at the next token."""
        hint = "a selection is like `+orders, layer:gold and not tag:slow`"
        refuse(self.text, self.token.start + 1, message, hint)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}:`" for name in names)
