"""check_polars_hand.py COUNT: the schemas of lazy frames, asked of polars itself.

The least that any check of Python assets can cost: the same three bodies on empty frames.
"""

from __future__ import annotations

import sys

import polars as pl
from workloads.clock import measured, say

RAW = pl.Schema({"id": pl.Int64, "kind": pl.String, "day": pl.Date, "amount": pl.Float64})
CLEAN = pl.Schema({**RAW, "month": pl.Date})
GROUPED = pl.Schema({"kind": pl.String, "month": pl.Date, "total": pl.Float64, "orders": pl.Int64})


def clean(raw: pl.LazyFrame) -> pl.LazyFrame:
    """What the first of each three assets does."""
    return raw.filter(pl.col("amount") > 1).with_columns(
        pl.col("amount").round(2), month=pl.col("day").dt.month_start()
    )


def grouped(rows: pl.LazyFrame) -> pl.LazyFrame:
    """What the second does."""
    return rows.group_by("kind", "month").agg(
        total=pl.col("amount").sum(), orders=pl.len().cast(pl.Int64)
    )


def joined(rows: pl.LazyFrame, totals: pl.LazyFrame) -> pl.LazyFrame:
    """What the third does."""
    both = rows.join(totals, on=["kind", "month"])
    return both.select("id", "kind", share=pl.col("amount") / pl.col("total"))


with measured() as cost:
    for number in range(int(sys.argv[1])):
        match number % 3:
            case 0:
                clean(pl.LazyFrame(schema=RAW)).collect_schema()
            case 1:
                grouped(pl.LazyFrame(schema=CLEAN)).collect_schema()
            case _:
                joined(pl.LazyFrame(schema=CLEAN), pl.LazyFrame(schema=GROUPED)).collect_schema()
say(cost)
