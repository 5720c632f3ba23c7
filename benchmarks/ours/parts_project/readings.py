"""Readings by station, overwritten as a whole or one station at a time."""

from __future__ import annotations

from workloads import parts

from flowforge_assets import Bronze, Col, Partitions, Static, Table, asset, col


class Readings(Bronze, partition=Static(*parts.STATIONS).on("station")):
    id: Col[int] = col()
    station: Col[str] = col()
    value: Col[float] = col()
    note: Col[str] = col()


@asset
def readings(station: Partitions[str]) -> Table[Readings]:  # noqa: ARG001 - one step for all
    return parts.given()
