"""Values of parameters in what is emitted: constants of the target, whatever they hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

import duckdb
import pytest
from sqlglot import TokenType
from sqlglot.dialects.dialect import Dialect

from flowforge_assets.sql import emit
from flowforge_assets.sql.portable.emit import TARGETS
from flowforge_assets.sql.portable.tree import ParameterValue
from tests.sql.portable.small_tables import TABLES

HOSTILE: Final = (
    "'; DROP TABLE t; --",
    "\\'; DROP TABLE t; --",
    "\\\\'; DROP TABLE t; --",
    "' OR '1' = '1",
    "'' OR 1 = 1",
    "\\",
    "'",
    "\\'",
    "O'Hara",
    '"; SELECT 1',
    "`; SELECT 1",
    "]; SELECT 1",
    "$$; SELECT 1; $$",
    "$name",
    ":name",
    "{name} {0} {{0}}",
    "%s %(name)s",
    "/* */ -- #",
    "a\nb\tc",
    "ä€😀",
    "N'x'",
    "||CHR(39)||",
)
READ_AS: Final = {"synapse": "tsql", "fabric": "tsql"}
each_target = pytest.mark.parametrize("target", list(TARGETS))


def written(target: str, value: ParameterValue, condition: str = "s = :name") -> str | None:
    sql = f"SELECT id FROM t WHERE {condition}"  # noqa: S608 - the parameter is bound
    return emit(sql, schema=TABLES, target=target, parameters={"name": value}).text


def pieces(target: str, text: str) -> tuple[list[str], str]:
    """What a reader of the target's SQL sees: its tokens without texts, and those put together."""
    shape: list[str] = []
    value = ""
    dialect = Dialect.get_or_raise(READ_AS.get(target, target))
    for token in dialect.tokenize(text):
        if token.token_type in {TokenType.STRING, TokenType.NATIONAL_STRING}:
            value += token.text
            shape.append("text")
        else:
            shape.append(token.text)
    # Redshift and PostgreSQL are told a backslash by its number
    joined = re.sub(r"\( text(?: \|\| CHR \( 92 \) \|\| text)+ \)", "text", " ".join(shape))
    return joined.split(), value


@each_target
@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_text_stays_one_text(target: str, value: str) -> None:
    benign, hostile = written(target, "x"), written(target, value)
    assert benign is not None
    if hostile is None:  # it cannot be written as a constant there, which is said
        return
    shape, found = pieces(target, hostile)
    expected = pieces(target, benign)[0]
    counts = re.findall(r"\d+", " ".join(shape)), re.findall(r"\d+", " ".join(expected))
    assert len(counts[0]) == len(counts[1])
    assert [re.sub(r"\d+", "n", each) for each in shape] == [
        re.sub(r"\d+", "n", each) for each in expected
    ]
    assert found == value if target not in {"redshift", "postgres"} else True
    assert found.replace("\\", "") == value.replace("\\", "")


@pytest.mark.parametrize("value", HOSTILE)
def test_duckdb_reads_the_value_that_was_given(value: str) -> None:
    text = emit("SELECT :name AS r FROM t", schema=TABLES, target="duckdb",
                parameters={"name": value}).text  # fmt: skip
    assert text is not None
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS id")
        assert connection.execute(text).fetchall() == [(value,)]


@each_target
@pytest.mark.parametrize(
    ("condition", "value", "shown"),
    [
        ("d = $name", date(2024, 1, 31), "2024-01-31"),
        ("ts < $name", datetime(2024, 1, 31, 10, 7, 30), "2024-01-31"),  # noqa: DTZ001 - as the type
        ("a > $name", 7, "7"),
        ("p > $name", Decimal("1.50"), "1.5"),
        ("x > $name", 2.5, "2.5"),
    ],
)
def test_a_value_is_a_constant_of_its_type(
    target: str, condition: str, value: ParameterValue, shown: str
) -> None:
    text = written(target, value, condition)
    assert text is not None
    assert shown in text
    assert "$name" not in text


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT id FROM t WHERE d = :dya", "no parameter `$dya`"),
        ("SELECT id FROM t WHERE d = ?", "a parameter has no name"),
        ("SELECT id FROM t WHERE d = $1", "a parameter has no name"),
    ],
)
def test_a_parameter_that_is_not_given_is_refused_where_it_stands(sql: str, said: str) -> None:
    given = {"day": date(2024, 1, 1)}
    found = emit(sql, schema=TABLES, target="snowflake", parameters=given)
    (refusal,) = found.refusals
    assert (refusal.code, refusal.message) == ("FF-416", said)
    assert refusal.column > 20
    assert "`day`" in refusal.hint or "`$day`" in refusal.hint


@pytest.mark.parametrize(
    "value", [float("inf"), Decimal("NaN"), 2**130, datetime(2024, 1, 1, tzinfo=UTC), "a\0b"]
)
def test_a_value_that_no_target_holds_is_refused(value: ParameterValue) -> None:
    sql = "SELECT id FROM t WHERE s = 'x' OR $name IS NULL"
    found = emit(sql, schema=TABLES, target="snowflake", parameters={"name": value})
    assert found.text is None
    assert found.refusals[0].hint


def test_a_parameter_that_is_given_twice_or_not_used_does_no_harm() -> None:
    given: dict[str, ParameterValue] = {"k": 3, "other": "x"}
    sql = "SELECT id FROM t WHERE a > :k AND b < :k"
    found = emit(sql, schema=TABLES, target="duckdb", parameters=given)
    assert found.text is not None
    assert found.text.count("3") == 2
