"""Events of ten stations, to which rows are added."""

from __future__ import annotations

import polars as pl

from flowforge_assets import Bronze, Col, Static, Table, asset, col

STATIONS = [f"s{number}" for number in range(10)]


class Events(Bronze, partition=Static(*STATIONS).on("station")):
    id: Col[int] = col()
    station: Col[str] = col()


@asset(write="append")
def events(station: str) -> Table[Events]:
    return pl.DataFrame({"id": range(100), "station": station})
