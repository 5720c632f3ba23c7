"""Silver: each event once and in its hour, visits put together, the history of each user."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias

from events.calendar import DAY, HOUR
from flowforge_assets import Col, Silver, col, key

Plan: TypeAlias = Literal["free", "plus", "team"]


class Events(Silver, partition=HOUR.on("hour")):
    """Each event once, in the hour in which it happened."""

    event_id: Col[str] = key()
    user_id: Col[str] = col(regex="u[0-9]+")
    at: Col[datetime] = col()
    page: Col[str] = col(isin=["home", "list", "item", "cart"])
    hour: Col[datetime] = col()


class Sessions(Silver, partition=HOUR.on("hour")):
    """The part of each visit that lies in an hour; a visit ends after half an hour of silence."""

    user_id: Col[str] = key()
    started: Col[datetime] = key(doc="names the visit, in whichever hour it began")
    hour: Col[datetime] = col()
    last_seen: Col[datetime] = col()
    events: Col[int] = col(gt=0, doc="of this hour")
    is_open: Col[bool] = col(doc="may go on in the next hour")


class Users(Silver):
    """Each plan that a user had, and since when."""

    user_id: Col[str] = key()
    plan: Col[Plan] = col()
    since: Col[datetime] = col(valid_from=True)
    until: Col[datetime | None] = col(valid_to=True)
    is_current: Col[bool] = col(current=True)


class Orders(Silver, partition=DAY.on("day")):
    """Orders with what was given back for them."""

    order_id: Col[str] = key()
    day: Col[date] = col()
    user_id: Col[str] = col()
    paid: Col[int] = col(ge=0, unit="cents")
