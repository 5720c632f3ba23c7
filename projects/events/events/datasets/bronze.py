"""Bronze: events by the hour in which they arrived, and the nightly export of the shop."""

from __future__ import annotations

from datetime import date, datetime

from events.calendar import DAY, HOUR
from flowforge_assets import Bronze, Col, col


class RawEvents(Bronze, partition=HOUR.on("arrived"), extra="keep"):
    """What browsers sent, as it came: late, twice, or from nobody."""

    arrived: Col[datetime] = col(doc="the hour in which it came, not in which it happened")
    event_id: Col[str] = col()
    user_id: Col[str] = col(doc="empty for robots")
    at: Col[datetime] = col(doc="when it happened")
    page: Col[str] = col()


class RawUsers(Bronze, partition=DAY.on("day")):
    """All users as they were at the end of the day."""

    day: Col[date] = col()
    user_id: Col[str] = col()
    plan: Col[str] = col()


class RawOrders(Bronze, partition=DAY.on("day")):
    """The orders of the day."""

    day: Col[date] = col()
    order_id: Col[str] = col()
    user_id: Col[str] = col()
    cents: Col[int] = col()


class RawRefunds(Bronze, partition=DAY.on("day")):
    """What was given back on the day for orders of that day."""

    day: Col[date] = col()
    order_id: Col[str] = col()
    cents: Col[int] = col()
