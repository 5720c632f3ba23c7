"""A small project of which some assets run in a warehouse."""

from __future__ import annotations

from typing import Final

from warehouse_places import WarehousePlace

_ORDERS: Final = """
from datetime import date

import polars as pl

from flowforge_assets import BadRows, Bronze, Col, Frame, Gold, asset, check, col, key


class Orders(Bronze):
    order_id: Col[int] = key()
    customer: Col[str | None] = col()
    amount: Col[float] = col()
    day: Col[date] = col()


class Report(Gold):
    customer: Col[str | None] = col()
    total: Col[float] = col()


@asset
def load_orders() -> Frame[Orders]:
    rows = [(1, "ann", 2.5, 1), (2, "bob", -1.0, 2), (3, None, 4.0, 2), (4, "ann", 0.25, 3)]
    days = [date(2026, 1, day) for _, _, _, day in rows]
    return pl.LazyFrame(
        {
            "order_id": [row[0] for row in rows],
            "customer": [row[1] for row in rows],
            "amount": [row[2] for row in rows],
            "day": days,
        }
    )
"""
_REPORT: Final = """

class Totals(Gold):
    customer: Col[str | None] = col()
    orders: Col[int] = col(ge=1)
    total: Col[float] = col()


@asset
def report(totals: Frame[Totals]) -> Frame[Report]:
    return totals.select("customer", "total")
"""
TOTALS: Final = """/*
warehouse = true
{header}*/
SELECT customer, count(*) AS orders, sum(amount) AS total
FROM bronze.orders
GROUP BY customer
"""


def project_files(
    place: WarehousePlace, *, header: str = "", query: str = TOTALS, more: str = ""
) -> dict[str, str]:
    """Orders in the lake, their totals in the warehouse, and a report in the lake again."""
    return {
        "flowforge.toml": f'[project]\nname = "shop"\nmodules = ["shop"]\n\n{place.toml()}',
        "shop.py": _ORDERS + _REPORT + more,
        "assets/gold/totals.sql": query.format(header=header),
    }
