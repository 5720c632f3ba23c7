from __future__ import annotations

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.plan.order import after, not_before
from planned_lake import DAYS, DAYS_AND_COUNTRIES, NOW


def days(text: str) -> PartitionSet:
    return DAYS.parse(text, NOW)


def places(text: str) -> PartitionSet:
    return DAYS_AND_COUNTRIES.parse(text, NOW)


def test_what_lies_before_the_last_is_left_out() -> None:
    all_days = days("2026-01-01..2026-01-05")
    assert not_before(all_days, days("2026-01-02..2026-01-03")) == days("2026-01-03..2026-01-05")


def test_nothing_lies_before_what_was_never_made() -> None:
    assert not_before(days("2026-01-02"), days("2026-01-02") - days("2026-01-02")) == days(
        "2026-01-02"
    )
    assert not not_before(days("2026-01-02") - days("2026-01-02"), days("2026-01-02"))


def test_what_lies_after_the_first_is_found() -> None:
    all_days = days("2026-01-01..2026-01-05")
    assert after(all_days, days("2026-01-02,2026-01-04")) == days("2026-01-02..2026-01-05")
    assert not after(all_days, all_days - all_days)
    assert not after(all_days - all_days, all_days)


def test_steps_without_time_have_no_order() -> None:
    assert not_before(WHOLE, WHOLE) == WHOLE
    assert not after(WHOLE, WHOLE)


def test_countries_have_an_order_each() -> None:
    both = places("day=2026-01-01..2026-01-03")
    made = places("2026-01-02|de")
    assert not_before(both, made) == both - places("2026-01-01|de")
    assert after(both, made) == places("day=2026-01-02..2026-01-03;country=de")
