from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeAlias

import pytest

from flowforge_assets import Daily, Hourly, Monthly, Partitions, Static, Weekly
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import Definitions
from flowforge_assets.declare.partitions import Product

Collected: TypeAlias = Callable[..., Definitions]
Refused: TypeAlias = Callable[[str, str], str]
NOW = datetime(2026, 1, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("partition", "annotation", "keys"),
    [
        ("Daily('2026-01-01').on('x')", "date", "2026-01-01..2026-01-03"),
        ("Daily('2026-01-01', '2026-01-02').on('x')", "datetime", "2026-01-01..2026-01-02"),
        ("Hourly('2026-01-04T10').on('x')", "datetime", "2026-01-04T10..2026-01-04T11"),
        ("Weekly('2025-12-22').on('x')", "date", "2025-12-22"),
        ("Monthly('2025-11', tz='Europe/Berlin').on('x')", "date", "2025-11..2025-12"),
        ("Static('de', 'ch').on('x')", "str", "ch,de"),
        (
            "Static('de').on('x') * Daily('2026-01-02').on('y')",
            "str",
            "de x 2026-01-02..2026-01-03",
        ),
    ],
)
def test_a_class_is_cut_as_it_says(
    collected: Collected, partition: str, annotation: str, keys: str
) -> None:
    found = collected(
        f"class T(Bronze, partition={partition}):\n    x: Col[{annotation}] = col()\n"
        "    y: Col[date] = col()\n"
    )
    assert found.datasets[DatasetKey("bronze.t")].partitioning.all(NOW).render(None) == keys


def test_a_partition_column_is_stored_by_its_own_name(collected: Collected) -> None:
    found = collected(
        "class T(Bronze, partition=Daily('2026-01-01').on('day')):\n"
        "    day: Col[date] = col(name='Order day')\n"
    )
    (dimension,) = found.datasets[DatasetKey("bronze.t")].partitioning.dimensions
    assert dimension.column == "Order day"


@pytest.mark.parametrize(
    ("code", "partition", "said"),
    [
        ("FF-106", "Daily('2026-01-01')", 'name it: `partition=DAY.on("day")`'),
        ("FF-106", "Daily('2026-01-01').on('dya')", "did you mean `day`?"),
        ("FF-106", "Daily('2026-01-01').on('zzz')", "declare `zzz` as a column"),
        ("FF-106", "Daily('2026-01-01').on('name')", "it must be a `date` or `datetime`"),
        ("FF-106", "Daily('2026-01-01').on('maybe')", "without `| None`"),
        ("FF-106", "Static('a').on('day')", "it must be a `str` without `| None`"),
        ("FF-106", "'day'", "`partition='day'` is no way to cut a dataset"),
        ("FF-830", "Daily('2026-1-1').on('day')", "2026-01-31"),
        ("FF-830", "Daily('2026-02-30').on('day')", "2026-01-31"),
        ("FF-830", "Weekly('2026-01-01').on('day')", "Monday"),
        ("FF-830", "Daily(date(2026, 1, 1)).on('day')", "write keys as text"),
        ("FF-830", "Static(['a']).on('name')", "write keys as text"),
        ("FF-835", "Daily('2026-01-01', tz='Europe/Brelin').on('day')", "Europe/Brelin"),
        ("FF-836", "Daily('2026-01-02', '2026-01-01').on('day')", "before its start"),
        ("FF-836", "Static('a', 'a').on('name')", "not repeated"),
        ("FF-836", "Static().on('name')", "give it at least one"),
        ("FF-836", "Daily('2026-01-01').on('day') * Weekly('2025-12-29').on('day')",
         "a column of its own"),
    ],
)  # fmt: skip
def test_partitions_that_cannot_be_are_refused(
    refused: Refused, code: str, partition: str, said: str
) -> None:
    source = (
        f"class T(Bronze, partition={partition}):  # here\n    day: Col[date] = col()\n"
        "    name: Col[str] = col()\n    maybe: Col[date | None] = col()\n"
    )
    assert said in refused(code, source)


def test_dimensions_multiply_in_any_grouping() -> None:
    day, hour, country = Daily("2026-01-01"), Hourly("2026-01-01T00"), Static("de")
    assert (day * hour) * country == day * (hour * country) == Product((day, hour, country))


def test_calendars_differ_by_kind_and_keep_what_they_were_told() -> None:
    week: object = Weekly("2026-01-01")
    assert Daily("2026-01-01") != week
    told = Monthly("2026-01", "2026-03", tz="Europe/Berlin").on("month")
    assert (told.start, told.end, told.tz, told.column) == (
        *("2026-01", "2026-03", "Europe/Berlin", "month"),
    )
    assert Static("de", "ch").on("country").values == ("de", "ch")


def test_a_set_of_keys_is_a_sequence_with_ends() -> None:
    days = Partitions([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)])
    assert (days.first, days.last, len(days)) == (date(2026, 1, 1), date(2026, 1, 3), 3)
    assert list(days)[1] == days[1] == date(2026, 1, 2)
    assert list(days[1:]) == [date(2026, 1, 2), date(2026, 1, 3)]
    assert repr(days) == "Partitions(2026-01-01..2026-01-03, 3)"
    assert repr(Partitions[date]([])) == "Partitions()"
