"""Each function, operator and aggregate with hostile values: right on the engines, or refused.

`make test` tries a part of them, another for each target; the bench `fidelity` tries all.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from evidence_engines import DuckdbEngine, Engine, EngineError
from flowforge_assets.sql import emit
from hostile_queries import hostile_queries
from hostile_rows import HOSTILE_SCHEMA
from verdicts import Outcome, judged

PARTS = {"bigquery": 0, "snowflake": 1, "redshift": 2, "postgres": 3}
_EVERY = 24
_BAD = {Outcome.WRONG, Outcome.INVALID}


@pytest.mark.parametrize("target", PARTS)
def test_no_hostile_value_makes_a_target_differ(
    target: str, engine: Engine, reference: DuckdbEngine
) -> None:
    seen: list[str] = []
    outcomes: Counter[Outcome] = Counter()
    for sql in islice(hostile_queries(), PARTS[target], None, _EVERY):
        emitted = emit(sql, schema=HOSTILE_SCHEMA, target=target)
        if emitted.text is None:
            outcomes[Outcome.REFUSED] += 1
            continue
        try:
            wanted = reference.run(sql)
        except EngineError:
            outcomes[Outcome.STOPPED] += 1
            continue
        verdict = judged(emitted, target, wanted, engine, sql)
        outcomes[verdict.outcome] += 1
        if verdict.outcome in _BAD:
            seen.append(f"{verdict.outcome}: {sql}\n    {verdict.seen}")
    assert not seen, "\n".join(seen)
    assert outcomes[Outcome.RIGHT] > outcomes.total() // 4  # else it shows too little
