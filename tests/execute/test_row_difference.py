from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from flowforge_assets.execute.row_difference import row_difference


def test_equal_values_may_be_spelled_differently() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    left = (0.1 + 0.2, Decimal("1.50"), noon, -0.0, [{"a": True}])
    right = (0.3, Decimal("1.5"), noon.astimezone(timezone(timedelta(hours=5))), 0.0, [{"a": True}])
    assert row_difference("abcde", [left], [right], is_ordered=False) == ""


def test_a_row_twice_is_not_the_row_once() -> None:
    assert row_difference("a", [(1,), (1,)], [(1,)], is_ordered=False) == "- a=1"


def test_a_long_difference_is_cut() -> None:
    found = row_difference("a", [], [(number,) for number in range(30)], is_ordered=True)
    assert found.splitlines()[-1] == "... and 10 more"


def test_values_are_shown_as_they_would_be_written() -> None:
    row = (None, True, "x", [1.5], {"a": Decimal(100)}, datetime(2026, 1, 1))  # noqa: DTZ001
    assert row_difference("abcdef", [row], [], is_ordered=True) == (
        '- a=null, b=true, c="x", d=[1.5], e={ a = 100 }, f=2026-01-01T00:00:00'
    )
