"""What a column promises of its values: rules as values, apart from any engine.

A rule holds for the rows of one write. NULL passes every rule but `NotNull`: whether a column may
be null is its type's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from flowforge_assets.core.key import DatasetKey

Scalar: TypeAlias = int | float | str | bool | date | datetime | Decimal
Scope: TypeAlias = Literal["partition", "table"]


@dataclass(frozen=True, slots=True)
class NotNull:
    """The column has a value in every row."""

    column: str

    def __str__(self) -> str:
        """`day is not null`."""
        return f"{self.column} is not null"


@dataclass(frozen=True, slots=True)
class Bound:
    """The column compares to `limit` as `op` says."""

    column: str
    op: Literal[">=", ">", "<=", "<"]
    limit: Scalar

    def __str__(self) -> str:
        """`dep_delay >= -120`."""
        return f"{self.column} {self.op} {self.limit}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The column's values are among `values`."""

    column: str
    values: tuple[Scalar, ...]

    def __str__(self) -> str:
        """`origin in (EWR, JFK, LGA)`; a long list is cut."""
        shown = ", ".join(map(str, self.values[:5]))
        return f"{self.column} in ({shown}{', ...' if len(self.values) > 5 else ''})"  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Matches:
    """The whole string matches the regular expression (Rust `regex` syntax)."""

    column: str
    pattern: str

    def __str__(self) -> str:
        """`tailnum matches N[0-9A-Z]+`."""
        return f"{self.column} matches {self.pattern}"


@dataclass(frozen=True, slots=True)
class Length:
    """The string has `least` to `most` characters, the list as many items; ends included."""

    column: str
    least: int = 0
    most: int | None = None

    def __str__(self) -> str:
        """`carrier has length 2..2`."""
        return f"{self.column} has length {self.least}..{'' if self.most is None else self.most}"


@dataclass(frozen=True, slots=True)
class Unique:
    """No two rows have the same values in `columns`: in their partition, or in the table."""

    columns: tuple[str, ...]
    scope: Scope = "partition"

    def __str__(self) -> str:
        """`(origin, hour) is unique`."""
        names = ", ".join(self.columns)
        shown = f"({names})" if len(self.columns) > 1 else names
        return f"{shown} is unique" + (" in the table" if self.scope == "table" else "")


@dataclass(frozen=True, slots=True)
class References:
    """Each value of the column is in `target_column` of the dataset `target`."""

    column: str
    target: DatasetKey
    target_column: str

    def __str__(self) -> str:
        """`carrier is in silver.airlines.carrier`."""
        return f"{self.column} is in {self.target}.{self.target_column}"


@dataclass(frozen=True, slots=True)
class Holds:
    """The SQL expression is true (or NULL) in every row."""

    name: str
    sql: str

    def __str__(self) -> str:
        """The rule's own name and its expression."""
        return f"{self.name}: {self.sql}"


Rule: TypeAlias = NotNull | Bound | OneOf | Matches | Length | Unique | References | Holds
