"""The hub of types: what a dataset can hold, apart from any engine.

A type is one of the frozen values below. `str(type)` is its stable spelling (used in fingerprints,
metadata and messages): `int64`, `decimal(38,2)`, `list<string?>`, `struct<a: int64, b: date?>`;
a `?` marks what may be null.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

PlainName: TypeAlias = Literal[
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
    "string",
    "binary",
    "date",
    "timestamp",  # an instant, microseconds, UTC
    "timestamp_ntz",  # a wall-clock reading, microseconds, no zone
    "json",  # a string that holds JSON
]


@dataclass(frozen=True, slots=True)
class Plain:
    """A type with no parameters."""

    name: PlainName

    def __str__(self) -> str:
        """The type's name."""
        return self.name


@dataclass(frozen=True, slots=True)
class DecimalType:
    """An exact number of `precision` digits (1 to 38), `scale` of them after the point."""

    precision: int
    scale: int

    def __str__(self) -> str:
        """`decimal(38,2)`."""
        return f"decimal({self.precision},{self.scale})"


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of `item`."""

    item: DataType
    nullable_items: bool

    def __str__(self) -> str:
        """`list<int64>`, or `list<int64?>` when items may be null."""
        return f"list<{self.item}{'?' if self.nullable_items else ''}>"


@dataclass(frozen=True, slots=True)
class StructType:
    """Named fields."""

    fields: tuple[Field, ...]

    def __str__(self) -> str:
        """`struct<a: int64, b: date?>`."""
        return f"struct<{', '.join(map(str, self.fields))}>"


DataType: TypeAlias = Plain | DecimalType | ListType | StructType


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its name as stored, its type, and whether it may be null or absent."""

    name: str
    type: DataType
    nullable: bool = False
    optional: bool = False

    def __str__(self) -> str:
        """`dep_delay: float64?`."""
        return f"{self.name}: {self.type}{'?' if self.nullable else ''}"


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns in their order."""

    fields: tuple[Field, ...]

    def __iter__(self) -> Iterator[Field]:
        """The fields in order."""
        return iter(self.fields)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(field.name for field in self.fields)

    def find(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((field for field in self.fields if field.name == name), None)

    def __str__(self) -> str:
        """The stable spelling: `order_id: int64, day: date`."""
        return ", ".join(map(str, self.fields))
