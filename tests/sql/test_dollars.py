from __future__ import annotations

import pytest

from flowforge_assets.sql.dollars import with_dollars


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("WHERE d >= :start AND d < :end", "WHERE d >= $start AND d < $end"),
        ("f(:day, :k)", "f($day, $k)"),
        ("d BETWEEN :a AND :b", "d BETWEEN $a AND $b"),
        ("SELECT :day::DATE", "SELECT $day::DATE"),
        ("d = $day", "d = $day"),
    ],
)
def test_a_colon_before_a_name_is_a_parameter(written: str, read: str) -> None:
    assert with_dollars(written) == read


@pytest.mark.parametrize(
    "query",
    [
        "SELECT l[1:n], l[:n], l[a:b]",
        "SELECT {'a': b, 'c':d}",
        "SELECT a::INT, x :: DATE",
        "SELECT ':day', \":day\" -- :day",
        "SELECT total: a + b, t:b",
        "SELECT f(a := b)",
        "SELECT MAP {'k': v}",
    ],
)
def test_other_colons_stay(query: str) -> None:
    assert with_dollars(query) == query
