"""sqlfluff's grammars take what is emitted; where one does not, grammar_words says why.

`make test` tries a part of the texts, the bench `fidelity` all, those of TPC too.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from evidence_engines import PipedEngine, grammars
from flowforge_assets.sql import emit
from grammar_words import DIALECTS, NOT_READ
from idiom_rows import IDIOM_SCHEMA, idioms
from tests.sql.portable.small_tables import TABLES

CASES = Path(__file__).parents[1] / "sql/portable/cases"
_EVERY = 24
_PARTS = {target: number for number, target in enumerate(DIALECTS)}


@pytest.fixture(scope="module")
def grammar() -> Iterator[PipedEngine]:
    with grammars() as engine:
        yield engine


def queries() -> Iterator[tuple[str, str, dict[str, dict[str, str]]]]:
    """The cases and the idioms, with the tables that they read."""
    for path in sorted(CASES.glob("*.sql")):
        yield path.stem, path.read_text(encoding="utf-8").strip(), TABLES
    for name, sql in idioms():
        yield name, sql, IDIOM_SCHEMA


def texts(target: str) -> Iterator[tuple[str, str]]:
    """What is emitted of a part of the queries, and of those that are not read."""
    known = {name for of, name in NOT_READ if of == target}
    part = {name for name, _, _ in islice(queries(), _PARTS[target], None, _EVERY)}
    for name, sql, tables in queries():
        if name in part | known:
            text = emit(sql, schema=tables, target=target).text
            if text is not None:
                yield name, text


@pytest.mark.parametrize("target", DIALECTS)
def test_a_grammar_takes_what_is_emitted(target: str, grammar: PipedEngine) -> None:
    wrong = {
        name: part or "it is read now: take it out of NOT_READ"
        for name, text in texts(target)
        if bool(part := grammar.parse(DIALECTS[target], text)) != ((target, name) in NOT_READ)
    }
    assert wrong == {}


@pytest.mark.parametrize("target", DIALECTS)
def test_a_grammar_refuses_what_is_no_sql(target: str, grammar: PipedEngine) -> None:
    assert grammar.parse(DIALECTS[target], "SELECT a FROM t WHERE GROUP BY")


def test_each_text_that_is_not_read_is_of_a_query_that_there_is() -> None:
    names = {name for name, _, _ in queries()}
    assert {name for _, name in NOT_READ if not name.startswith("tpc")} <= names
