"""The types that portable SQL knows, spelled as DuckDB spells them, and which two types meet in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_DIGITS: Final = 38
_NATIVE_DIGITS: Final = 18  # what DuckDB keeps in 64 bits


class Kind(StrEnum):
    """What a type is, apart from widths."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    TEXT = "text"
    BOOL = "bool"
    DATE = "date"
    TIMESTAMP = "timestamp"
    INTERVAL = "interval"
    NULL = "null"
    OTHER = "other"  # one that portable SQL does not know


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type. `bits` is of integers, `digits` and `scale` of decimals."""

    kind: Kind
    bits: int = 0
    digits: int = 0
    scale: int = 0

    def __str__(self) -> str:
        """As DuckDB spells it."""
        if self.kind is Kind.INTEGER:
            return _INTEGER_NAMES[self.bits]
        if self.kind is Kind.DECIMAL:
            return f"DECIMAL({self.digits},{self.scale})"
        return _NAMES[self.kind]

    @property
    def is_number(self) -> bool:
        """Whether it is an integer, a decimal or a double."""
        return self.kind in {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE}


TINYINT: Final = SqlType(Kind.INTEGER, bits=8)
SMALLINT: Final = SqlType(Kind.INTEGER, bits=16)
INTEGER: Final = SqlType(Kind.INTEGER, bits=32)
BIGINT: Final = SqlType(Kind.INTEGER, bits=64)
HUGEINT: Final = SqlType(Kind.INTEGER, bits=128)
DOUBLE: Final = SqlType(Kind.DOUBLE)
TEXT: Final = SqlType(Kind.TEXT)
BOOL: Final = SqlType(Kind.BOOL)
DATE: Final = SqlType(Kind.DATE)
TIMESTAMP: Final = SqlType(Kind.TIMESTAMP)
INTERVAL: Final = SqlType(Kind.INTERVAL)
NULL: Final = SqlType(Kind.NULL)
OTHER: Final = SqlType(Kind.OTHER)

_INTEGER_NAMES: Final = {
    8: "TINYINT",
    16: "SMALLINT",
    32: "INTEGER",
    64: "BIGINT",
    128: "HUGEINT",
}
_NAMES: Final = {
    Kind.DOUBLE: "DOUBLE",
    Kind.TEXT: "VARCHAR",
    Kind.BOOL: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.INTERVAL: "INTERVAL",
    Kind.NULL: '"NULL"',
    Kind.OTHER: "OTHER",
}
_SPELLINGS: Final = {
    "TINYINT": TINYINT,
    "INT1": TINYINT,
    "SMALLINT": SMALLINT,
    "INT2": SMALLINT,
    "SHORT": SMALLINT,
    "INTEGER": INTEGER,
    "INT": INTEGER,
    "INT4": INTEGER,
    "SIGNED": INTEGER,
    "BIGINT": BIGINT,
    "INT8": BIGINT,
    "LONG": BIGINT,
    "HUGEINT": HUGEINT,
    "INT128": HUGEINT,
    "DOUBLE": DOUBLE,
    "FLOAT8": DOUBLE,
    "DOUBLE PRECISION": DOUBLE,
    "VARCHAR": TEXT,
    "TEXT": TEXT,
    "STRING": TEXT,
    "CHAR": TEXT,
    "BPCHAR": TEXT,
    "BOOLEAN": BOOL,
    "BOOL": BOOL,
    "LOGICAL": BOOL,
    "DATE": DATE,
    "TIMESTAMP": TIMESTAMP,
    "DATETIME": TIMESTAMP,
    "TIMESTAMP WITHOUT TIME ZONE": TIMESTAMP,
    "DECIMAL": SqlType(Kind.DECIMAL, digits=18, scale=3),
    "NUMERIC": SqlType(Kind.DECIMAL, digits=18, scale=3),
    '"NULL"': NULL,
    "NULL": NULL,
}
_DECIMAL: Final = re.compile(r"(?:DECIMAL|NUMERIC|DEC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_SIZED_TEXT: Final = re.compile(r"(?:VARCHAR|CHAR|BPCHAR|TEXT|STRING)\s*\(\s*\d+\s*\)")


def decimal(digits: int, scale: int) -> SqlType:
    """DECIMAL(digits, scale), with at most 38 digits."""
    return SqlType(Kind.DECIMAL, digits=min(digits, MOST_DIGITS), scale=scale)


def find_type(spelled: str) -> SqlType | None:
    """The type that DuckDB spells so; None for one that portable SQL does not know."""
    text = " ".join(spelled.upper().split())
    if match := _DECIMAL.fullmatch(text):
        digits, scale = int(match[1]), int(match[2] or 0)
        return decimal(digits, scale) if scale <= digits <= MOST_DIGITS else None
    if _SIZED_TEXT.fullmatch(text):  # DuckDB ignores the length
        return TEXT
    return _SPELLINGS.get(text)


def as_decimal(type_: SqlType) -> SqlType:
    """The decimal that holds every value of an integer type; a decimal itself."""
    if type_.kind is Kind.DECIMAL:
        return type_
    return decimal({8: 3, 16: 5, 32: 10, 64: 19, 128: 38}[type_.bits], 0)


def meet(left: SqlType, right: SqlType) -> SqlType | None:
    """The type in which DuckDB compares or unites the two; None where it depends or is refused."""
    if left == right or right.kind is Kind.NULL:
        return left
    if left.kind is Kind.NULL:
        return right
    if left.is_number and right.is_number:
        if Kind.DOUBLE in {left.kind, right.kind}:
            return DOUBLE
        if left.kind is right.kind is Kind.INTEGER:
            return left if left.bits >= right.bits else right
        first, second = as_decimal(left), as_decimal(right)
        scale = max(first.scale, second.scale)
        whole = max(first.digits - first.scale, second.digits - second.scale)
        return decimal(whole + scale, scale)
    if {left.kind, right.kind} == {Kind.DATE, Kind.TIMESTAMP}:
        return TIMESTAMP
    return None


def sum_type(left: SqlType, right: SqlType) -> SqlType | None:
    """The type of the sum or difference of two numbers."""
    met = meet(left, right)
    if met is not None and met.kind is Kind.DECIMAL:
        return decimal(met.digits + 1, met.scale)
    return met


def product_type(left: SqlType, right: SqlType) -> SqlType | None:
    """The type of the product of two numbers; None where DuckDB cannot hold it."""
    if Kind.DECIMAL not in {left.kind, right.kind} or Kind.DOUBLE in {left.kind, right.kind}:
        return meet(left, right)
    first, second = as_decimal(left), as_decimal(right)
    digits, scale = first.digits + second.digits, first.scale + second.scale
    if scale > MOST_DIGITS:
        return None
    widest = max(first.digits, second.digits)
    if digits > _NATIVE_DIGITS and widest <= _NATIVE_DIGITS and scale < _NATIVE_DIGITS:
        digits = _NATIVE_DIGITS
    return decimal(digits, scale)
