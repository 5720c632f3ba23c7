"""How a dataset is cut into partitions: `Daily(start="2013-01-01").on("day")`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar, Generic, Self, TypeAlias, TypeVar, overload

from flowforge_assets.core.dimension import Kind

T_co = TypeVar("T_co", covariant=True, bound=date | datetime | str)


@dataclass(frozen=True)
class Part:
    """One dimension: a calendar or a list of values, and the column that holds its key."""

    kind: ClassVar[Kind]
    column: str | None = None

    def on(self, column: str) -> Self:
        """The same dimension, kept in `column` of the dataset."""
        return replace(self, column=column)

    def __mul__(self, other: Part | Product) -> Product:
        """Every combination of the two."""
        return Product((self, *_parts(other)))


@dataclass(frozen=True)
class Product:
    """The combinations of several dimensions."""

    parts: tuple[Part, ...]

    def __mul__(self, other: Part | Product) -> Product:
        """Every combination with one dimension more."""
        return Product((*self.parts, *_parts(other)))


Partition: TypeAlias = Part | Product


def _parts(partition: Part | Product) -> tuple[Part, ...]:
    return partition.parts if isinstance(partition, Product) else (partition,)


@dataclass(frozen=True)
class Calendar(Part):
    """A time dimension from `start` to `end`, both included; without `end`, up to now.

    A partition exists once it is over. `tz` is the time zone whose days, weeks or months are
    meant: a day there may have 23 or 25 hours.
    """

    start: str = ""
    end: str | None = None
    tz: str = "UTC"

    def __init__(
        self, start: str, end: str | None = None, *, tz: str = "UTC", column: str | None = None
    ) -> None:
        """A calendar from the key `start` to the key `end`."""
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)
        object.__setattr__(self, "tz", tz)
        object.__setattr__(self, "column", column)


@dataclass(frozen=True, init=False)
class Hourly(Calendar):
    """Hours, keys in UTC: `2026-01-01T00`."""

    kind = "hour"


@dataclass(frozen=True, init=False)
class Daily(Calendar):
    """Days: `2013-01-01`."""

    kind = "day"


@dataclass(frozen=True, init=False)
class Weekly(Calendar):
    """Weeks, named by their Monday: `2013-01-07`."""

    kind = "week"


@dataclass(frozen=True, init=False)
class Monthly(Calendar):
    """Months: `2013-01`."""

    kind = "month"


@dataclass(frozen=True, init=False)
class Static(Part):
    """A list of values: `Static("de", "ch").on("country")`."""

    kind = "static"
    values: tuple[str, ...] = ()

    def __init__(self, *values: str, column: str | None = None) -> None:
        """The dimension of these values, in this order."""
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "column", column)

    def on(self, column: str) -> Self:
        """The same dimension, kept in `column` of the dataset."""
        return type(self)(*self.values, column=column)


class Partitions(Sequence[T_co], Generic[T_co]):
    """The partition keys of one step, in order: what a parameter `days: Partitions[date]` gets.

    An asset that takes a set of keys makes many partitions in one step.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[T_co]) -> None:
        """The keys, which are sorted and each there once."""
        self._keys = tuple(keys)

    @property
    def first(self) -> T_co:
        """The earliest key."""
        return self._keys[0]

    @property
    def last(self) -> T_co:
        """The latest key."""
        return self._keys[-1]

    def __len__(self) -> int:
        """How many keys there are."""
        return len(self._keys)

    def __iter__(self) -> Iterator[T_co]:
        """The keys in order."""
        return iter(self._keys)

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | Sequence[T_co]:
        """The key or keys at a place."""
        return self._keys[index]

    def __repr__(self) -> str:
        """`Partitions(2013-01-01..2013-01-31, 31)`."""
        return (
            f"Partitions({self.first}..{self.last}, {len(self)})" if self._keys else "Partitions()"
        )
