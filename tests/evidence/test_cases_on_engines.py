"""The cases of tests/sql/portable, run on the engines that stand for their targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine_words import NOT_COUNTED
from evidence_engines import DuckdbEngine, Engine, EngineError
from flowforge_assets.sql import emit
from rows_alike import is_vacuous
from tests.sql.portable.small_tables import TABLES
from verdicts import Outcome, judged

CASES = sorted((Path(__file__).parents[1] / "sql/portable/cases").glob("*.sql"))
ENGINES = ("bigquery", "snowflake", "redshift", "postgres")

GOOD = {Outcome.RIGHT, Outcome.REFUSED, Outcome.NOT_RUN}


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_is_emitted_gives_the_rows_of_duckdb(
    target: str, case: Path, engine: Engine, reference: DuckdbEngine
) -> None:
    sql = case.read_text(encoding="utf-8").strip()
    try:
        wanted = reference.run(sql)
    except EngineError:
        pytest.skip("DuckDB stops at a row of the small tables, or does not know the column")
    verdict = judged(emit(sql, schema=TABLES, target=target), target, wanted, engine, sql)
    reason = NOT_COUNTED.get((target, case.stem))
    if reason is not None:
        assert verdict.outcome not in GOOD, "it counts now: take it out of NOT_COUNTED"
        pytest.skip(reason)
    assert verdict.outcome in GOOD, verdict.seen


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_case_shows_something(case: Path, reference: DuckdbEngine) -> None:
    sql = case.read_text(encoding="utf-8").strip()
    if emit(sql, schema=TABLES, target="duckdb").text is None:
        pytest.skip("it is refused")
    try:
        assert not is_vacuous(reference.run(sql))
    except EngineError:
        pytest.skip("DuckDB stops at a row of the small tables")
