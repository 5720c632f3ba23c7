"""Tries queries on the engine that they are emitted for: on the same rows, here and there."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from flowforge_assets.compile.query_digest import query_digest
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.base import FlowForgeError, Problems
from flowforge_assets.errors.sql_parity import (
    ParityColumnsError,
    ParityRowsError,
    ParityStatementError,
)
from flowforge_assets.errors.warehouse import (
    WarehouseDownError,
    WarehouseDriverError,
    WarehouseLoginError,
    WarehouseStatementError,
    WarehouseTypesError,
)
from flowforge_assets.execute.parity_difference import is_same_order, rows_apart
from flowforge_assets.execute.parity_fixture import Fixture, fixtures
from flowforge_assets.execute.parity_place import ParityPlace, duckdb_place, warehouse_place
from flowforge_assets.execute.parity_query import ParityQuery
from flowforge_assets.record.parity import ParityVerdict
from flowforge_assets.sql.engine import SqlEngine
from flowforge_assets.sql.grammar import is_query_of
from flowforge_assets.storage.store import TableSpec
from flowforge_assets.warehouse.columns import refuse_other_columns

if TYPE_CHECKING:
    from flowforge_assets.compile.project_sql import ProjectSql
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.sql.portable.emitted import Emitted
    from flowforge_assets.warehouse.connection import WarehouseConfig

_AWAY: Final = (WarehouseDownError, WarehouseLoginError, WarehouseDriverError)


@dataclass(frozen=True, slots=True)
class ParityFinding:
    """What came of trying one query. `query` is its digest, empty where it cannot be read.

    `rows` were compared, from what `seed` generates. `reason` says what stood against more, or
    what the verdict leaves open. `lines` are the first rows that differ, as they were generated.
    """

    asset: AssetDefinition
    target: str
    query: str
    verdict: ParityVerdict
    seed: int
    rows: int = 0
    engine: str = ""
    reason: str = ""
    error: FlowForgeError | None = None
    lines: tuple[str, ...] = ()

    @property
    def key(self) -> DatasetKey:
        """The dataset that the query makes."""
        return self.asset.id


def parity(
    source: ProjectSql,
    assets: Iterable[AssetDefinition],
    warehouse: WarehouseConfig | None,
    *,
    seed: int = 0,
    rows: int = 24,
) -> Iterator[ParityFinding]:
    """Tries the query of each asset on the target of `source`, one after another.

    It runs in `warehouse` if that is of the target's kind, in tables of its own, which are gone
    afterwards; without one the text is only held against the target's grammar. DuckDB's own target
    runs here.
    """
    with _place(source.target, warehouse) as (place, why), SqlEngine() as engine:
        trial = _Trial(source, place, why, engine, seed=seed, rows=rows)
        for asset in assets:
            yield trial.of(asset)


@contextmanager
def _place(
    target: str, config: WarehouseConfig | None
) -> Generator[tuple[ParityPlace | None, str]]:
    """Where queries run, or why they do not."""
    if target == "duckdb":
        with duckdb_place() as place:
            yield place, ""
        return
    if config is None:
        yield None, "the environment has no warehouse"
        return
    if config.target != target:
        yield None, f"the environment's warehouse is `{config.kind}`"
        return
    with ExitStack() as stack:
        opened: ParityPlace | None = None
        why = ""
        try:
            opened = stack.enter_context(warehouse_place(config))
        except _AWAY as error:
            why = _said(error)
        yield opened, why


class _Trial:
    """Queries of one project on one engine."""

    def __init__(
        self,
        source: ProjectSql,
        place: ParityPlace | None,
        why: str,
        engine: SqlEngine,
        *,
        seed: int,
        rows: int,
    ) -> None:
        self._source = source
        self._place = place
        self._why = why
        self._engine = engine
        self._seed = seed
        self._rows = rows
        self._names = f"parity_{uuid4().hex[:8]}"

    def of(self, asset: AssetDefinition) -> ParityFinding:
        """What comes of trying the query of an asset."""
        found = ParityFinding(asset, self._source.target, "", "unverified", self._seed)
        try:
            query = ParityQuery.of(self._source, asset, self._names)
            found = replace(found, query=query_digest(query.step))
            emitted = query.emitted()
            if emitted.text is None:
                first = min(emitted.refusals)
                said = f"{first.code} {query.step.place(first)}: {first.message}"
                return replace(found, reason=said)
            if self._place is None:
                return self._parsed(found, emitted)
            try:
                return self._tried(found, query, emitted, self._place)
            finally:
                self._place.clear()
        except FlowForgeError as error:
            return replace(found, reason=_said(error))

    def _parsed(self, found: ParityFinding, emitted: Emitted) -> ParityFinding:
        """Without an engine."""
        if is_query_of(emitted.text or "", found.target):
            return replace(found, verdict="parsed only", reason=self._why)
        return replace(found, reason=f"the grammar of {found.target} does not read it")

    def _tried(
        self, found: ParityFinding, query: ParityQuery, emitted: Emitted, place: ParityPlace
    ) -> ParityFinding:
        """On the most hostile rows that the engine takes; extremes may stop it."""
        refused: FlowForgeError | None = None
        for fixture in fixtures(query, self._engine, seed=self._seed, rows=self._rows):
            is_extreme = fixture.how.extremes
            if refused is not None and is_extreme:
                continue
            tried = replace(
                found, seed=fixture.how.seed, rows=fixture.wanted.height, engine=place.engine
            )
            try:
                load(query, fixture, place)
            except WarehouseStatementError as error:
                if not is_extreme:
                    raise  # the rows are what it does not take, not the query
                refused = error
                continue
            try:
                reason = compared(query, emitted, fixture, place)
            except (ParityRowsError, ParityColumnsError) as error:
                lines = tuple(error.lines) if isinstance(error, ParityRowsError) else ()
                said = replace(tried, verdict="differs", reason=error.message, error=error)
                return replace(said, lines=lines)
            except (WarehouseStatementError, ParityStatementError) as error:
                refused = error
                if is_extreme:
                    continue
                break
            if refused is not None:
                reason = ", ".join(["it stops on extreme numbers", *([reason] if reason else [])])
            return replace(tried, verdict="verified", reason=reason)
        assert refused is not None  # noqa: S101 - else there was no fixture, which raises
        stopped = ParityStatementError(
            f"{found.target} does not run `{query.asset.id}`: {refused.message}",
            place=query.asset.place,
            hint=refused.hint,
        )
        said = replace(found, verdict="differs", reason=stopped.message, error=stopped)
        return replace(said, engine=place.engine)


def load(query: ParityQuery, fixture: Fixture, place: ParityPlace) -> None:
    """Makes the tables of the fixture.

    Raises:
        StorageError: the engine does not take them (FF-6xx).
    """
    for table in query.fixture_tables:
        place.load(query.spec(table), query.step.tables[table.key], fixture.tables[table.key])


def compared(query: ParityQuery, emitted: Emitted, fixture: Fixture, place: ParityPlace) -> str:
    """What equal rows leave open, empty for nothing; the fixture is loaded.

    Raises:
        ParityRowsError: the rows differ, or their order (FF-457).
        ParityColumnsError: the columns differ (FF-458).
        StorageError: the engine does not run it (FF-6xx).
    """
    text, promised, wanted = emitted.text or "", query.promised, fixture.wanted
    found = place.rows(text, promised)
    apart = rows_apart(wanted.columns, wanted.rows(), found.rows())
    if apart is not None:
        raise _other_rows(query, "has other rows", apart.lines)
    facts = place.look(query.step.table.beside(f"{query.step.table.table}_types"), text)
    try:
        assert facts is not None  # noqa: S101 - it was made a moment ago
        where = f"`{query.asset.id}` on {query.step.target}"
        refuse_other_columns(facts, TableSpec(query.asset.id, promised), query.step.target, where)
    except WarehouseTypesError as error:
        raise ParityColumnsError(
            error.message, place=query.asset.place, hint="cast these columns in the query"
        ) from error
    left = [f"`{name}` is null in each row" for name in fixture.dead]
    return ", ".join([*left, *_order_kept(query, fixture, place)])


def _order_kept(query: ParityQuery, fixture: Fixture, place: ParityPlace) -> Iterator[str]:
    """Holds the order that the query says against that of DuckDB; says where it cannot."""
    ordered = query.ordered()
    if ordered is None:
        return
    emitted, schema = ordered
    if emitted.text is None:
        yield "its order has no exact form"
        return
    keys = list(query.order)
    found = place.rows(emitted.text, schema).select(keys).rows()
    if not is_same_order(fixture.wanted.select(keys).rows(), found):
        lines = [f"by {', '.join(keys)}"]
        raise _other_rows(query, "has its rows in another order", lines)


def _other_rows(query: ParityQuery, what: str, lines: Sequence[str]) -> ParityRowsError:
    target = query.step.target
    message = f"`{query.asset.id}` {what} on {target} than on DuckDB"
    hint = f"`-` is what DuckDB gives, `+` what {target} gives, on generated rows"
    error = ParityRowsError(message, place=query.asset.place, hint=hint)
    error.lines = tuple(lines)
    return error


def _said(error: FlowForgeError) -> str:
    first = error.errors[0] if isinstance(error, Problems) else error
    return f"{first.code}: {first.message}"
