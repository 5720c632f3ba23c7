"""How likely a user comes again the next day: plain counting, by the number of visits."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypedDict

import polars as pl

from events.datasets.gold import UserDays

MANY_VISITS: Final = 4
"""So many visits and more are one band."""


class Chance(TypedDict):
    """The share of users with so many visits on a day who came again on the next."""

    visits: int
    returns: float


def chances(history: pl.DataFrame) -> list[Chance]:
    """One for each number of visits up to `MANY_VISITS`; a half where nothing is known.

    One user who came again and one who did not are added to each, so that none is sure.
    """
    came = history.select("user_id", day=UserDays.day - timedelta(days=1), came=pl.lit(1))
    known = (
        history.filter(UserDays.day < UserDays.day.max())
        .with_columns(visits=UserDays.visits.clip(upper_bound=MANY_VISITS))
        .join(came, on=["user_id", "day"], how="left")
        .group_by("visits")
        .agg(returns=(pl.col("came").sum() + 1) / (pl.len() + 2))
    )
    shares = dict(known.iter_rows())
    return [
        Chance(visits=visits, returns=round(shares.get(visits, 0.5), 3))
        for visits in range(1, MANY_VISITS + 1)
    ]


def shown(found: list[Chance]) -> str:
    """A table for people."""
    lines = [f"| {chance['visits']} | {chance['returns']:.0%} |" for chance in found]
    return "\n".join(["| visits | come again |", "|---|---|", *lines, ""])
