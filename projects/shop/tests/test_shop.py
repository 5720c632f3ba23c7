from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from shop import clean_orders, no_order_is_huge, raw_orders, sales

from flowforge_assets import Project

RAW = pl.LazyFrame({"order_id": [1, 2], "country": ["ch", "ch"], "price_eur": [2_000.0, 0.5]})


def test_countries_are_in_capitals() -> None:
    assert clean_orders(RAW).collect()["country"].to_list() == ["CH", "CH"]


def test_sales_are_summed_by_country() -> None:
    assert sales(clean_orders(RAW)).collect().rows() == [("CH", 2_000.5)]


def test_huge_order_is_found() -> None:
    assert no_order_is_huge(clean_orders(RAW)).collect()["order_id"].to_list() == [1]


def test_orders_have_numbers() -> None:
    assert [order.order_id for order in raw_orders()] == [1, 2, 3]


@pytest.mark.slow
def test_shop_is_made_whole(tmp_path: Path) -> None:
    project = Project.load(Path(__file__).parents[1])
    project.environment = replace(project.environment, root=tmp_path)
    assert project.run().made == 3
    assert project.read("gold.sales").rows() == [("CH", 27.4), ("DE", 5.0)]
    assert not project.plan().steps
