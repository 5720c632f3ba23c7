from __future__ import annotations

import polars as pl
from shop import clean_orders, no_order_is_huge, raw_orders, sales

RAW = pl.LazyFrame({"order_id": [1, 2], "country": ["ch", "ch"], "price_eur": [2_000.0, 0.5]})


def test_countries_are_in_capitals() -> None:
    assert clean_orders(RAW).collect()["country"].to_list() == ["CH", "CH"]


def test_sales_are_summed_by_country() -> None:
    assert sales(clean_orders(RAW)).collect().rows() == [("CH", 2_000.5)]


def test_huge_order_is_found() -> None:
    assert no_order_is_huge(clean_orders(RAW)).collect()["order_id"].to_list() == [1]


def test_orders_have_numbers() -> None:
    assert [order.order_id for order in raw_orders()] == [1, 2, 3]
