"""Silver assets: clean, convert and join."""

from __future__ import annotations

from typing import Final, get_args

import polars as pl

from flowforge_assets import Frame, asset
from nyc_flights.calendar import NEW_YORK
from nyc_flights.datasets.bronze import (
    AirportCorrections,
    RawAirlines,
    RawAirports,
    RawFlights,
    RawPlanes,
    RawWeather,
)
from nyc_flights.datasets.silver import Airlines, Airports, Flights, Planes, TimeZone, Weather
from nyc_flights.local_time import first_after, instant, wall_time

ZONES: Final[tuple[str, ...]] = get_args(TimeZone)


@asset
def clean_airlines(raw: Frame[RawAirlines]) -> Frame[Airlines]:
    return raw.select("carrier", name=RawAirlines.name.str.strip_chars())


@asset
def correct_airports(
    raw: Frame[RawAirports], corrections: Frame[AirportCorrections]
) -> Frame[Airports]:
    """The delivered airports, but those of the corrections as these have them."""
    delivered = raw.select(
        airport=RawAirports.faa,
        name=RawAirports.name,
        latitude=RawAirports.lat,
        longitude=RawAirports.lon,
        altitude=RawAirports.alt,
        time_zone=RawAirports.tzone,
    )
    corrected = corrections.drop("why")
    return pl.concat([delivered.join(corrected, on="airport", how="anti"), corrected])


@asset
def clean_planes(raw: Frame[RawPlanes]) -> Frame[Planes]:
    return raw.select(
        "type",
        "manufacturer",
        "model",
        "engines",
        "seats",
        "engine",
        tail_number=RawPlanes.tailnum,
        built=RawPlanes.year,
    )


@asset(bad_rows="quarantine", max_bad=0.001)
def clean_weather(raw: Frame[RawWeather]) -> Frame[Weather]:
    """One report has a wind of 1,048 miles an hour: it is set aside, the others pass."""
    return raw.select(
        "origin",
        "pressure",
        "wind_speed",
        "wind_gust",
        hour=RawWeather.time_hour.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC"),
        temperature=RawWeather.temp,
        dew_point=RawWeather.dewp,
        humidity=RawWeather.humid,
        wind_direction=RawWeather.wind_dir,
        precipitation=RawWeather.precip,
        visibility=RawWeather.visib,
    )


@asset
def clean_flights(raw: Frame[RawFlights], airports: Frame[Airports]) -> Frame[Flights]:
    """The delivered times are those of wall clocks; with the airports' zones they are instants.

    What really happened is the schedule and the delay, since the delivered real times do not say
    on which day they were.
    """
    destinations = airports.select(dest=Airports.airport, zone=Airports.time_zone)
    leaves = wall_time(RawFlights.day, RawFlights.sched_dep_time)
    scheduled = raw.join(destinations, on="dest", how="left", maintain_order="left").with_columns(
        scheduled_departure=instant(leaves, pl.lit(NEW_YORK), zones=[NEW_YORK]),
        lands=wall_time(RawFlights.day, RawFlights.sched_arr_time),
    )
    # a step of its own, for otherwise polars computes the departure once for every zone
    timed = scheduled.with_columns(
        scheduled_arrival=first_after(
            Flights.scheduled_departure, pl.col("lands"), pl.col("zone"), zones=ZONES
        )
    )
    is_cancelled = RawFlights.dep_time.is_null()
    return timed.select(
        "day",
        "carrier",
        "origin",
        "scheduled_departure",
        "scheduled_arrival",
        "air_time",
        "distance",
        flight_id=pl.format(
            "{} {}{} {}", RawFlights.day, RawFlights.carrier, RawFlights.flight, RawFlights.origin
        ),
        number=RawFlights.flight,
        tail_number=RawFlights.tailnum,
        destination=RawFlights.dest,
        departure=Flights.scheduled_departure + pl.duration(minutes=RawFlights.dep_delay),
        arrival=Flights.scheduled_arrival + pl.duration(minutes=RawFlights.arr_delay),
        departure_delay=RawFlights.dep_delay,
        arrival_delay=RawFlights.arr_delay,
        is_cancelled=is_cancelled,
        is_diverted=~is_cancelled & RawFlights.arr_delay.is_null(),
    )
