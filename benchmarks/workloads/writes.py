"""A table of orders, and as many orders that come later: half are known, half of those changed.

Pure polars without random state, as in lake.py.
"""

from __future__ import annotations

import polars as pl

STATUSES = ["new", "paid", "sent", "back"]
_FIRST_DAY = 18_262  # 2020-01-01
_given: list[pl.DataFrame] = []


def first(rows: int) -> pl.DataFrame:
    """`order_id i64 (unique), customer i64, day date, amount f64, status str, note str`."""
    return _orders(pl.int_range(rows, dtype=pl.Int64, eager=True), seed=1)


def later(rows: int) -> pl.DataFrame:
    """Orders from the middle of `first` on, in another order; each second known one has changed."""
    ids = pl.int_range(rows // 2, rows // 2 + rows, dtype=pl.Int64, eager=True)
    changed = (pl.col("order_id") >= rows) | (pl.col("order_id") % 2 == 0)
    as_before, as_now = _orders(ids, seed=1), _orders(ids, seed=2)
    both = as_before.with_columns(
        pl.when(changed).then(as_now.get_column(name)).otherwise(pl.col(name)).alias(name)
        for name in ("amount", "status", "note")
    )
    return both.sort(pl.col("order_id").hash(7))


def give(frame: pl.DataFrame) -> None:
    """Makes `frame` what the asset finds outside."""
    _given[:] = [frame]


def given() -> pl.DataFrame:
    """What the asset finds outside."""
    return _given[0]


def expected(rows: int, way: str) -> pl.DataFrame:
    """What the table holds in the end: all orders of `append`, the current ones of the others."""
    old, new = first(rows), later(rows)
    if way != "append":
        old = old.join(new, on="order_id", how="anti")
    return pl.concat([old, new])


def _orders(ids: pl.Series, *, seed: int) -> pl.DataFrame:
    number = pl.col("order_id")
    names = pl.Series(STATUSES)
    return pl.DataFrame({"order_id": ids}).with_columns(
        customer=(number.hash(3) % 100_000).cast(pl.Int64),
        day=(_FIRST_DAY + (number.hash(4) % 365).cast(pl.Int32)).cast(pl.Int32).cast(pl.Date),
        amount=(number.hash(seed) % 100_000).cast(pl.Float64) / 100,
        status=pl.lit(names).gather((number.hash(seed + 8) % 4).cast(pl.UInt32)),
        note=(number.hash(seed + 16) % 1_000_000_000).cast(pl.String),
    )
