"""Gold: what people ask about delays. Two more tables are SQL alone: see `assets/gold`."""

from __future__ import annotations

from datetime import date

from flowforge_assets import Col, Gold, col, key
from nyc_flights.calendar import DAY, MONTH
from nyc_flights.datasets.silver import Airlines


class CarrierDelays(Gold, partition=DAY.on("day"), owners=["punctuality"]):
    """How punctually each airline left New York, day by day."""

    day: Col[date] = key()
    carrier: Col[str] = key(ref=Airlines)
    flights: Col[int] = col(gt=0)
    cancelled: Col[int] = col(ge=0)
    diverted: Col[int] = col(ge=0)
    mean_delay: Col[float | None] = col(unit="min", doc="at departure, of flights that left")
    median_delay: Col[float | None] = col(unit="min")
    p90_delay: Col[float | None] = col(unit="min")


class CarrierTrend(Gold, partition=DAY.on("day"), owners=["punctuality"]):
    """The same over the seven days that end with `day`, without the swings of a week."""

    day: Col[date] = key()
    carrier: Col[str] = key(ref=Airlines)
    flights: Col[int] = col(gt=0)
    cancelled_share: Col[float] = col(ge=0, le=1)
    mean_delay: Col[float | None] = col(unit="min")


class OnTimeLeague(Gold, partition=MONTH.on("month"), owners=["punctuality"]):
    """The airlines of a month by the share of flights that arrived less than 15 minutes late."""

    month: Col[date] = key(doc="its first day")
    carrier: Col[str] = key(ref=Airlines)
    airline: Col[str] = col()
    flights: Col[int] = col(gt=0)
    on_time_share: Col[float] = col(ge=0, le=1, doc="cancelled and diverted flights are late")
    rank: Col[int] = col(ge=1)


class WeatherEffect(Gold, owners=["punctuality"]):
    """What wind and rain at the airport do to departures."""

    wind_from: Col[int] = key(doc="miles an hour in steps of ten: 0, 10, 20, and 30 for all above")
    is_wet: Col[bool] = key(doc="rain or snow fell in the hour")
    flights: Col[int] = col(gt=0)
    cancelled_share: Col[float] = col(ge=0, le=1)
    mean_delay: Col[float | None] = col(unit="min")
