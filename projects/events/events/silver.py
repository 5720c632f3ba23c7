"""Silver assets: late events find their hour, visits go on over the end of theirs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import polars as pl

from events.calendar import DAY, HOUR
from events.datasets.bronze import RawEvents, RawOrders, RawRefunds, RawUsers
from events.datasets.silver import Events, Orders, Sessions, Users
from flowforge_assets import Frame, Lag, asset

SILENCE: Final = timedelta(minutes=30)


@asset(per=HOUR, write="merge", bad_rows="quarantine", max_bad=0.2)
def events(raw: Frame[RawEvents]) -> Frame[Events]:
    """A step an hour of arrival: what came late lands in the hour in which it happened."""
    return raw.unique("event_id", keep="first", maintain_order=True).select(
        "event_id", "user_id", "at", "page", hour=RawEvents.at.dt.truncate("1h")
    )


@asset
def sessions(
    hour: datetime, events: Frame[Events], before: Annotated[Frame[Sessions], Lag(1)] | None
) -> Frame[Sessions]:
    """The visits that were open at the end of the hour before go on where they were."""
    seen = events.select("user_id", "at", started="at", is_new=pl.lit(value=True))
    if before is not None:
        open_visits = before.filter(Sessions.is_open).select(
            "user_id", "started", at="last_seen", is_new=pl.lit(value=False)
        )
        seen = pl.concat([open_visits.select(seen.collect_schema().names()), seen])
    begins = (pl.col("at").diff() > SILENCE).fill_null(value=True)
    return (
        seen.sort("user_id", "at", "is_new")
        .with_columns(visit=begins.cum_sum().over("user_id"))
        .group_by("user_id", "visit", maintain_order=True)
        .agg(
            started=pl.col("started").first(),
            last_seen=pl.col("at").last(),
            events=pl.col("is_new").sum().cast(pl.Int64),
        )
        .filter(Sessions.events > 0)
        .with_columns(
            hour=pl.lit(hour),
            is_open=pl.lit(hour + timedelta(hours=1)) - Sessions.last_seen <= SILENCE,
        )
        .drop("visit")
    )


@asset(per=DAY, write="scd2")
def users(raw: Frame[RawUsers]) -> Frame[Users]:
    return raw.drop("day")


@asset
def orders(raw: Frame[RawOrders], refunds: Frame[RawRefunds]) -> Frame[Orders]:
    given_back = refunds.group_by("order_id").agg(back=RawRefunds.cents.sum())
    paid = RawOrders.cents - pl.col("back").fill_null(0)
    return raw.join(given_back, on="order_id", how="left").select(
        "order_id", "day", "user_id", paid=paid
    )
