from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets import (
    BadRows,
    Bronze,
    Col,
    Daily,
    Dataset,
    Frame,
    Gold,
    Hourly,
    Shape,
    Silver,
    asset,
    check,
    col,
    key,
    sql_asset,
)
from flowforge_assets.errors.declaration import DatasetNameError, UnresolvedNameError
from flowforge_assets.errors.run import CheckFailedError
from flowforge_assets.errors.testing import (
    NoSuchAssetError,
    NotGivenError,
)
from flowforge_assets.testing import materialize

Write = Callable[[Mapping[str, str]], Path]
NOW = datetime(2026, 1, 10, tzinfo=UTC)
DAY = Daily("2026-01-01")
HOUR = Hourly("2026-01-01T00")


class RawOrders(Bronze):
    order_id: Col[int] = col()
    customer: Col[str] = col()
    price: Col[float] = col()


class Orders(Silver):
    order_id: Col[int] = key()
    customer: Col[str] = col(min_length=1)
    price: Col[float] = col(ge=0)


class Sales(Gold):
    customer: Col[str] = key()
    total: Col[float] = col()


@asset
def clean_orders(raw: Frame[RawOrders]) -> Frame[Orders]:
    return raw.filter(RawOrders.price.is_not_nan())


@asset
def sales(orders: Frame[Orders]) -> Frame[Sales]:
    return orders.group_by("customer").agg(total=Orders.price.sum())


def raw_prices() -> None:
    """No asset."""


@check
def no_order_is_huge(orders: Frame[Orders]) -> BadRows[Orders]:
    return orders.filter(Orders.price > 1_000)


RAW = [{"customer": "a", "price": 1.0}, {"order_id": 2, "customer": "b", "price": 2.0}]


@pytest.mark.parametrize("wanted", [Orders, "silver.orders", "clean_orders", clean_orders])
def test_an_asset_goes_by_its_dataset_its_key_its_name_or_its_function(wanted: type | str) -> None:
    assert materialize(wanted, given={"bronze.raw_orders": RAW})["silver.orders"].height == 2


def test_a_dataset_that_nothing_makes_is_refused() -> None:
    with pytest.raises(NoSuchAssetError, match=r"makes `bronze.raw_orders`"):
        materialize(RawOrders)
    with pytest.raises(NoSuchAssetError, match="no asset") as refused:
        materialize("silver.ordres", given={RawOrders: RAW})
    assert refused.value.hint == "did you mean `silver.orders`?"
    with pytest.raises(NoSuchAssetError, match="`raw_prices` is no asset"):
        materialize(raw_prices)


def test_a_dataset_that_the_test_does_not_have_is_refused() -> None:
    ran = materialize(Orders, given={RawOrders: RAW})
    with pytest.raises(NoSuchAssetError, match=r"neither gives nor makes `gold.sales`"):
        ran[Sales]
    with pytest.raises(NoSuchAssetError, match=r"no dataset `silver.gone`"):
        materialize(Orders, given={RawOrders: RAW, "silver.gone": []})


@pytest.mark.parametrize("number", [1, 2])
def test_declarations_inside_a_test_are_its_own(number: int) -> None:
    class Numbers(Silver):
        number: Col[int] = key()

    @asset
    def numbers() -> Frame[Numbers]:
        return pl.LazyFrame({"number": [number]})

    assert materialize(Numbers)[Numbers]["number"].item() == number


def test_another_test_may_declare_a_dataset_of_the_same_name() -> None:
    class Numbers(Silver):
        text: Col[str] = key()

    @asset
    def numbers() -> Frame[Numbers]:
        return pl.LazyFrame({"text": ["a"]})

    assert materialize(Numbers)[Numbers].rows() == [("a",)]


def test_a_query_that_is_tied_to_a_class_is_run(tmp_path: Path) -> None:
    class Totals(Gold):
        customer: Col[str] = key()
        total: Col[float] = col()

    (tmp_path / "totals.sql").write_text(
        "select customer, sum(price) as total from silver.orders group by customer"
    )
    sql_asset(str(tmp_path / "totals.sql"), makes=Totals)
    given = [{"customer": "a", "price": 1.5}, {"customer": "a", "price": 2.0}]
    ran = materialize(Totals, given={Orders: given})
    assert ran[Totals].rows() == [("a", 3.5)]
    with pytest.raises(NotGivenError, match=r"silver.orders"):
        materialize(Totals)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "assets/silver"
    folder.mkdir(parents=True)
    (tmp_path / "flowforge.toml").write_text('[project]\nname = "shop"\n')
    (folder / "numbers.sql").write_text("select 1 as number union all select 2")
    (folder / "doubled.sql").write_text("select number * 2 as number from silver.numbers")
    return tmp_path


def test_a_query_of_a_project_goes_by_its_key(shop: Path) -> None:
    ran = materialize("silver.doubled", given={"silver.numbers": [{"number": 21}]}, project=shop)
    assert ran["silver.doubled"]["number"].item() == 42
    with pytest.raises(NotGivenError) as refused:
        materialize("silver.doubled", project=str(shop))
    assert refused.value.hint == 'add it: `given={"silver.numbers": [{...}]}`'


def test_of_a_project_too_only_what_is_there_can_be_made(shop: Path) -> None:
    with pytest.raises(NoSuchAssetError, match=r"silver.gone"):
        materialize("silver.gone", project=shop)
    with pytest.raises(NoSuchAssetError, match=r"silver.gone"):
        materialize("silver.numbers", given={"silver.gone": []}, project=shop)
    with pytest.raises(NoSuchAssetError, match="`sales` is no asset"):
        materialize(sales, project=shop)


def test_an_asset_of_a_project_goes_by_its_name(shop: Path) -> None:
    ran = materialize("doubled", given={"silver.numbers": [{"number": 4}]}, project=shop)
    assert ran["silver.doubled"]["number"].item() == 8


def test_a_declaration_that_is_wrong_is_told_when_it_may_be_meant() -> None:
    class Odd(Silver):
        number: Col[int] = key()

    @asset
    def odd(prices: Frame[Gone]) -> Frame[Odd]:  # type: ignore[name-defined]  # noqa: F821 - wrong on purpose
        return prices

    with pytest.raises(UnresolvedNameError, match="Gone"):
        materialize(Odd)
    with pytest.raises(UnresolvedNameError, match="Gone"):
        materialize(odd)


def test_a_check_at_the_top_of_a_module_that_is_wrong_is_told(write_project: Write) -> None:
    folder = write_project(
        {
            "wrong_checks.py": """
from __future__ import annotations
from flowforge_assets import *

class Numbers(Silver):
    number: Col[int] = key()

@asset
def numbers() -> Frame[Numbers]: ...

@check
def wrong(numbers: Frame[Gone]) -> BadRows[Numbers]: ...
"""
        }
    )
    sys.path.insert(0, str(folder))
    wrong_checks = import_module("wrong_checks")
    with pytest.raises(UnresolvedNameError, match="Gone"):
        materialize(wrong_checks.Numbers)


def test_a_check_inside_another_test_that_is_wrong_is_its_own_affair() -> None:
    @check
    def wrong(orders: Frame[Gone]) -> BadRows[Orders]:  # type: ignore[name-defined]  # noqa: F821 - as above
        return orders

    assert materialize(Orders, given={RawOrders: []})[Orders].is_empty()


def test_a_check_of_a_shape_holds_for_its_datasets() -> None:
    class Priced(Shape):
        price: Col[float] = col()

    class Cheap(Priced, Silver):
        pass

    @asset
    def cheap(raw: Frame[RawOrders]) -> Frame[Cheap]:
        return raw.select("price")

    @check
    def not_free(rows: Frame[Priced]) -> BadRows[Priced]:
        return rows.filter(Priced.price == 0)

    assert materialize(Cheap, given={RawOrders: [{"price": 1.0}]})[Cheap].height == 1
    with pytest.raises(CheckFailedError):
        materialize(Cheap, given={RawOrders: [{"price": 0.0}]})


def test_a_dataset_without_a_layer_is_refused() -> None:
    class Unplaced(Dataset):
        number: Col[int] = key()

    with pytest.raises(DatasetNameError, match="`Unplaced` has no layer"):
        materialize(Unplaced)
