"""Bronze: the five files as delivered, and what we know better than one of them."""

from __future__ import annotations

from datetime import date

from flowforge_assets import Bronze, Col, col, key
from nyc_flights.calendar import DAY


class RawFlights(Bronze, partition=DAY.on("day"), extra="keep", tags=["delivered"]):
    """Every flight that was to leave New York in 2013, with `year`, `month`, `day` as one date.

    Times are the local ones of each airport, as numbers: 517 is 05:17, 2400 is midnight.
    """

    day: Col[date] = col(doc="the scheduled day of departure")
    dep_time: Col[int | None] = col(unit="hhmm")
    sched_dep_time: Col[int] = col(unit="hhmm")
    dep_delay: Col[int | None] = col(unit="min", doc="negative when early")
    arr_time: Col[int | None] = col(unit="hhmm")
    sched_arr_time: Col[int] = col(unit="hhmm")
    arr_delay: Col[int | None] = col(unit="min", doc="negative when early")
    carrier: Col[str] = col()
    flight: Col[int] = col()
    tailnum: Col[str | None] = col()
    origin: Col[str] = col()
    dest: Col[str] = col()
    air_time: Col[int | None] = col(unit="min")
    distance: Col[int] = col(unit="mi")
    hour: Col[int] = col(doc="the hour of sched_dep_time")
    minute: Col[int] = col(doc="the minute of sched_dep_time")
    time_hour: Col[str] = col(doc="the scheduled hour of departure in UTC")


class RawWeather(Bronze, extra="keep", tags=["delivered"]):
    """What the stations at the three airports reported each hour."""

    origin: Col[str] = col()
    year: Col[int] = col()
    month: Col[int] = col()
    day: Col[int] = col()
    hour: Col[int] = col(doc="local; an hour is there twice when clocks go back")
    temp: Col[float | None] = col(unit="degF")
    dewp: Col[float | None] = col(unit="degF")
    humid: Col[float | None] = col(unit="%")
    wind_dir: Col[int | None] = col(unit="deg")
    wind_speed: Col[float | None] = col(unit="mph")
    wind_gust: Col[float | None] = col(unit="mph")
    precip: Col[float] = col(unit="in")
    pressure: Col[float | None] = col(unit="mbar")
    visib: Col[float] = col(unit="mi")
    time_hour: Col[str] = col(doc="the hour in UTC")


class RawPlanes(Bronze, extra="keep", tags=["delivered"]):
    """The register of planes of the aviation authority; 721 planes that flew are not in it."""

    tailnum: Col[str] = col()
    year: Col[int | None] = col(doc="of manufacture")
    type: Col[str] = col()
    manufacturer: Col[str] = col()
    model: Col[str] = col()
    engines: Col[int] = col()
    seats: Col[int] = col()
    speed: Col[int | None] = col(unit="mph", doc="cruising speed, seldom given")
    engine: Col[str] = col()


class RawAirports(Bronze, extra="keep", tags=["delivered"]):
    """A list of airports of the United States."""

    faa: Col[str] = col()
    name: Col[str] = col()
    lat: Col[float] = col(unit="deg")
    lon: Col[float] = col(unit="deg")
    alt: Col[int] = col(unit="ft")
    tz: Col[int] = col(unit="h", doc="offset from UTC in winter")
    dst: Col[str] = col(doc="A: as in the United States, N: none, U: unknown")
    tzone: Col[str | None] = col(doc="IANA time zone")


class AirportCorrections(Bronze, tags=["by hand"]):
    """Airports that the delivered list lacks or has wrong; each replaces the delivered one."""

    airport: Col[str] = key()
    name: Col[str] = col()
    latitude: Col[float] = col(unit="deg")
    longitude: Col[float] = col(unit="deg")
    altitude: Col[int] = col(unit="ft")
    time_zone: Col[str] = col()
    why: Col[str] = col()


class RawAirlines(Bronze, extra="keep", tags=["delivered"]):
    """The codes and names of the airlines."""

    carrier: Col[str] = col()
    name: Col[str] = col()
