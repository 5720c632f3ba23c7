from __future__ import annotations

import pytest

from flowforge_assets.core.partition import (
    UNPARTITIONED,
    Dimension,
    Partitioning,
    StaticExtent,
    TimeExtent,
)
from flowforge_assets.declare.mapping import All, Has, Lag, Latest, Mapping, Same, Window
from flowforge_assets.plan.partition_map import unmapped

HOURLY = Partitioning((Dimension("hour", "hour"),), (TimeExtent("2013-01-01T00"),))
DAILY = Partitioning((Dimension("day", "day"),), (TimeExtent("2013-01-01"),))
MONTHLY = Partitioning((Dimension("month", "month"),), (TimeExtent("2013-01"),))
COUNTRIES = Partitioning((Dimension("country", "static"),), (StaticExtent(("de", "ch", "fr")),))
DAY_AND_MONTH = Partitioning(
    (*DAILY.dimensions, *MONTHLY.dimensions), (*DAILY.extents, *MONTHLY.extents)
)


@pytest.mark.parametrize(
    ("down", "up", "mapping"),
    [
        (DAILY, DAILY, Lag()),
        (DAILY, HOURLY, Window(-24, 0)),
        (UNPARTITIONED, DAILY, Latest()),
        (UNPARTITIONED, UNPARTITIONED, Same()),
        (DAILY, COUNTRIES, All()),
        (DAILY, COUNTRIES, Has()),
    ],
)
def test_a_mapping_that_makes_sense_is_let_pass(
    down: Partitioning, up: Partitioning, mapping: Mapping
) -> None:
    assert unmapped(down, up, mapping) is None


@pytest.mark.parametrize(
    ("down", "up", "mapping", "message"),
    [
        (
            DAILY,
            UNPARTITIONED,
            Lag(),
            "`Lag` needs one dimension of time in common: they share none",
        ),
        (
            COUNTRIES,
            DAILY,
            Window(-1),
            "`Window` needs one dimension of time in common: they share none",
        ),
        (
            DAY_AND_MONTH,
            DAY_AND_MONTH,
            Lag(),
            "`Lag` needs one dimension of time in common: they share `day, month`",
        ),
        (DAILY, DAILY, Lag(0), "`Lag(0)` does not look back: its steps are 1 or more"),
        (DAILY, DAILY, Window(1), "`Window(1, 0)` ends before it begins"),
        (
            DAILY,
            COUNTRIES,
            Latest(),
            "`Latest` needs partitions of time, and what it reads has none",
        ),
    ],
)
def test_a_mapping_that_makes_no_sense_says_why(
    down: Partitioning, up: Partitioning, mapping: Mapping, message: str
) -> None:
    assert unmapped(down, up, mapping) == message
