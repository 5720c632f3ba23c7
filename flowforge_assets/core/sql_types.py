"""The types of the hub as DuckDB spells them, and back."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, assert_never

from flowforge_assets.core.schema import (
    DataType,
    DecimalType,
    Field,
    ListType,
    Plain,
    PlainName,
    StructType,
)
from flowforge_assets.errors.storage import TypeNotStoredError

_SPELLING: Final[dict[PlainName, str]] = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "timestamp_ntz": "TIMESTAMP",
    "json": "VARCHAR",
}
_MEANING: Final[dict[str, PlainName]] = {
    **{spelling: name for name, spelling in _SPELLING.items() if name != "json"},
    "JSON": "json",
    "TIMESTAMPTZ": "timestamp",
    "TIMESTAMP_S": "timestamp_ntz",
    "TIMESTAMP_MS": "timestamp_ntz",
    "UTINYINT": "int16",
    "USMALLINT": "int32",
    "UINTEGER": "int64",
    # what `sum` of integers gives; whoever stores it checks that it fits
    "HUGEINT": "int64",
    "ENUM": "string",
}
_INSTEAD: Final[dict[str, str]] = {
    "UBIGINT": "cast it to `BIGINT`, or to `DECIMAL(20, 0)`",
    "UHUGEINT": "cast it to `BIGINT`, or to `DECIMAL(38, 0)`",
    "TIMESTAMP_NS": "cast it to `TIMESTAMP` (microseconds)",
    "TIME": "cast it to `VARCHAR`",
    "INTERVAL": "store its length as a number, e.g. with `date_diff('second', a, b)`",
    "UUID": "cast it to `VARCHAR`",
    "MAP": "turn it into a list of structs with `map_entries`",
    "NULL": "cast the `NULL` to the type that the column should have",
    '"NULL"': "cast the `NULL` to the type that the column should have",
}
_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][A-Za-z_0-9]*(?:\ WITH\ TIME\ ZONE)?)
    | (?P<quoted>"(?:[^"]|"")*") | (?P<text>'(?:[^']|'')*') | (?P<number>\d+)
    | (?P<mark>[(),\[\]]))""",
    re.VERBOSE,
)


def duckdb_type(data_type: DataType) -> str:
    """DuckDB's spelling of `data_type`; JSON is a `VARCHAR`, as it is stored."""
    match data_type:
        case Plain(name):
            return _SPELLING[name]
        case DecimalType(precision, scale):
            return f"DECIMAL({precision},{scale})"
        case ListType(item):
            return f"{duckdb_type(item)}[]"
        case StructType(fields):
            inner = ", ".join(f"{_quoted(f.name)} {duckdb_type(f.type)}" for f in fields)
            return f"STRUCT({inner})"
        case _:
            assert_never(data_type)


@lru_cache(maxsize=4096)
def from_duckdb(text: str) -> DataType:
    """The hub's type that holds every value of the DuckDB type `text`; all inside may be null.

    `HUGEINT` (what sums of integers give) is `int64`: whoever stores it checks that it fits.

    Raises:
        TypeNotStoredError: there is none (FF-610).
    """
    reader = _Reader(text)
    data_type = reader.data_type()
    if reader.peek():
        raise _refused(text, text)
    return data_type


class _Reader:
    """Reads one DuckDB type from its text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise _refused(text, text)
            self._tokens.append(match.group().strip())
            position = match.end()
        self._next = 0

    def peek(self) -> str:
        """The next token, or nothing at the end."""
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        """The next token, which must be `expected` if that is given."""
        token = self.peek()
        if not token or (expected and token != expected):
            raise _refused(self._text, self._text)
        self._next += 1
        return token

    def data_type(self) -> DataType:
        """One type with its list suffixes."""
        name = self.take()
        base: DataType
        match name.upper():
            case "DECIMAL" | "NUMERIC":
                base = self._decimal()
            case "STRUCT":
                base = self._struct()
            case "ENUM":
                self._skip_arguments()
                base = Plain("string")
            case known if known in _MEANING:
                base = Plain(_MEANING[known])
            case unknown:
                raise _refused(self._text, unknown)
        while self.peek() == "[":
            self.take("[")
            if self.peek() != "]":
                self.take()  # the length of a fixed-size array is not kept
            self.take("]")
            base = ListType(base, nullable_items=True)
        return base

    def _decimal(self) -> DecimalType:
        if self.peek() != "(":
            return DecimalType(18, 3)  # DuckDB's own default
        self.take("(")
        precision = int(self.take())
        self.take(",")
        scale = int(self.take())
        self.take(")")
        return DecimalType(precision, scale)

    def _struct(self) -> StructType:
        fields: list[Field] = []
        self.take("(")
        while True:
            name = self.take()
            if name.startswith('"'):
                name = name[1:-1].replace('""', '"')
            fields.append(Field(name, self.data_type(), nullable=True))
            if self.take() == ")":
                return StructType(tuple(fields))

    def _skip_arguments(self) -> None:
        if self.peek() == "(":
            while self.take() != ")":
                pass


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _refused(text: str, name: str) -> TypeNotStoredError:
    hint = _INSTEAD.get(name, "cast it to a type such as `BIGINT`, `DOUBLE`, `VARCHAR`")
    return TypeNotStoredError(
        f"the SQL type `{text}` cannot be stored exactly", hint=f"{hint} in the query"
    )
