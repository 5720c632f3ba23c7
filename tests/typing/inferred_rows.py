"""Inferred from the 2 rows of `rows.ndjson`: look it over."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
from flowforge_assets import Col, Frame, Shape, Silver, asset, col, key


class In(Shape):
    class_: Col[int] = col(name="class")


class Inferred2(Silver, name="inferred_2"):
    """One row of `rows.ndjson`."""

    order_id: Col[int] = key(name="Order ID")  # unique in what was seen
    date_: Col[date] = col(name="date")
    at: Col[datetime] = col()
    in_: Col[list[In]] = col(name="in")


FILE = Path(__file__).parent / "rows.ndjson"
SCHEMA = pl.Schema(
    {
        "Order ID": pl.Int64(),
        "date": pl.Date(),
        "at": pl.Datetime("us", "UTC"),
        "in": pl.List(pl.Struct({"class": pl.Int64()})),
    }
)


@asset
def read_inferred_2() -> Frame[Inferred2]:
    """`rows.ndjson`, as it is."""
    return pl.scan_ndjson(FILE, schema=SCHEMA)
