"""Queries as BigQuery and Snowflake have them: the rows there are those of what DuckDB is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence_engines import DuckdbEngine, Engine
from flowforge_assets.declare.asset import Dialect
from flowforge_assets.sql.file import read_sql_text
from flowforge_assets.sql.parse import read_query
from rows_alike import difference, is_vacuous

FOLDER = Path(__file__).parent / "dialects"
CASES = [
    (path.stem, sql.strip())
    for path in sorted(FOLDER.glob("*.sql"))
    for sql in path.read_text(encoding="utf-8").split(";\n")
    if sql
]


@pytest.mark.parametrize(("target", "sql"), CASES, ids=lambda each: str(each)[:60])
def test_what_is_read_gives_the_rows_of_its_own_engine(
    target: str, sql: str, engine: Engine, reference: DuckdbEngine
) -> None:
    dialect: Dialect = "bigquery" if target == "bigquery" else "snowflake"
    file = read_sql_text(sql, path=Path("x.sql"), shown_as="x.sql", dialect=dialect)
    wanted = engine.run(sql)
    found = reference.run(read_query(file).statement)
    assert not is_vacuous(wanted)
    ordered = "ORDER BY" in sql.rpartition(")")[2]
    assert difference(wanted, found, ordered=ordered, typed=False) is None
