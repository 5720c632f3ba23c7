"""validate.py ROWS: the 12 rules as a dataset, counted by what every write of ours goes through."""

from __future__ import annotations

import sys
from datetime import datetime

from workloads import orders
from workloads.clock import measured, say

from flowforge_assets import Bronze, Col, col, key
from flowforge_assets.declare.describe import describe
from flowforge_assets.quality.examine import examine


class Orders(Bronze):
    """What an order must be."""

    order_id: Col[int] = key()
    customer_id: Col[int] = col()
    ordered_at: Col[datetime] = col()
    country: Col[str] = col(isin=orders.COUNTRIES)
    sku: Col[str] = col(regex=orders.SKU_PATTERN)
    quantity: Col[int] = col(ge=orders.LEAST_QUANTITY, le=orders.MOST_QUANTITY)
    price: Col[float] = col(ge=orders.LEAST_PRICE)


RULES = describe(Orders).rules
found = examine(orders.break_orders(orders.make_orders(1_000)), RULES).findings
if len(found) != orders.RULES - 6:
    raise SystemExit(f"finds {found} in the broken rows")
frame = orders.make_orders(int(sys.argv[1]))
with measured() as cost:
    examination = examine(frame, RULES)
if examination.findings:
    raise SystemExit(f"finds {examination.findings} in good rows")
say(cost)
