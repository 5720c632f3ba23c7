"""What type checkers know of partitions, mappings, forms, checks and resources."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, assert_type

import polars as pl
import pyarrow as pa

from flowforge_assets import (
    All,
    Arrow,
    BadRows,
    Bronze,
    Col,
    Context,
    Daily,
    Frame,
    Gold,
    Has,
    Hourly,
    Json,
    Lag,
    Latest,
    Partitions,
    Resource,
    Rows,
    Shape,
    Silver,
    Static,
    Table,
    Window,
    asset,
    check,
    col,
    key,
    sql_asset,
)

HOUR = Hourly(start="2026-01-01T00")
DAY = Daily(start="2026-01-01", tz="Europe/Berlin")
COUNTRY = Static("de", "ch")


class Crm(Resource):
    url: str
    timeout_seconds: float = 30

    def users(self, day: date) -> Iterator[str]:
        yield self.url


class Person(Shape):
    user_id: Col[str] = key()
    email: Col[str | None] = col(tags=["pii"])


class RawUsers(Person, Bronze, partition=DAY.on("day") * COUNTRY.on("country")):
    day: Col[date] = col()
    country: Col[str] = col()
    payload: Col[Json] = col()


class Sessions(Silver, partition=HOUR.on("hour")):
    user_id: Col[str] = key()
    hour: Col[datetime] = key()


class DailyUsers(Gold, partition=DAY.on("day")):
    day: Col[date] = key()
    users: Col[int] = col(ge=0)


@asset
def raw_users(day: date, country: str, crm: Crm, context: Context) -> Rows[RawUsers]:
    context.log.info("users of %s", crm.url)
    for user in crm.users(day):
        yield RawUsers(user_id=user, email=None, day=day, country=country, payload="{}")


@asset
def sessions(
    now: Annotated[Frame[RawUsers], Has(missing="skip")],
    before: Annotated[Frame[Sessions], Lag(1)] | None,
) -> Frame[Sessions]:
    assert_type(now, pl.LazyFrame)
    return now if before is None else before


@asset
def daily_users(
    days: Partitions[date],
    hours: Annotated[Table[Sessions], Window(-24, 0)],
    batches: Annotated[Arrow[RawUsers], All()],
    last: Annotated[Rows[RawUsers], Latest()],
) -> Table[DailyUsers]:
    assert_type(days.first, date)
    assert_type(hours, pl.DataFrame)
    assert_type(batches, pa.RecordBatchReader)
    for row in last:
        assert_type(row.email, str | None)
    return hours


@check(blocking=False)
def users_have_mail(users: Frame[RawUsers]) -> BadRows[Person]:
    return users.filter(Person.email.is_null())


sql_asset("daily.sql", makes=DailyUsers)

Daily(2026)  # error: a key is text
Static(1, 2)  # error: values are text
DAY.on(RawUsers)  # error: a column by its name
DAY * "country"  # error: not a dimension
Has(missing="ignore")  # error: no such way
Lag("1")  # error: a number of steps
Window()  # error: no first partition
sql_asset("daily.sql", makes="gold.daily")  # error: a class, not a key
sql_asset("daily.sql")  # error: makes nothing
asset(timeout="5m")  # error: seconds or a timedelta
check(blocking="no")  # error: yes or no
asset(makes=int)  # error: not a dataset
col(tz="Europe/Berlin")  # error: stored in UTC or without a zone


@asset
def eager(users: Frame[RawUsers]) -> Table[DailyUsers]:
    return users  # error: a lazy frame for an eager one


@check
def no_rows(users: Frame[RawUsers]) -> BadRows[RawUsers]:
    return True  # error: not the bad rows


def bad_key(days: Partitions[int]) -> None: ...  # error: no type of keys
