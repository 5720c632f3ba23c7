"""The reports of TPC-H give DuckDB's rows on PostgreSQL, also as Redshift's text, and on GoogleSQL.

The bench `fidelity` runs them at a larger scale, on fakesnow too, and those of TPC-DS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from evidence_engines import (
    DuckdbEngine,
    Engine,
    PipedEngine,
    PostgresEngine,
    TableRows,
    googlesql,
    postgres,
)
from flowforge_assets.sql import emit
from rows_alike import is_vacuous
from tpch_rows import keys, tables_of, tpch_queries, tpch_reference
from verdicts import Outcome, judged

QUERIES = dict(tpch_queries())
# GoogleSQL's evaluator is made to be right, not to be quick: it gets a tenth of the rows, and not
# the queries that take it the longest.
_SMALL, _LARGER = "0.001", "0.01"
_TOO_SLOW = {"q01", "q04", "q09", "q18"}
_EMPTY_AT_LARGER = {"q17", "q20", "q21"}
_EMPTY = {"q02", "q05", "q07", "q11", "q19"} | _EMPTY_AT_LARGER


@dataclass(frozen=True, slots=True)
class Filled:
    """An engine with the tables, and what they are on DuckDB."""

    engine: Engine
    reference: DuckdbEngine
    tables: dict[str, TableRows]

    def check(self, query: str, target: str) -> None:
        """Fails where the rows are others than DuckDB's."""
        schema = {name: dict(table.columns) for name, table in self.tables.items()}
        wanted = self.reference.run(query)
        assert not is_vacuous(wanted)
        verdict = judged(
            emit(query, schema=schema, target=target), target, wanted, self.engine, query
        )
        assert verdict.outcome in {Outcome.RIGHT, Outcome.NOT_RUN}, verdict.seen


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with tpch_reference(tmp_path_factory.mktemp("small"), _SMALL) as reference:
        tables = tables_of(reference)
        with googlesql() as engine:
            engine.enter(tables)
            yield Filled(engine, reference, tables)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, postgres_dsn: str) -> Iterator[Filled]:
    with tpch_reference(tmp_path_factory.mktemp("larger"), _LARGER) as reference:
        tables = tables_of(reference)
        with postgres(postgres_dsn, "tpch") as engine:
            engine.enter(tables)
            engine.settle(keys(tables))
            yield Filled(engine, reference, tables)


def test_there_are_twenty_two() -> None:
    assert len(QUERIES) == 22


@pytest.mark.parametrize("name", sorted(set(QUERIES) - _TOO_SLOW - _EMPTY))
def test_googlesql_gives_the_rows_of_duckdb(name: str, evaluator: Filled) -> None:
    evaluator.check(QUERIES[name], "bigquery")


@pytest.mark.parametrize("name", sorted(_TOO_SLOW | _EMPTY))
def test_googlesql_takes_the_queries_that_it_does_not_run(name: str, evaluator: Filled) -> None:
    assert isinstance(evaluator.engine, PipedEngine)
    schema = {table: dict(rows.columns) for table, rows in evaluator.tables.items()}
    text = emit(QUERIES[name], schema=schema, target="bigquery").text
    assert text is not None
    assert evaluator.engine.analyze(text).names


@pytest.mark.parametrize("target", ["postgres", "redshift"])
@pytest.mark.parametrize("name", sorted(set(QUERIES) - _EMPTY_AT_LARGER))
def test_postgresql_gives_the_rows_of_duckdb(name: str, target: str, server: Filled) -> None:
    assert isinstance(server.engine, PostgresEngine)
    server.check(QUERIES[name], target)
