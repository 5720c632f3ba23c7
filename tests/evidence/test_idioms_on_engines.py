"""What data engineers write all day, on the engines: right there, or refused.

`make test` tries a part of the queries in idioms/*.sql, another for each target; the bench
`fidelity` tries all.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from engine_words import NOT_COUNTED
from evidence_engines import DuckdbEngine, Engine
from flowforge_assets.sql import emit
from idiom_rows import IDIOM_SCHEMA, idioms
from rows_alike import is_vacuous
from verdicts import Outcome, judged

PARTS = {"bigquery": 0, "snowflake": 1, "redshift": 2, "postgres": 3}
_EVERY = 4
_BAD = {Outcome.WRONG, Outcome.INVALID}
# Their point is that there is no row, or nothing in it.
_OF_NOTHING = {
    *("groups.groups_without_rows", "groups.empty_groups", "nulls.nothing_from_no_rows"),
    *("nulls.not_in_a_list_with_null", "sets.no_order_by_a_list", "others.field_of_json"),
}


@pytest.mark.parametrize("target", PARTS)
def test_no_idiom_makes_a_target_differ(
    target: str, engine: Engine, reference: DuckdbEngine
) -> None:
    seen: list[str] = []
    outcomes: Counter[Outcome] = Counter()
    for name, sql in islice(idioms(), PARTS[target], None, _EVERY):
        emitted = emit(sql, schema=IDIOM_SCHEMA, target=target)
        verdict = judged(emitted, target, reference.run(sql), engine, sql)
        is_bad = verdict.outcome in _BAD
        if is_bad != ((target, name) in NOT_COUNTED):
            seen.append(f"{name} is {verdict.outcome} {verdict.seen}")
        outcomes[verdict.outcome] += 1
    assert not seen, "\n".join(seen)
    assert outcomes[Outcome.RIGHT] > outcomes.total() * 2 // 3


def test_each_idiom_shows_something(reference: DuckdbEngine) -> None:
    empty = {name for name, sql in idioms() if is_vacuous(reference.run(sql))}
    assert empty <= _OF_NOTHING


def test_no_two_idioms_share_a_name() -> None:
    names = [name for name, _ in idioms()]
    assert len(set(names)) == len(names) > 200
