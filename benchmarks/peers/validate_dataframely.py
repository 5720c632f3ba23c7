"""validate_dataframely.py ROWS: the 12 rules as a dataframely schema."""

from __future__ import annotations

import sys

import dataframely as dy
from workloads import orders
from workloads.clock import measured, say


class Orders(dy.Schema):
    """The 12 rules: no column is nullable, the rest stands beside each."""

    order_id = dy.Int64(primary_key=True)
    customer_id = dy.Int64(nullable=False)
    ordered_at = dy.Datetime(nullable=False, time_zone="UTC", time_unit="us")
    country = dy.String(nullable=False, check=lambda column: column.is_in(orders.COUNTRIES))
    sku = dy.String(nullable=False, regex=f"^{orders.SKU_PATTERN}$")
    quantity = dy.Int64(nullable=False, min=orders.LEAST_QUANTITY, max=orders.MOST_QUANTITY)
    price = dy.Float64(nullable=False, min=orders.LEAST_PRICE)


_, failure = Orders.filter(orders.break_orders(orders.make_orders(1_000)))
found = failure.counts()
if len(found) != orders.RULES - 6:
    raise SystemExit(f"finds {found} in the broken rows")
frame = orders.make_orders(int(sys.argv[1]))
with measured() as cost:
    Orders.validate(frame)
say(cost)
