"""Bronze assets: what comes in, as it comes."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl

from events.datasets.bronze import RawEvents, RawOrders, RawRefunds, RawUsers
from events.feed import USERS, arrivals, bought, plan_of
from flowforge_assets import Rows, Table, asset


@asset(retries=2)
def raw_events(arrived: datetime) -> Rows[RawEvents]:
    for sent in arrivals(arrived):
        yield RawEvents(
            arrived=arrived,
            event_id=sent.event_id,
            user_id=sent.user_id,
            at=sent.at,
            page=sent.page,
        )


@asset(retries=2)
def export(day: date) -> tuple[Table[RawUsers], Table[RawOrders], Table[RawRefunds]]:
    """One call of the shop gives users, orders and refunds of the day."""
    users = pl.DataFrame(
        [{"day": day, "user_id": user, "plan": plan_of(user, day)} for user in USERS]
    )
    orders = pl.DataFrame(
        [
            {"day": day, "order_id": f"{day:%m%d}-{user}", "user_id": user, "cents": cents}
            for user in USERS
            if (cents := bought(user, day)) is not None
        ],
        schema={"day": pl.Date, "order_id": pl.String, "user_id": pl.String, "cents": pl.Int64},
    )
    refunds = orders.filter(RawOrders.cents > 8_000).select(
        "day", "order_id", cents=RawOrders.cents // 2
    )
    return users, orders, refunds
