"""A few rows that come again and again, each time others."""

from __future__ import annotations

import polars as pl

_FIRST_SECOND = 1_767_225_600  # 2026-01-01T00:00:00Z


def frame(number: int, rows: int) -> pl.DataFrame:
    """`id i64 (unique among all), at timestamp UTC, amount f64, note str`: the rows of a commit."""
    id_ = pl.int_range(number * rows, (number + 1) * rows, dtype=pl.Int64)
    return pl.select(
        id=id_,
        at=pl.from_epoch(_FIRST_SECOND + id_, time_unit="s").cast(pl.Datetime("us", "UTC")),
        amount=(id_.hash(1) % 100_000).cast(pl.Float64) / 100,
        note=(id_.hash(2) % 1_000_000).cast(pl.String),
    )
