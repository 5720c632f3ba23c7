from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import WHOLE, Dimension, Partitioning, TimeExtent
from flowforge_assets.core.result import Examination, Finding
from flowforge_assets.errors.run import CheckFailedError, RulesBrokenError, TooManyBadRowsError
from flowforge_assets.quality.verdict import refusals, refuse_too_many

FLIGHTS = DatasetKey("silver.flights")
DAYS = Partitioning((Dimension("day", "day"),), (TimeExtent("2026-01-01"),))
NOON = datetime(2026, 1, 3, 12, tzinfo=UTC)
DELAY = Finding("dep_delay >= -120", "rule", ("dep_delay",), 3)
DAY = Finding("day is not null", "rule", ("day",), 1)
TWICE = Finding("no_flight_twice", "check", (), 2)
LATE = Finding("mostly_on_time", "check", (), 9, blocking=False)


def test_nothing_found_refuses_nothing() -> None:
    assert refusals(Examination(1000), FLIGHTS) == []


def test_what_does_not_block_refuses_nothing() -> None:
    assert refusals(Examination(1000, (LATE,)), FLIGHTS) == []


def test_broken_rules_are_one_error_with_a_line_each() -> None:
    [error] = refusals(Examination(1000, (DELAY, DAY)), FLIGHTS)

    assert isinstance(error, RulesBrokenError)
    assert error.code == "FF-710"
    assert error.message.splitlines() == [
        "3 of 1,000 rows of `silver.flights` break `dep_delay >= -120`",
        "1 of 1,000 rows of `silver.flights` breaks `day is not null`",
    ]
    assert error.hint is not None
    assert "`flowforge show silver.flights --bad`" in error.hint


def test_a_failed_check_is_an_error_of_its_own() -> None:
    rules, check = refusals(Examination(1000, (DELAY, TWICE, LATE)), FLIGHTS)

    assert isinstance(rules, RulesBrokenError)
    assert isinstance(check, CheckFailedError)
    assert check.code == "FF-712"
    assert check.message == "check `no_flight_twice` found 2 bad rows of `silver.flights`"


def test_too_many_bad_rows_are_refused() -> None:
    with pytest.raises(TooManyBadRowsError) as caught:
        refuse_too_many(11, 1000, max_bad=0.01, dataset=FLIGHTS)

    assert caught.value.code == "FF-711"
    assert caught.value.message == (
        "11 of 1,000 rows of `silver.flights` are bad, above `max_bad=0.01`"
    )


@pytest.mark.parametrize(
    ("bad_rows", "rows", "max_bad"), [(10, 1000, 0.01), (0, 0, 0.0), (5, 5, 1.0)]
)
def test_as_many_bad_rows_as_allowed_pass(bad_rows: int, rows: int, max_bad: float) -> None:
    refuse_too_many(bad_rows, rows, max_bad=max_bad, dataset=FLIGHTS)


def test_the_partitions_that_were_judged_are_named() -> None:
    day = DAYS.parse("2026-01-01", NOON)
    rules, check = refusals(Examination(1000, (DAY, TWICE)), FLIGHTS, unit=day)
    with pytest.raises(TooManyBadRowsError) as caught:
        refuse_too_many(11, 1000, max_bad=0.01, dataset=FLIGHTS, unit=day)

    named = "of `silver.flights` in 2026-01-01"
    assert [named in error.message for error in (rules, check, caught.value)] == [True] * 3


def test_of_what_has_no_partitions_none_is_named() -> None:
    [error] = refusals(Examination(9, (DAY,)), FLIGHTS, unit=WHOLE)

    assert error.message == "1 of 9 rows of `silver.flights` breaks `day is not null`"


def test_a_hint_may_be_given() -> None:
    errors = refusals(Examination(9, (DAY, TWICE)), FLIGHTS, hint="remove them")

    assert [error.hint for error in errors] == ["remove them"] * 2
