"""Bronze, silver and gold of as many rows each, and the rules that hold for them.

Pure polars without random state: the values come from hashes of the row number, so that every
process makes the same rows.
"""

from __future__ import annotations

from typing import TypeVar

import polars as pl

CATEGORIES = [f"cat_{number:03d}" for number in range(200)]
CATEGORY_PATTERN = "cat_[0-9]{3}"
_SECONDS_OF_2024 = 366 * 86_400
_FIRST_SECOND = 1_704_067_200  # 2024-01-01T00:00:00Z
_HASHES = 2.0**64

AnyFrame = TypeVar("AnyFrame", pl.DataFrame, pl.LazyFrame)


def make_bronze(rows: int) -> pl.DataFrame:
    """`id i64 (unique), ts timestamp UTC, category str (one of 200), amount f64 (gamma(2, 50))`."""
    number = pl.int_range(rows, dtype=pl.Int64)
    seconds = _FIRST_SECOND + (number.hash(1) % _SECONDS_OF_2024).cast(pl.Int64)
    names = pl.Series(CATEGORIES)
    one = (number.hash(3).cast(pl.Float64) + 1) / (_HASHES + 1)
    two = (number.hash(4).cast(pl.Float64) + 1) / (_HASHES + 1)
    return pl.select(
        id=number,
        ts=pl.from_epoch(seconds, time_unit="s").cast(pl.Datetime("us", "UTC")),
        category=pl.lit(names).gather((number.hash(2) % len(CATEGORIES)).cast(pl.UInt32)),
        amount=-50.0 * ((one * two).clip(1e-300).log()),
    )


def silver(bronze: AnyFrame) -> AnyFrame:
    """Positive amounts in cents, with their day."""
    return bronze.filter(pl.col("amount") > 0).with_columns(
        pl.col("amount").round(2), day=pl.col("ts").dt.date()
    )


def gold(silver_rows: AnyFrame) -> AnyFrame:
    """Each row with its share of what its category made that day."""
    totals = silver_rows.group_by("category", "day").agg(
        day_total=pl.col("amount").sum(), n=pl.len().cast(pl.Int64)
    )
    return silver_rows.join(totals, on=["category", "day"]).with_columns(
        share=pl.col("amount") / pl.col("day_total")
    )


def broken_rules(rows: pl.DataFrame) -> dict[str, int]:
    """How many rows break each rule, in one pass: the check that a careful engineer writes.

    No column holds a null, `id` is unique, `amount` is not negative, `category` is one of the 200
    and has their form.
    """
    category = pl.col("category")
    counts = rows.select(
        *(pl.col(name).null_count().alias(f"{name} is null") for name in rows.columns),
        (pl.len() - pl.col("id").n_unique()).alias("id is not unique"),
        (pl.col("amount") < 0).sum().alias("amount is negative"),
        (~category.is_in(CATEGORIES)).sum().alias("category is unknown"),
        (~category.str.contains(f"^{CATEGORY_PATTERN}$")).sum().alias("category has another form"),
    ).row(0, named=True)
    return {rule: count for rule, count in counts.items() if count}


def checked(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows themselves, which must break no rule."""
    broken = broken_rules(rows)
    if broken:
        raise SystemExit(f"rows break rules: {broken}")
    return rows
