"""From the clock on an airport's wall to an instant."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl


def wall_time(day: pl.Expr, clock: pl.Expr) -> pl.Expr:
    """The reading of a wall clock, without zone, from a date and a number: 517 is 05:17.

    2400 is the midnight that ends the day.
    """
    return day.cast(pl.Datetime("us")) + pl.duration(hours=clock // 100, minutes=clock % 100)


def instant(wall: pl.Expr, zone: pl.Expr, *, zones: Iterable[str]) -> pl.Expr:
    """The instant in UTC at which the clocks of `zone`, one of `zones`, show `wall`.

    An hour that occurs twice means the first one. A reading that never occurs, because the clock
    jumps over it, is null, as is one in another zone.
    """
    # polars converts a whole column to one zone, so each zone has a column of its own
    return pl.coalesce(
        pl.when(zone == name).then(
            wall.dt.replace_time_zone(
                name, ambiguous="earliest", non_existent="null"
            ).dt.convert_time_zone("UTC")
        )
        for name in zones
    )


def first_after(
    departure: pl.Expr, wall: pl.Expr, zone: pl.Expr, *, zones: Iterable[str]
) -> pl.Expr:
    """The first instant after `departure` at which the clocks of `zone` show the time of `wall`.

    `wall` lies on the local day of the departure; the instant lies on it or on the next.
    """
    same_day = instant(wall, zone, zones=zones)
    next_day = instant(wall.dt.offset_by("1d"), zone, zones=zones)
    return pl.when(same_day > departure).then(same_day).otherwise(next_day)
