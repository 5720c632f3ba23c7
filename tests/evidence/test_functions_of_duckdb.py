"""No function of DuckDB comes out otherwise on a target: it is right there, or refused."""

from __future__ import annotations

import pytest

from duckdb_functions import function_queries
from evidence_engines import DuckdbEngine, Engine, EngineError
from flowforge_assets.sql import emit
from hostile_rows import HOSTILE_SCHEMA
from verdicts import Outcome, judged

_TARGETS = ("bigquery", "postgres")


@pytest.fixture(scope="session")
def portable_calls(reference: DuckdbEngine) -> list[str]:
    """The calls that are read at all."""
    found = [
        sql
        for sql in function_queries(reference)
        if emit(sql, schema=HOSTILE_SCHEMA, target="duckdb").text is not None
    ]
    assert len(found) > 50
    return found


@pytest.mark.parametrize("target", _TARGETS)
def test_each_call_is_right_or_refused(
    target: str, engine: Engine, reference: DuckdbEngine, portable_calls: list[str]
) -> None:
    seen: list[str] = []
    for sql in portable_calls:
        emitted = emit(sql, schema=HOSTILE_SCHEMA, target=target)
        try:
            wanted = reference.run(sql)
        except EngineError:
            continue  # DuckDB itself stops at one of the values
        verdict = judged(emitted, target, wanted, engine, sql)
        if verdict.outcome in {Outcome.WRONG, Outcome.INVALID}:
            seen.append(f"{verdict.outcome}: {sql}\n    {verdict.seen}")
    assert not seen, "\n".join(seen)
