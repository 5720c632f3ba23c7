"""Silver: typed, cleaned and joined; every time is an instant in UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, TypeAlias

from flowforge_assets import Col, Silver, col, key
from nyc_flights.calendar import DAY

Origin: TypeAlias = Literal["EWR", "JFK", "LGA"]
TimeZone: TypeAlias = Literal[
    "America/Anchorage",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/New_York",
    "America/Phoenix",
    "America/Puerto_Rico",
    "America/St_Thomas",
    "America/Vancouver",
    "Asia/Chongqing",
    "Pacific/Honolulu",
]


class Airlines(Silver):
    """The airlines that fly from New York."""

    carrier: Col[str] = key(regex="[0-9A-Z]{2}")
    name: Col[str] = col(min_length=1)


class Airports(Silver):
    """Airports with their place and time zone, corrected where the delivered list is wrong."""

    airport: Col[str] = key(regex="[0-9A-Z]{3}")
    name: Col[str] = col(min_length=1)
    latitude: Col[float] = col(ge=-90, le=90, unit="deg")
    longitude: Col[float] = col(ge=-180, le=180, unit="deg")
    altitude: Col[int] = col(unit="ft")
    time_zone: Col[TimeZone] = col()


class Planes(Silver):
    """Planes by the number on their tail."""

    tail_number: Col[str] = key(regex="N[0-9A-Z]{1,5}")
    built: Col[int | None] = col(ge=1903, le=2013, doc="the year")
    type: Col[str] = col()
    manufacturer: Col[str] = col()
    model: Col[str] = col()
    engines: Col[int] = col(ge=1, le=8)
    seats: Col[int] = col(gt=0)
    engine: Col[str] = col()


class Weather(Silver):
    """The weather at each airport of New York, hour by hour; some hours were not reported."""

    origin: Col[Origin] = key()
    hour: Col[datetime] = key(doc="the full hour of the report")
    temperature: Col[float | None] = col(unit="degF")
    dew_point: Col[float | None] = col(unit="degF")
    humidity: Col[float | None] = col(ge=0, le=100, unit="%")
    wind_direction: Col[int | None] = col(ge=0, le=360, unit="deg")
    wind_speed: Col[float | None] = col(ge=0, le=150, unit="mph")
    wind_gust: Col[float | None] = col(ge=0, le=250, unit="mph")
    precipitation: Col[float] = col(ge=0, unit="in")
    pressure: Col[float | None] = col(ge=900, le=1100, unit="mbar")
    visibility: Col[float] = col(ge=0, le=10, unit="mi")


class Flights(Silver, partition=DAY.on("day")):
    """Every flight that was to leave New York: flown, diverted or cancelled.

    A cancelled flight has no departure; a diverted one has a departure, but no arrival where it
    was to land.
    """

    flight_id: Col[str] = key(doc="day, carrier, number and origin: `2013-01-01 UA1545 EWR`")
    day: Col[date] = col(doc="the scheduled day of departure in New York")
    carrier: Col[str] = col(ref=Airlines)
    number: Col[int] = col(ge=1)
    tail_number: Col[str | None] = col(doc="of `silver.planes`, where 1 plane in 6 is missing")
    origin: Col[Origin] = col(ref=Airports)
    destination: Col[str] = col(ref=Airports)
    scheduled_departure: Col[datetime] = col()
    scheduled_arrival: Col[datetime] = col()
    departure: Col[datetime | None] = col()
    arrival: Col[datetime | None] = col()
    departure_delay: Col[int | None] = col(ge=-120, le=2880, unit="min")
    arrival_delay: Col[int | None] = col(ge=-180, le=2880, unit="min")
    air_time: Col[int | None] = col(gt=0, unit="min")
    distance: Col[int] = col(gt=0, unit="mi")
    is_cancelled: Col[bool] = col()
    is_diverted: Col[bool] = col()
