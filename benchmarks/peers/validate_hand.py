"""validate_hand.py ROWS: the 12 rules as one polars select."""

from __future__ import annotations

import sys

import polars as pl
from workloads import orders
from workloads.clock import measured, say


def broken_rules(rows: pl.DataFrame) -> dict[str, int]:
    """How many rows break each rule."""
    country, sku = pl.col("country"), pl.col("sku")
    counts = rows.select(
        *(pl.col(name).null_count().alias(f"{name} is null") for name in rows.columns),
        (pl.len() - pl.col("order_id").n_unique()).alias("order_id is not unique"),
        (~pl.col("quantity").is_between(orders.LEAST_QUANTITY, orders.MOST_QUANTITY))
        .sum()
        .alias("quantity is out of range"),
        (pl.col("price") < orders.LEAST_PRICE).sum().alias("price is too low"),
        (~country.is_in(orders.COUNTRIES)).sum().alias("country is unknown"),
        (~sku.str.contains(f"^{orders.SKU_PATTERN}$")).sum().alias("sku has another form"),
    ).row(0, named=True)
    return {rule: count for rule, count in counts.items() if count}


broken = broken_rules(orders.break_orders(orders.make_orders(1_000)))
if len(broken) != orders.RULES - 6:
    raise SystemExit(f"finds {broken} in the broken rows")
frame = orders.make_orders(int(sys.argv[1]))
with measured() as cost:
    broken = broken_rules(frame)
if broken:
    raise SystemExit(f"finds {broken} in good rows")
say(cost)
