"""Finds a fixture on which a query says something: rows that differ where engines do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.sql import SqlError, SqlValueError
from flowforge_assets.errors.sql_parity import (
    ParityFixtureError,
    ParityUnsteadyError,
    ParityVacuousError,
)
from flowforge_assets.execute.parity_difference import is_vacuous, rows_apart
from flowforge_assets.execute.parity_query import ParityQuery, frame_of
from flowforge_assets.quality.hostile_rows import HostileFixture, Hostility

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.sql.engine import SqlEngine

_TIERS: Final = ((True, True), (True, False), (False, True), (False, False))
_TRIES: Final = ((1, 2), (2, 4), (4, 16), (4, 8), (4, 16))
"""By how much a try has more rows, and how many of them share a key at most."""
_MOST_JOINED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Fixture:
    """Rows for each dataset that a query reads, and those that DuckDB makes of them.

    `dead` are columns of the result that are null in each row: nothing is proved of them.
    """

    how: Hostility
    tables: Mapping[DatasetKey, pl.DataFrame]
    wanted: pl.DataFrame
    dead: tuple[str, ...]


def fixtures(query: ParityQuery, engine: SqlEngine, *, seed: int, rows: int) -> Iterator[Fixture]:
    """Fixtures for the query, the most hostile first: at most one of each hostility.

    A fixture counts where the query gives values, and the same ones however its inputs are sorted.

    Raises:
        ParityVacuousError: it gives none on any (FF-470).
        ParityUnsteadyError: it gives others when the inputs are sorted otherwise (FF-471).
        ParityFixtureError: it stops on all of them, or none can be made (FF-472).
    """
    search = _Search(query, engine)
    found = False
    for extremes, ties in _TIERS:
        best: Fixture | None = None
        for number, (more, most) in enumerate(_TRIES):
            keys = query.keys(rows * more, most, _MOST_JOINED)
            how = Hostility(seed + number, rows * more, keys, extremes=extremes, ties=ties)
            tried = search.tried(how)
            if tried is not None and (best is None or len(tried.dead) < len(best.dead)):
                best = tried
            if best is not None and not best.dead:
                break
        if best is not None:
            found = True
            yield best
    if not found:
        raise search.refusal()


class _Search:
    """Tries fixtures of one query, and remembers what was wrong with them."""

    def __init__(self, query: ParityQuery, engine: SqlEngine) -> None:
        self._query = query
        self._engine = engine
        self._source = HostileFixture(query.fixture_tables, query.asked())
        self._stopped: FlowForgeError | None = None
        self._is_unsteady = False
        self._is_vacuous = False

    def tried(self, how: Hostility) -> Fixture | None:
        """The fixture, if it shows anything."""
        made = self._source.rows(how)
        tables = {
            table.key: frame_of(table, cast("list[tuple[object, ...]]", made[table.key]))
            for table in self._query.fixture_tables
        }
        try:
            wanted = self._query.here(self._engine, tables)
            again = self._query.here(
                self._engine, {key: rows.reverse() for key, rows in tables.items()}
            )
        except SqlError as error:
            self._stopped = error
            return None
        rows = wanted.rows()
        if is_vacuous(rows):
            self._is_vacuous = True
            return None
        if rows_apart(wanted.columns, rows, again.rows()) is not None:
            self._is_unsteady = True
            return None
        dead = [name for name in wanted.columns if wanted[name].null_count() == wanted.height]
        return Fixture(how, tables, wanted, tuple(dead))

    def refusal(self) -> SqlError:
        """Why there is no fixture, the nearest miss first."""
        if self._is_unsteady:
            message = "its rows depend on the order in which inputs are read"
            hint = "let what orders them tell all rows apart, e.g. with the key as the last one"
            return ParityUnsteadyError(message, place=self._query.asset.place, hint=hint)
        if self._is_vacuous:
            message = "it gives no row, or only nulls and zeros, on what is generated"
            hint = "try another `--seed` or more `--rows`; or can its conditions never all be met?"
            return ParityVacuousError(message, place=self._query.asset.place, hint=hint)
        stopped = self._stopped or SqlValueError("there are no rows")
        message = f"it stops on all rows that are generated ({stopped.code}: {stopped.message})"
        hint = stopped.hint or "see `flowforge check`"
        return ParityFixtureError(message, place=self._query.asset.place, hint=hint)
