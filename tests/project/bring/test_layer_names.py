from __future__ import annotations

import pytest

from flowforge_assets.errors.project import UsageError
from flowforge_assets.project.bring.place_names import LayerRules, key_for


@pytest.mark.parametrize(
    ("folders", "name", "layer"),
    [
        (("staging",), "orders", "silver"),
        (("marts", "finance"), "orders", "gold"),
        (("marts", "intermediate"), "orders", "silver"),
        ((), "dim_customers", "gold"),
        ((), "stg_customers", "silver"),
        (("raw",), "customers", "bronze"),
    ],
)
def test_folders_and_then_names_tell_the_layer(
    folders: tuple[str, ...], name: str, layer: str
) -> None:
    assert LayerRules().layer_of(folders, name, is_read=True) == layer


def test_what_nobody_reads_is_gold_where_nothing_tells_it() -> None:
    assert LayerRules().layer_of(("shop",), "orders", is_read=False) == "gold"
    assert LayerRules().layer_of(("shop",), "orders", is_read=True) == "silver"


def test_a_rule_of_the_users_comes_first() -> None:
    rules = LayerRules.parse(["staging/keep=bronze", "orders*=gold"])
    assert rules.layer_of(("staging", "keep", "x"), "a", is_read=True) == "bronze"
    assert rules.layer_of(("staging",), "orders_all", is_read=True) == "gold"
    assert rules.layer_of(("staging",), "a", is_read=True) == "silver"


@pytest.mark.parametrize("text", ["finance", "finance=goldd", "=gold"])
def test_a_rule_that_names_no_layer_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        LayerRules.parse([text])


def test_any_name_becomes_a_key() -> None:
    assert key_for("bronze", "Shop-1", "Order Items") == "bronze.shop_1.order_items"
    assert key_for("gold", "2024") == "gold._2024"
    assert key_for("bronze", "main", "orders") == "bronze.main_schema.orders"
