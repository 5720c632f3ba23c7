"""Orders and their 12 rules: 7 not null, a range, a least, a set, a pattern, a key."""

from __future__ import annotations

import polars as pl

COUNTRIES = ["AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "NL", "PL"]
SKU_PATTERN = "[A-Z]{2}-[0-9]{4}"
LEAST_QUANTITY, MOST_QUANTITY = 1, 100
LEAST_PRICE = 0.0
_FIRST_SECOND = 1_704_067_200  # 2024-01-01T00:00:00Z
RULES = 12


def make_orders(rows: int) -> pl.DataFrame:
    """Seven columns in which no rule is broken."""
    number = pl.int_range(rows, dtype=pl.Int64)
    countries = pl.Series(COUNTRIES)
    skus = pl.Series([f"{chr(65 + n % 26)}{chr(65 + n % 7)}-{n:04d}" for n in range(5_000)])
    return pl.select(
        order_id=number,
        customer_id=(number.hash(1) % 900_000).cast(pl.Int64),
        ordered_at=pl.from_epoch(_FIRST_SECOND + number, time_unit="s").cast(
            pl.Datetime("us", "UTC")
        ),
        country=pl.lit(countries).gather((number.hash(2) % len(countries)).cast(pl.UInt32)),
        sku=pl.lit(skus).gather((number.hash(3) % len(skus)).cast(pl.UInt32)),
        quantity=(number.hash(4) % MOST_QUANTITY).cast(pl.Int64) + LEAST_QUANTITY,
        price=(number.hash(5) % 100_000).cast(pl.Float64) / 100,
    )


def break_orders(orders: pl.DataFrame) -> pl.DataFrame:
    """The same orders, each rule but the not-nulls broken by one of the first rows; one null."""
    row = pl.int_range(pl.len())
    return orders.with_columns(
        order_id=pl.when(row == 0).then(1).otherwise("order_id"),
        customer_id=pl.when(row != 1).then("customer_id"),
        country=pl.when(row == 2).then(pl.lit("XX")).otherwise("country"),
        sku=pl.when(row == 3).then(pl.lit("x")).otherwise("sku"),
        quantity=pl.when(row == 4).then(0).otherwise("quantity"),
        price=pl.when(row == 5).then(-1.0).otherwise("price"),
    )
