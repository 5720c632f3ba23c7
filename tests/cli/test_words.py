from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flowforge_assets.cli.words import byte_size, counted, duration, ends, how_many
from flowforge_assets.core.partition import (
    WHOLE,
    Dimension,
    Partitioning,
    PartitionSet,
    Span,
    StaticExtent,
    TimeExtent,
    Values,
)

DAY = Dimension("day", "day")
COUNTRY = Dimension("country", "static")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.004, "0.00 s"),
        (0.25, "0.25 s"),
        (4.24, "4.2 s"),
        (59.9, "59.9 s"),
        (65, "1 min 05 s"),
        (3_780, "1 h 03 min"),
    ],
)
def test_a_duration_is_as_exact_as_it_is_short(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (4_240_000, "4.2 MB"), (10**16, "10000.0 TB")],
)
def test_bytes_are_said_in_thousands(size_bytes: int, said: str) -> None:
    assert byte_size(size_bytes) == said


def test_one_is_singular() -> None:
    assert (counted(1, "row"), counted(0, "row"), counted(1_000, "row")) == (
        "1 row",
        "0 rows",
        "1,000 rows",
    )


def test_a_set_of_days_has_ends() -> None:
    days = PartitionSet((DAY,), ((Span.of(0, 3),), (Span.of(9, 10),)))
    assert ends(days) == ("1970-01-01", "1970-01-10")
    assert how_many(days) == "4 partitions"


def test_ends_of_two_dimensions_are_keys() -> None:
    both = PartitionSet((DAY, COUNTRY), ((Span.of(0, 2), Values.of(["ch", "de"])),))
    assert ends(both) == ("1970-01-01|ch", "1970-01-02|de")


def test_the_unpartitioned_and_the_empty_have_no_ends() -> None:
    assert ends(WHOLE) == ends(PartitionSet.none((DAY,))) == (None, None)
    assert how_many(WHOLE) == ""


def test_ends_of_all_that_is_declared() -> None:
    extents = (TimeExtent("2026-01-01", "2026-01-31"), StaticExtent(("de", "ch")))
    declared = Partitioning((DAY, COUNTRY), extents)
    assert ends(declared.all(datetime(2027, 1, 1, tzinfo=UTC))) == (
        "2026-01-01|ch",
        "2026-01-31|de",
    )
