"""validate_pandera.py ROWS: the 12 rules as a pandera model, all failures collected."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("PANDERA_VALIDATION_DEPTH", "SCHEMA_AND_DATA")
import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors
from workloads import orders
from workloads.clock import measured, say

SCHEMA = pa.DataFrameSchema(
    {
        "order_id": pa.Column(pl.Int64, unique=True),
        "customer_id": pa.Column(pl.Int64),
        "ordered_at": pa.Column(pl.Datetime("us", "UTC")),
        "country": pa.Column(pl.String, pa.Check.isin(orders.COUNTRIES)),
        "sku": pa.Column(pl.String, pa.Check.str_matches(f"^{orders.SKU_PATTERN}$")),
        "quantity": pa.Column(
            pl.Int64, pa.Check.in_range(orders.LEAST_QUANTITY, orders.MOST_QUANTITY)
        ),
        "price": pa.Column(pl.Float64, pa.Check.ge(orders.LEAST_PRICE)),
    },
    strict=True,
)
try:
    SCHEMA.validate(orders.break_orders(orders.make_orders(1_000)), lazy=True)
except SchemaErrors as errors:
    found = {(failure.schema.name, str(failure.check)) for failure in errors.schema_errors}
    if len(found) != orders.RULES - 6:
        raise SystemExit(f"finds {found} in the broken rows") from errors
else:
    raise SystemExit("finds nothing in the broken rows")
frame = orders.make_orders(int(sys.argv[1]))
with measured() as cost:
    SCHEMA.validate(frame, lazy=True)
say(cost)
