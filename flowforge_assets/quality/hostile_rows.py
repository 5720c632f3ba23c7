"""A small hostile fixture: rows for the datasets that a query reads, on which engines may differ.

Pure: the same tables, questions and seed give the same rows. They keep the types, keys, rules and
references of their datasets, they meet one another in joins, and some of them pass the query's
filters; the others try it with nulls, duplicates and values that engines see differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import References
from flowforge_assets.quality.hostile_columns import ColumnValues, FixtureTable, column_values
from flowforge_assets.quality.hostile_values import Value
from flowforge_assets.sql.asked_values import AskedValues

Row: TypeAlias = tuple[Value | None, ...]
_PASSING: Final = 0.6  # how many rows are to pass the query's filters
_NULLS: Final = 0.12
_NEAR: Final = 0.5


@dataclass(frozen=True, slots=True)
class Hostility:
    """How hostile a fixture is to be.

    With `extremes` there are numbers that make sums overflow; with `ties` rows that an ORDER BY
    cannot tell apart. `keys` are how many values the columns have that tables are joined by.
    """

    seed: int = 0
    rows: int = 24
    keys: int = 12
    extremes: bool = True
    ties: bool = True


class HostileFixture:
    """Makes rows of some tables, for one query."""

    def __init__(self, tables: Sequence[FixtureTable], asked: AskedValues) -> None:
        """Looks up which values the query lets pass: some milliseconds a column."""
        self._tables = _referred_first(tables)
        self._values = column_values(tables, asked)

    def rows(self, how: Hostility) -> dict[DatasetKey, list[Row]]:
        """The rows of each table, in the order of its columns."""
        made: dict[DatasetKey, list[Row]] = {}
        for table in self._tables:
            referred = {
                rule: _column(made[rule.target], self._place(rule))
                for rule in table.rules
                if isinstance(rule, References) and rule.target in made
            }
            made[table.key] = self._table(table, how, referred)
        return made

    def _place(self, rule: References) -> int:
        columns = self._values[rule.target]
        return [column.field.name for column in columns].index(rule.target_column)

    def _table(
        self,
        table: FixtureTable,
        how: Hostility,
        referred: Mapping[References, Sequence[Value | None]],
    ) -> list[Row]:
        random = Random(f"{how.seed} {table.key}")  # noqa: S311 - it is no secret
        columns = self._values[table.key]
        alone = {names[0] for names in table.unique if len(names) == 1}
        passes = [random.random() < _PASSING for _ in range(how.rows)]
        drawn = [
            _drawn(
                column,
                how,
                passes,
                random,
                referred=None if column.refers is None else referred.get(column.refers),
                is_unique=column.field.name in alone,
            )
            for column in columns
        ]
        rows: list[Row] = list(zip(*drawn, strict=True))
        if rows and how.ties:
            rows.append(_emptied(rows[-1], columns, alone))
            rows.append(rows[0])
        return list(_unique(rows, table, columns))


def _drawn(
    column: ColumnValues,
    how: Hostility,
    passes: Sequence[bool],
    random: Random,
    *,
    referred: Sequence[Value | None] | None,
    is_unique: bool,
) -> list[Value | None]:
    """The values of a column; each once where it is unique, or orders rows that may not tie."""
    if referred is not None:
        every, wanted = [value for value in referred if value is not None], list[Value]()
    else:
        every = list(column.keys[: how.rows] or (column.all if how.extremes else column.mild))
        wanted = [value for value in column.wanted if how.extremes or value in set(every)]
    if is_unique or (column.is_ordering and not how.ties):
        found: list[Value | None] = list(_apart(wanted, every, column, passes, random))
    else:
        near = every[: how.keys] if column.keys or referred is not None else every
        found = [
            random.choice(wanted if is_passing and wanted else near) if near else None
            for is_passing in passes
        ]
    if not column.field.nullable or is_unique or (column.is_ordering and not how.ties):
        return found
    return [
        None if random.random() < (_NULLS / 3 if is_passing else _NULLS * 2) else value
        for value, is_passing in zip(found, passes, strict=True)
    ]


def _apart(
    wanted: Sequence[Value],
    every: Sequence[Value],
    column: ColumnValues,
    passes: Sequence[bool],
    random: Random,
) -> Iterator[Value | None]:
    """A value a row, none twice as long as there are others."""
    first = random.sample(list(wanted), len(wanted))
    rest = [value for value in every if value not in set(wanted)]
    others = random.sample(rest, len(rest)) + [v for v in column.more if v not in set(every)]
    last = every[-1] if every else None
    for is_passing in passes:
        pools = (first, others) if is_passing else (others, first)
        pool = next((pool for pool in pools if pool), None)
        yield last if pool is None else pool.pop(0)


def _emptied(row: Row, columns: Sequence[ColumnValues], alone: set[str]) -> Row:
    """The row with nulls wherever one may be: a group that has nothing but nulls."""
    return tuple(
        None if column.field.nullable and column.field.name not in alone else value
        for value, column in zip(row, columns, strict=True)
    )


def _unique(
    rows: Sequence[Row], table: FixtureTable, columns: Sequence[ColumnValues]
) -> Iterator[Row]:
    """The rows without those that share what is unique with one before."""
    names = [column.field.name for column in columns]
    places = [[names.index(name) for name in key] for key in table.unique]
    seen: list[set[Row]] = [set() for _ in places]
    for row in rows:
        keys = [tuple(row[at] for at in key) for key in places]
        if any(key in known for key, known in zip(keys, seen, strict=True)):
            continue
        for key, known in zip(keys, seen, strict=True):
            known.add(key)
        yield row


def _column(rows: Sequence[Row], at: int) -> list[Value | None]:
    return [row[at] for row in rows]


def _referred_first(tables: Sequence[FixtureTable]) -> list[FixtureTable]:
    """The tables, each behind those that it refers to; in a circle some come before."""
    left, found = {table.key: table for table in tables}, list[FixtureTable]()
    while left:
        ready = [t for t in left.values() if not _targets(t) & (left.keys() - {t.key})]
        for table in ready or [next(iter(left.values()))]:
            found.append(left.pop(table.key))
    return found


def _targets(table: FixtureTable) -> set[DatasetKey]:
    return {rule.target for rule in table.rules if isinstance(rule, References)}
