"""The partitions that rows lie in, which must be those that the calendar says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowforge_assets.core.dimension import Kind
from flowforge_assets.core.partition import WHOLE, Dimension, PartitionSet, Values
from flowforge_assets.storage.partition_values import partitions_of

KINDS: tuple[Kind, ...] = ("hour", "day", "week", "month")
ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia")
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - made aware below
DIMENSIONS = st.builds(Dimension, st.just("at"), st.sampled_from(KINDS), st.sampled_from(ZONES))
COUNTRY = Dimension("country", "static")
DAY = Dimension("day", "day")


@given(dimension=DIMENSIONS, moments=st.lists(MOMENTS, max_size=6))
@example(Dimension("at", "day", "Pacific/Apia"), [datetime(2011, 12, 30, 11)])  # noqa: DTZ001 - as above
@example(Dimension("at", "day", "America/Sao_Paulo"), [datetime(2018, 2, 18, 2, 30)])  # noqa: DTZ001 - as above
def test_instants_lie_in_the_partitions_that_hold_them(
    dimension: Dimension, moments: list[datetime]
) -> None:
    instants = [moment.replace(tzinfo=UTC) for moment in moments]
    rows = pl.DataFrame({"at": instants}, schema={"at": pl.Datetime("us", "UTC")})
    expected = {(dimension.holding(instant),) for instant in instants}
    assert set(partitions_of(rows.lazy(), (dimension,)).points()) == expected


@given(dimension=DIMENSIONS, readings=st.lists(MOMENTS, max_size=6))
def test_wall_clock_readings_lie_in_their_own_day_and_utc_hour(
    dimension: Dimension, readings: list[datetime]
) -> None:
    rows = pl.DataFrame({"at": readings}, schema={"at": pl.Datetime("us")})
    expected = {
        (dimension.of_value(each if dimension.kind == "hour" else each.date()),)
        for each in readings
    }
    assert set(partitions_of(rows, (dimension,)).points()) == expected


@given(
    kind=st.sampled_from(KINDS[1:]),
    days=st.lists(st.dates(date(1000, 1, 8), date(9998, 12, 31)), max_size=6),
)
def test_dates_lie_in_their_day_week_or_month(kind: Kind, days: list[date]) -> None:
    dimension = Dimension("day", kind)
    rows = pl.DataFrame({"day": days}, schema={"day": pl.Date})
    found = partitions_of(rows, (dimension,))
    assert set(found.points()) == {(dimension.of_date(day),) for day in days}
    assert PartitionSet.from_json((dimension,), found.to_json()) == found


def test_products_keep_the_pairs_that_rows_have() -> None:
    today = date(2026, 1, 1)
    rows = pl.DataFrame(
        {"day": [today, today, today + timedelta(days=1)], "country": ["de", "ch", "de"]}
    )
    found = partitions_of(rows, (DAY, COUNTRY))
    assert sorted(found.keys()) == ["2026-01-01|ch", "2026-01-01|de", "2026-01-02|de"]


def test_names_are_the_partitions_themselves() -> None:
    found = partitions_of(pl.DataFrame({"country": ["de", "ch", "de"]}), (COUNTRY,))
    assert found == PartitionSet((COUNTRY,), ((Values.of(["ch", "de"]),),))


@pytest.mark.parametrize("value", [None, date(1, 1, 1), date(9999, 12, 31)])
def test_rows_that_no_key_can_name_are_passed_over(value: date | None) -> None:
    rows = pl.DataFrame({"day": [value, date(2026, 1, 1)]}, schema={"day": pl.Date})
    assert list(partitions_of(rows, (DAY,)).keys()) == ["2026-01-01"]


def test_days_that_python_cannot_hold_are_passed_over() -> None:
    rows = pl.DataFrame({"day": pl.Series([2**30]).cast(pl.Int32).cast(pl.Date)})
    assert not partitions_of(rows, (DAY,))


def test_names_that_are_missing_or_empty_are_passed_over() -> None:
    rows = pl.DataFrame({"country": [None, ""]}, schema={"country": pl.String})
    assert not partitions_of(rows, (COUNTRY,))


def test_any_row_of_an_unpartitioned_dataset_lies_in_its_whole() -> None:
    rows = pl.DataFrame({"n": [1]})
    assert partitions_of(rows, ()) == WHOLE
    assert partitions_of(rows.clear(), ()) == PartitionSet.none(())
