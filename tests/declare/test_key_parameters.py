from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from flowforge_assets.declare.definition import Definitions

Collected: TypeAlias = Callable[..., Definitions]
Refused: TypeAlias = Callable[[str, str], str]
CLASSES = (
    "class Flat(Bronze): ...\n"
    "class Days(Bronze, partition=Daily('2026-01-01').on('day') * Static('de').on('country')):\n"
    "    day: Col[date] = col()\n    country: Col[str] = col()\n"
    "class Hours(Bronze, partition=Hourly('2026-01-01T00').on('hour')):\n"
    "    hour: Col[datetime] = col()\n"
    "class Two(Bronze, partition=Daily('2026-01-01').on('a') * Weekly('2025-12-29').on('b')):\n"
    "    a: Col[date] = col()\n    b: Col[date] = col()\n"
)


@pytest.mark.parametrize(
    ("signature", "columns"),
    [
        ("(day: date) -> Frame[Days]", ["day"]),
        ("(country: str, day: date) -> Frame[Days]", ["country", "day"]),
        ("(hour: datetime) -> Frame[Hours]", ["hour"]),
        ("(days: Partitions[date]) -> Frame[Days]", ["day"]),
        ("(b: Partitions[date]) -> Frame[Two]", ["b"]),
        ("(days: Partitions[date], lands: Partitions[str]) -> Frame[Days]", ["day", "country"]),
        ("(rate: str = 'x') -> Frame[Flat]", []),
    ],
)
@pytest.mark.parametrize("future", [False, True], ids=["objects", "text"])
def test_keys_are_matched_by_type_and_name(
    collected: Collected, signature: str, columns: list[str], *, future: bool
) -> None:
    (found,) = collected(f"{CLASSES}@asset\ndef load{signature}: ...\n", future=future).assets
    assert [key.column for key in found.keys] == columns
    assert found.takes_sets == ("Partitions" in signature)


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ("(dya: date) -> Frame[Days]", "the partition key `dya: date` | did you mean `day`?"),
        ("(day: str) -> Frame[Days]", "did you mean `day`?"),
        ("(when: datetime) -> Frame[Days]", "`bronze.days` has `day: date`, `country: str`"),
        ("(day: date) -> Frame[Flat]", "`bronze.flat` is not partitioned"),
        ("(both: Partitions[date]) -> Frame[Two]", "`bronze.two` has `a: date`, `b: date`"),
        ("(days: Partitions[date], country: str) -> Frame[Days]", "or all one by one"),
    ],
)
def test_a_key_that_is_not_there_is_refused(refused: Refused, signature: str, said: str) -> None:
    assert said in refused("FF-116", f"{CLASSES}@asset  # here\ndef load{signature}: ...\n")
