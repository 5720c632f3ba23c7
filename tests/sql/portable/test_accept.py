"""`-- ff: accept CODE reason`: what comes of it, and how it can be wrong."""

from __future__ import annotations

import pytest

from flowforge_assets.errors.sql_language import SqlAcceptError, SqlAcceptUnusedError
from flowforge_assets.sql import emit
from flowforge_assets.sql.portable.emitted import Accepted, Emitted
from tests.sql.portable.small_tables import TABLES


def emitted(sql: str, target: str = "synapse") -> Emitted:
    return emit(sql, schema=TABLES, target=target)


def test_an_accepted_refusal_is_written_in_its_near_form_and_listed() -> None:
    found = emitted("SELECT g,\n  md5(s) AS m  -- ff: accept FF-451 all is ASCII\nFROM t")
    assert found.text is not None
    assert "HASHBYTES" in found.text
    assert found.refusals == ()
    assert found.accepted == (
        Accepted(2, 7, "FF-451", "`md5` has no exact form here", "all is ASCII"),
    )
    assert found.warnings == ()


def test_only_its_own_line_and_code_are_accepted() -> None:
    found = emitted(
        "SELECT md5(s) AS m, -- ff: accept FF-451 rough\n"
        "  md5(g) AS n -- ff: accept FF-452 no\n"
        "FROM t"
    )
    assert found.text is None
    assert [(each.line, each.code) for each in found.refusals] == [(2, "FF-451")]
    assert [each.line for each in found.accepted] == [1]
    assert [(each.line, each.code) for each in found.warnings] == [(2, SqlAcceptUnusedError.code)]


def test_what_a_target_has_no_form_of_stays_refused_and_says_so() -> None:
    found = emitted("SELECT hash(s) AS r -- ff: accept FF-450 any will do\nFROM t")
    assert found.text is None
    assert found.refusals[0].code == "FF-450"
    assert "no near form" in found.refusals[0].hint


def test_a_refusal_with_a_near_form_says_how_to_accept_it() -> None:
    found = emitted("SELECT md5(s) AS m FROM t")
    assert "-- ff: accept FF-451" in found.refusals[0].hint


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("-- ff: accept FF-451", "`FF-451` is accepted without a reason"),
        ("-- ff: accept FF-999 why not", "`FF-999` is no code that can be accepted"),
        ("-- ff: accept", "`ff: accept` names no code"),
    ],
)
def test_a_comment_that_accepts_wrongly_is_refused_where_it_stands(comment: str, said: str) -> None:
    found = emitted(f"SELECT a,\n  b {comment}\nFROM t")
    assert found.text is None
    (wrong,) = found.refusals
    assert (wrong.line, wrong.column, wrong.code) == (2, 5, SqlAcceptError.code)
    assert wrong.message == said
    assert wrong.hint


def test_an_acceptance_that_this_target_does_not_need_is_a_warning() -> None:
    found = emitted("SELECT md5(s) AS m -- ff: accept FF-451 rough\nFROM t", "snowflake")
    assert found.text is not None
    assert "MD5" in found.text
    assert found.accepted == ()
    assert [each.code for each in found.warnings] == ["FF-461"]


def test_a_text_that_looks_like_an_acceptance_is_none() -> None:
    found = emitted("SELECT md5(s) AS m, '-- ff: accept FF-451 no' AS s FROM t")
    assert [each.code for each in found.refusals] == ["FF-451"]


def test_a_frame_by_peers_may_be_accepted_as_one_by_rows() -> None:
    sql = "SELECT sum(a) OVER (ORDER BY id) AS s -- ff: accept FF-452 id is unique\nFROM t"
    found = emitted(sql, "redshift")
    assert found.text is not None
    assert "ROWS BETWEEN UNBOUNDED PRECEDING" in found.text
    assert [each.reason for each in found.accepted] == ["id is unique"]
