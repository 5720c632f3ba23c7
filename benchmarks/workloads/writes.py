"""A table of orders, and as many orders that come later: half are known, half of those changed.

Pure polars without random state, as in lake.py. The ways of writing are those of the product;
`partition` overwrites one of the four partitions, by status.
"""

from __future__ import annotations

import polars as pl

STATUSES = ["new", "paid", "sent", "back"]
STATUS = "new"
WAYS = ("overwrite", "partition", "append", "merge", "insert", "scd2", "snapshot")
_FIRST_DAY = 18_262  # 2020-01-01
_given: list[pl.DataFrame] = []


def first(rows: int) -> pl.DataFrame:
    """`order_id i64 (unique), customer i64, day date, amount f64, status str, note str`."""
    return _orders(pl.int_range(rows, dtype=pl.Int64, eager=True), seed=1)


def later(rows: int, way: str) -> pl.DataFrame:
    """Orders from the middle of `first` on, in another order; each second known one has changed.

    Those of `partition` are all in the one that is overwritten.
    """
    ids = pl.int_range(rows // 2, rows // 2 + rows, dtype=pl.Int64, eager=True)
    changed = (pl.col("order_id") >= rows) | (pl.col("order_id") % 2 == 0)
    as_before, as_now = _orders(ids, seed=1), _orders(ids, seed=2)
    both = as_before.with_columns(
        pl.when(changed).then(as_now.get_column(name)).otherwise(pl.col(name)).alias(name)
        for name in ("amount", "status", "note")
    )
    if way == "partition":
        both = both.with_columns(status=pl.lit(STATUS))
    return both.sort(pl.col("order_id").hash(7))


def checked(rows: pl.DataFrame, way: str) -> pl.DataFrame:
    """The rows themselves, which must break no rule: no nulls and, save in a log, a unique id."""
    counts = [pl.col(name).null_count().alias(f"{name} is null") for name in rows.columns]
    if way != "append":
        counts.append((pl.len() - pl.col("order_id").n_unique()).alias("order_id is not unique"))
    found = rows.select(counts).row(0, named=True)
    if any(found.values()):
        raise SystemExit(f"rows break rules: {found}")
    return rows


def give(frame: pl.DataFrame) -> None:
    """Makes `frame` what the asset finds outside."""
    _given[:] = [frame]


def given() -> pl.DataFrame:
    """What the asset finds outside."""
    return _given[0]


def expected(rows: int, way: str) -> pl.DataFrame:
    """What the table holds in the end; of `scd2` the current rows."""
    old, new = first(rows), later(rows, way)
    match way:
        case "overwrite":
            return new
        case "partition":
            return pl.concat([old.filter(pl.col("status") != STATUS), new])
        case "insert":
            return pl.concat([old, new.join(old, on="order_id", how="anti")])
        case "merge" | "scd2":
            return pl.concat([old.join(new, on="order_id", how="anti"), new])
        case _:
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
