from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import polars as pl
import pytest

from flowforge_assets import (
    Bronze,
    Col,
    Daily,
    Frame,
    Gold,
    Has,
    Hourly,
    Lag,
    Monthly,
    Silver,
    Table,
    asset,
    col,
    key,
)
from flowforge_assets.errors.storage import StrayRowsError
from flowforge_assets.errors.testing import (
    NotGivenError,
    PartitionUnsaidError,
)
from flowforge_assets.testing import Ran, materialize, rows

NOW = datetime(2026, 1, 10, tzinfo=UTC)
DAY = Daily("2026-01-01")
HOUR = Hourly("2026-01-01T00")


class RawEvents(Bronze, partition=DAY.on("day")):
    day: Col[date] = col()
    user: Col[str] = col()


class Users(Silver, partition=DAY.on("day")):
    day: Col[date] = key()
    user: Col[str] = key()


class Months(Gold, partition=Monthly("2026-01", "2026-02").on("month")):
    month: Col[date] = key()
    users: Col[int] = col()


@asset
def users(day: date, events: Frame[RawEvents]) -> Frame[Users]:
    return events.unique().with_columns(day=pl.lit(day))


@asset
def months(users: Annotated[Frame[Users], Has(missing="skip")]) -> Frame[Months]:
    return users.group_by(month=Users.day.dt.truncate("1mo")).agg(users=Users.user.n_unique())


DAYS = [{"day": "2026-01-02", "user": "a"}, {"day": "2026-01-04", "user": "b"}]


def made(ran: Ran) -> list[str]:
    return [step.partitions.render(None) for step in ran.plan.steps]


def test_partitions_are_those_that_the_given_rows_belong_to() -> None:
    ran = materialize(Users, given={RawEvents: DAYS}, now=NOW)
    assert made(ran) == ["2026-01-02,2026-01-04"]
    assert ran[Users].sort("day")["user"].to_list() == ["a", "b"]
    ran = materialize(Months, given={Users: DAYS}, now=NOW)
    assert ran[Months].rows() == [(date(2026, 1, 1), 2)]


def test_partitions_are_told_from_one_asset_to_the_next() -> None:
    ran = materialize(Months, Users, given={RawEvents: DAYS}, now=NOW)
    assert made(ran) == ["2026-01-02,2026-01-04", "2026-01"]
    assert ran[Months]["users"].item() == 2


@pytest.mark.parametrize(
    ("partition", "expected"),
    [
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02..2026-01-04", "2026-01-02..2026-01-04"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 23, tzinfo=UTC), "2026-01-02"),
    ],
)
def test_partitions_may_be_said(partition: str | date, expected: str) -> None:
    ran = materialize(Users, given={RawEvents: DAYS}, partition=partition, now=NOW)
    assert made(ran) == [expected]


def test_a_day_means_the_month_that_holds_it() -> None:
    ran = materialize(Months, given={Users: DAYS}, partition=date(2026, 1, 31), now=NOW)
    assert made(ran) == ["2026-01"]


def test_where_nothing_tells_the_partitions_they_must_be_said() -> None:
    with pytest.raises(PartitionUnsaidError):
        materialize(Users, given={RawEvents: []}, now=NOW)
    with pytest.raises(PartitionUnsaidError):
        materialize(Balance, given={Balance: [{"hour": "2026-01-01T04:00"}]}, now=NOW)
    with pytest.raises(PartitionUnsaidError, match="2027-01-01"):
        materialize(Users, given={RawEvents: DAYS}, partition=date(2027, 1, 1), now=NOW)


def test_given_rows_in_no_declared_partition_are_refused() -> None:
    with pytest.raises(StrayRowsError):
        materialize(Users, given={RawEvents: [{"day": "2025-12-31"}]}, now=NOW)


class Balance(Silver, partition=HOUR.on("hour")):
    hour: Col[datetime] = key()
    total: Col[int] = col()


@asset
def balance(hour: datetime, before: Annotated[Table[Balance], Lag(1)] | None) -> Table[Balance]:
    total = 1 if before is None or before.is_empty() else before["total"].item() + 1
    return rows(Balance, [{"hour": hour, "total": total}]).collect()


def test_a_range_is_made_in_order_each_partition_reading_the_one_before() -> None:
    ran = materialize(Balance, partition="2026-01-01T00..2026-01-01T02", now=NOW)
    assert ran[Balance].sort("hour")["total"].to_list() == [1, 2, 3]


def test_what_was_there_before_is_given_like_any_rows() -> None:
    before = [{"hour": "2026-01-01T04:00", "total": 40}]
    ran = materialize(Balance, given={Balance: before}, partition="2026-01-01T05", now=NOW)
    assert ran[Balance].sort("hour")["total"].to_list() == [40, 41]


class Strict(Silver, partition=HOUR.on("hour")):
    hour: Col[datetime] = key()


@asset
def strict(before: Annotated[Frame[Strict], Lag(1)], hour: datetime) -> Frame[Strict]:
    return before.clear().collect().lazy()


def test_a_partition_that_needs_one_before_it_says_so() -> None:
    with pytest.raises(NotGivenError, match=r"needs rows of `silver.strict`"):
        materialize(Strict, partition="2026-01-01T05", now=NOW)
