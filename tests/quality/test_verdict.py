from __future__ import annotations

import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.result import Examination, Finding
from flowforge_assets.errors.run import CheckFailedError, RulesBrokenError, TooManyBadRowsError
from flowforge_assets.quality.verdict import refusals, refuse_too_many

FLIGHTS = DatasetKey("silver.flights")
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
