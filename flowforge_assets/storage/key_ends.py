"""Which files can hold rows with given values in some columns, told by their statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from flowforge_assets.storage.column_stats import ColumnStats, column_ends

if TYPE_CHECKING:
    from flowforge_assets.storage.column_stats import FileStats, Value

# Other programs may cut the moments in statistics to this.
_COARSEST: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class KeyEnds:
    """The ends of some columns of staged rows; columns with nulls or without ends tell nothing.

    `names` has all values of the columns that name folders, each of which is one of a file.
    """

    ends: Mapping[str, tuple[Value, Value]]
    names: Mapping[str, frozenset[object]]
    is_empty: bool

    @classmethod
    def of(cls, keys: pl.DataFrame, hive: Sequence[str]) -> KeyEnds:
        """The ends of each column of `keys`."""
        ends: dict[str, tuple[Value, Value]] = {}
        for column in keys.iter_columns():
            if column.has_nulls() or column.dtype.is_float() or column.dtype.is_nested():
                continue
            pair = column_ends(column)
            if pair is not None:
                ends[column.name] = pair
        names = {
            name: frozenset[object](keys.get_column(name).unique().to_list())
            for name in hive
            if name in ends
        }
        return cls(ends, names, keys.is_empty())

    @property
    def meets(self) -> pl.Expr:
        """Whether a row lies within the ends: a reader skips parts of files by it."""
        if self.is_empty:
            return pl.lit(value=False)
        parts = [
            # a bare text would be taken for the name of a column
            pl.col(name).is_between(pl.lit(least), pl.lit(greatest))
            for name, (least, greatest) in self.ends.items()
        ]
        return pl.all_horizontal(parts) if parts else pl.lit(value=True)

    def met_by(self, files: Sequence[FileStats]) -> pl.Expr | None:
        """Whether a staged row lies within the ends of files; None where they leave none out."""
        parts = [
            pl.col(name).is_between(pl.lit(least), pl.lit(greatest))
            for name, (first, last) in self.ends.items()
            if (pair := _ends_of_all(files, name, type(first)))
            for least, greatest in [pair]
            # mypy cannot see that all four are of one type
            if first < least or greatest < last  # type: ignore[operator]
        ]
        return pl.all_horizontal(parts) if parts else None

    def may_meet(self, stats: FileStats) -> bool:
        """Whether a file with such `stats` can hold one of the rows."""
        if self.is_empty:
            return False
        told = ((name, stats.get(name)) for name in self.ends)
        return all(column is None or self._may_meet(name, column) for name, column in told)

    def _may_meet(self, name: str, column: ColumnStats) -> bool:
        least, greatest = column.least, column.greatest
        first, last = self.ends[name]
        if greatest is None or type(least) is not type(first) or type(greatest) is not type(last):
            return True
        if name in self.names and least == greatest:
            return least in self.names[name]
        greatest = _widened(greatest)
        # mypy cannot see that all four are of one type now
        return not (greatest < first or last < least)  # type: ignore[operator]


def _ends_of_all(
    files: Sequence[FileStats], name: str, kind: type[Value]
) -> tuple[Value, Value] | None:
    """The ends of a column in all files, of which each must tell its own."""
    told = [stats.get(name) or ColumnStats(1) for stats in files]
    # Any: they are values of one type, which can be compared
    least: list[Any] = [column.least for column in told if type(column.least) is kind]
    greatest: list[Any] = [column.greatest for column in told if type(column.greatest) is kind]
    if not files or min(len(least), len(greatest)) < len(files):
        return None
    return min(least), _widened(max(greatest))


def _widened(greatest: Value) -> Value:
    if not isinstance(greatest, datetime):
        return greatest
    try:
        return greatest + _COARSEST
    except OverflowError:  # the last moment that there is
        return greatest
