from __future__ import annotations

import polars as pl
import pytest
from shop import Orders, RawOrders, Sales, clean_orders, no_order_is_huge, raw_orders, sales

from flowforge_assets import Project
from flowforge_assets.errors.run import CheckFailedError
from flowforge_assets.testing import materialize, rows

RAW = [
    {"order_id": 1, "country": "ch", "price_eur": 2_000.0},
    {"order_id": 2, "country": "ch", "price_eur": 0.5},
]


def cleaned() -> pl.LazyFrame:
    return clean_orders(rows(RawOrders, RAW))


def test_countries_are_in_capitals() -> None:
    assert cleaned().collect()["country"].to_list() == ["CH", "CH"]


def test_sales_are_summed_by_country() -> None:
    assert sales(cleaned()).collect().rows() == [("CH", 2_000.5)]


def test_huge_order_is_found() -> None:
    huge = rows(Orders, [{"country": "CH", "price_eur": 2_000.0}, {"country": "CH"}])
    assert no_order_is_huge(huge).collect().height == 1


def test_huge_order_stops_the_write() -> None:
    with pytest.raises(CheckFailedError):
        materialize(Orders, given={RawOrders: RAW})


def test_orders_have_numbers() -> None:
    assert [order.order_id for order in raw_orders()] == [1, 2, 3]


@pytest.mark.slow
def test_shop_is_made_whole(flowforge_project: Project) -> None:
    assert flowforge_project.run().made == 3
    assert flowforge_project.read(Sales).rows() == [("CH", 27.4), ("DE", 5.0)]
    assert not flowforge_project.plan().steps
