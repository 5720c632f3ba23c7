"""Bronze assets: the files are read as they are, the flights cut into days."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from flowforge_assets import Partitions, Table, asset
from nyc_flights.datasets.bronze import (
    AirportCorrections,
    RawAirlines,
    RawAirports,
    RawFlights,
    RawPlanes,
    RawWeather,
)
from nyc_flights.delivery import read_delivery

CORRECTIONS: Final = """\
airport,name,latitude,longitude,altitude,time_zone,why
BQN,Rafael Hernandez,18.4949,-67.1294,237,America/Puerto_Rico,not delivered
PSE,Mercedita,18.0083,-66.5630,29,America/Puerto_Rico,not delivered
SJU,Luis Munoz Marin Intl,18.4394,-66.0018,9,America/Puerto_Rico,not delivered
STT,Cyril E King,18.3373,-64.9734,23,America/St_Thomas,not delivered
EEN,Dillant Hopkins Airport,42.8984,-72.2708,488,America/New_York,place and time zone wrong
LRO,Mount Pleasant Regional-Faison Field,32.8978,-79.7829,12,America/New_York,no time zone
YAK,Yakutat,59.5033,-139.6603,33,America/Anchorage,no time zone
"""


@asset
def raw_flights(days: Partitions[date]) -> Table[RawFlights]:
    """All missing days in one step: the file holds the year, so it is read once."""
    return (
        read_delivery("flights.csv.zip")
        .with_columns(day=pl.date("year", "month", "day"))
        .drop("year", "month")
        .filter(RawFlights.day.is_in(list(days)))
    )


@asset
def raw_weather() -> Table[RawWeather]:
    return read_delivery("weather.csv")


@asset
def raw_planes() -> Table[RawPlanes]:
    return read_delivery("planes.csv")


@asset
def raw_airports() -> Table[RawAirports]:
    return read_delivery("airports.csv")


@asset
def raw_airlines() -> Table[RawAirlines]:
    return read_delivery("airlines.csv")


@asset
def airport_corrections() -> Table[AirportCorrections]:
    """A line changed here remakes the airports, and the flights after them."""
    return pl.read_csv(CORRECTIONS.encode())
