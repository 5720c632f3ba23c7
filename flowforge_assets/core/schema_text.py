"""Reads types as `str(type)` spells them: `decimal(38,2)`, `list<string?>?`."""

from __future__ import annotations

import re
from typing import Final, cast, get_args

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    StructType,
)

_TOKEN: Final = re.compile(r"\s*([\w.$ -]*\w|[<>(),:?])")
_PLAIN: Final = frozenset(get_args(PlainName))


def parse_type(text: str) -> tuple[DataType, bool]:
    """The type that `text` spells, and whether it may be null.

    Raises:
        ValueError: it spells none; the message says what is wrong.
    """
    reader = _Reader(text)
    found = reader.type()
    if reader.rest():
        msg = f"`{reader.rest()}` follows the type"
        raise ValueError(msg)
    return found


class _Reader:
    """Reads tokens from the left."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rest(self) -> str:
        return self._text[self._at :].strip()

    def type(self) -> tuple[DataType, bool]:
        name = self._take()
        found: DataType
        if name == "list":
            self._expect("<")
            item, nullable = self.type()
            self._expect(">")
            found = ListType(item, nullable)
        elif name == "struct":
            self._expect("<")
            found = StructType(tuple(self._fields()))
        elif name == "decimal":
            self._expect("(")
            precision, scale = self._number(), 0
            if self._is_next(","):
                scale = self._number()
            self._expect(")")
            found = DecimalType(precision, scale)
        elif name in _PLAIN:
            found = Plain(cast("PlainName", name))
        else:
            msg = f"`{name}` is no type"
            raise ValueError(msg)
        return found, self._is_next("?")

    def _fields(self) -> list[Field]:
        fields: list[Field] = []
        while True:
            name = self._take()
            self._expect(":")
            kind, nullable = self.type()
            fields.append(Field(name, kind, nullable))
            if self._is_next(">"):
                return fields
            self._expect(",")

    def _number(self) -> int:
        token = self._take()
        if not token.isdecimal():
            msg = f"`{token}` is no number"
            raise ValueError(msg)
        return int(token)

    def _take(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            msg = "the type ends too early"
            raise ValueError(msg)
        self._at = found.end()
        return found[1]

    def _is_next(self, token: str) -> bool:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found[1] != token:
            return False
        self._at = found.end()
        return True

    def _expect(self, token: str) -> None:
        if not self._is_next(token):
            msg = f"a `{token}` lacks"
            raise ValueError(msg)
