"""Readings of a hundred stations, a partition each."""

from __future__ import annotations

import polars as pl

STATIONS = [f"s{number:03d}" for number in range(100)]
STATION = STATIONS[42]
_given: list[pl.DataFrame] = []


def readings(rows: int, seed: int, station: str | None = None) -> pl.DataFrame:
    """`id i64 (unique), station str, value f64, note str`; of one station only its hundredth."""
    number = pl.int_range(rows, dtype=pl.Int64)
    names = pl.lit(pl.Series(STATIONS))
    every = pl.select(id=number).with_columns(
        station=names.gather(pl.col("id") % len(STATIONS)),
        value=(pl.col("id").hash(seed) % 1_000_000).cast(pl.Float64) / 100,
        note=(pl.col("id").hash(seed + 1) % 1_000_000_000).cast(pl.String),
    )
    return every if station is None else every.filter(pl.col("station") == station)


def give(frame: pl.DataFrame) -> None:
    """Makes `frame` what the asset finds outside."""
    _given[:] = [frame]


def given() -> pl.DataFrame:
    """What the asset finds outside."""
    return _given[0]
