"""Whether two engines gave the same rows, and if not, which rows only one of them gave."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeAlias

Row: TypeAlias = tuple[object, ...]

_TOLERANCE: Final = 1e-9
_TINY: Final = 1e-12  # what is left of sums that cancel
_MOST_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class RowsApart:
    """The rows that one side lacks and the other has too many."""

    columns: tuple[str, ...]
    lacking: tuple[Row, ...]
    surplus: tuple[Row, ...]

    @property
    def lines(self) -> list[str]:
        """The first of both: `- n=1, s="a"` and `+ n=2, s="a"`."""
        shown = [f"- {self._line(row)}" for row in self.lacking[:_MOST_SHOWN]]
        shown += [f"+ {self._line(row)}" for row in self.surplus[:_MOST_SHOWN]]
        left = max(len(self.lacking), len(self.surplus)) - _MOST_SHOWN
        return [*shown, f"... and {left} more"] if left > 0 else shown

    def _line(self, row: Row) -> str:
        return ", ".join(
            f"{name}={_spelled(value)}" for name, value in zip(self.columns, row, strict=True)
        )


def rows_apart(
    columns: Sequence[str], wanted: Sequence[Row], found: Sequence[Row]
) -> RowsApart | None:
    """The rows that differ, whatever their order; None where none does.

    Floats may differ in their last digits, all else is compared exactly. Rows that are alike but
    for their floats are matched as they come: costs most where there are many of them.
    """
    left: dict[Row, list[Row]] = defaultdict(list)
    for row in found:
        left[_exact(row)].append(row)
    lacking: list[Row] = []
    for row in wanted:
        candidates = left[_exact(row)]
        match = next((each for each in candidates if _is_near(row, each)), None)
        if match is None:
            lacking.append(row)
        else:
            candidates.remove(match)
    surplus = [row for rows in left.values() for row in rows]
    if not lacking and not surplus:
        return None
    return RowsApart(tuple(columns), tuple(lacking), tuple(surplus))


def is_same_order(wanted: Sequence[Row], found: Sequence[Row]) -> bool:
    """Whether the keys that rows are ordered by come in the same order."""
    return len(wanted) == len(found) and all(
        _exact(one) == _exact(other) and _is_near(one, other)
        for one, other in zip(wanted, found, strict=True)
    )


def is_vacuous(rows: Sequence[Row]) -> bool:
    """Whether comparing with them proves nothing: no row, or only nulls, zeros and empty texts."""
    return not any(value for row in rows for value in row)


def _exact(row: Row) -> Row:
    """What must be equal: all but the floats, each with its type so that 1 is not True."""
    return tuple(
        type(value).__name__ if isinstance(value, float) else (type(value).__name__, value)
        for value in row
    )


def _is_near(row: Row, other: Row) -> bool:
    return all(
        _alike(one, two)
        for one, two in zip(row, other, strict=True)
        if isinstance(one, float) and isinstance(two, float)
    )


def _alike(one: float, two: float) -> bool:
    if math.isnan(one) or math.isnan(two):
        return math.isnan(one) and math.isnan(two)
    return one == two or math.isclose(one, two, rel_tol=_TOLERANCE, abs_tol=_TINY)


def _spelled(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
