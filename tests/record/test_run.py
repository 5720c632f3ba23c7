from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from flowforge_assets.record.run import new_run_id


def test_a_run_id_is_the_second_and_eight_digits() -> None:
    run_id = new_run_id(lambda: datetime(2026, 1, 1, 12, 0, 7, tzinfo=UTC))
    assert re.fullmatch(r"20260101T120007-[0-9a-f]{8}", run_id)


def test_a_run_id_is_in_utc_wherever_the_clock_is() -> None:
    there = timezone(timedelta(hours=-5))
    run_id = new_run_id(lambda: datetime(2025, 12, 31, 23, tzinfo=there))
    assert run_id.startswith("20260101T040000-")


def test_a_thousand_runs_of_a_second_differ_and_sort_as_they_began() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = iter([start + timedelta(milliseconds=each) for each in range(9_000)])
    ids = [new_run_id(lambda: next(times)) for _ in range(9_000)]
    assert len(set(ids)) == 9_000
    assert ids == sorted(ids)


def test_runs_of_one_moment_differ() -> None:
    ids = {new_run_id(lambda: datetime(2026, 1, 1, tzinfo=UTC)) for _ in range(8)}
    assert len(ids) > 1
