from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.project import SelectionError
from flowforge_assets.graph.select import select
from tests.graph.small_graphs import asset, chain_of, dataset, graph_of

SHOP = graph_of(
    [
        asset("load_orders", "bronze.orders"),
        asset("load_people", "bronze.crm.people", tag="slow"),
        asset("orders", "silver.orders silver.lines", "bronze.orders"),
        asset("people", "silver.crm.eu.people", "bronze.crm.people"),
        asset("sales", "gold.sales", "silver.orders", "silver.crm.eu.people", sql=True),
        asset("top_sales", "gold.top_sales", "gold.sales", sql=True),
    ],
    dataset("bronze.crm.people", owner="data team", column_tag="pii"),
    dataset("silver.crm.eu.people", owner="ada@shop.com", tag="pii"),
)


def names(text: str) -> set[str]:
    return {SHOP.assets[id_].name for id_ in select(SHOP, text)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sales", "sales"),
        ("gold.sales", "sales"),
        ("lines", "orders"),
        ("silver.lines", "orders"),
        ("orders", "load_orders orders"),
        ("crm.people", "load_people"),
        ("gold.*", "sales top_sales"),
        ("*sales", "sales top_sales"),
        ("+orders", "load_orders orders"),
        ("sales+", "sales top_sales"),
        ("1+sales", "orders people sales"),
        ("1+sales+1", "orders people sales top_sales"),
        ("+gold.sales and layer:bronze", "load_orders load_people"),
        ("layer:gold", "sales top_sales"),
        ("group:crm", "load_people people"),
        ("group:crm.eu", "people"),
        ("tag:slow", "load_people"),
        ("tag:pii", "load_people people"),
        ('owner:"data team"', "load_people"),
        ("owner:ada@shop.com", "people"),
        ("owner:*@shop.com", "people"),
        ("kind:sql", "sales top_sales"),
        ("kind:python and not layer:bronze", "orders people"),
        ("layer:bronze and (tag:slow or gold.sales)", "load_people"),
        ("+(sales and kind:python), top_sales", "top_sales"),
    ],
)
def test_a_selection_means_these_assets(text: str, found: str) -> None:
    assert names(text) == set(found.split())


def test_states_are_those_that_the_caller_knows() -> None:
    states = {
        "changed": {DatasetKey("gold.sales"), DatasetKey("gold.gone")},
        "late": set[DatasetKey](),
    }
    assert select(SHOP, "state:changed", states=states) == {"gold.sales"}
    assert select(SHOP, "state:late", states=states) == frozenset()


def test_a_layer_without_assets_is_empty() -> None:
    assert select(graph_of([asset("a", "gold.a")]), "layer:bronze") == frozenset()


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("gold.seles", 1, "`gold.seles` is no asset and no dataset", "did you mean `gold.sales`?"),
        ("a_b_c", 1, "`a_b_c` is no asset and no dataset", "`flowforge ls` shows what there is"),
        ("sales or x.*", 10, "`x.*` matches no asset", "`flowforge ls` shows what there is"),
        ("sales, layer:god", 8, "`layer:god` matches nothing", "did you mean `gold`?"),
        ("tag:zzz", 1, "`tag:zzz` matches nothing", "there are `pii`, `slow`"),
        ("state:changed", 1, "`state:changed` matches nothing", "no state is known here"),
    ],
)
def test_a_name_that_is_not_there_is_refused(
    text: str, column: int, message: str, hint: str
) -> None:
    with pytest.raises(SelectionError) as caught:
        select(SHOP, text)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.place is not None
    assert caught.value.place.column == column


def test_a_chain_ten_thousand_deep_is_no_problem() -> None:
    chain = chain_of(10_000)
    assert len(select(chain, "+d9999")) == 10_000
    assert len(select(chain, "10+d5000+10")) == 21


ATOMS = st.sampled_from(
    ["sales", "orders", "+sales", "orders+", "layer:gold", "tag:pii", "kind:sql", "silver.*"]
)
TEXTS: st.SearchStrategy[str] = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda a: f"not ({a})"),
        st.tuples(inner, inner).map(lambda ab: f"({ab[0]}) and ({ab[1]})"),
        st.tuples(inner, inner).map(lambda ab: f"({ab[0]}), ({ab[1]})"),
        inner.map(lambda a: f"1+({a})"),
    ),
    max_leaves=5,
)


@given(TEXTS, TEXTS)
def test_selections_are_sets(a: str, b: str) -> None:
    everything, in_a, in_b = frozenset(SHOP.assets), select(SHOP, a), select(SHOP, b)
    assert select(SHOP, f"({a}) and ({b})") == in_a & in_b
    assert select(SHOP, f"({a}) or ({b})") == in_a | in_b
    assert select(SHOP, f"not ({a})") == everything - in_a
    assert select(SHOP, f"+({a})") == SHOP.ancestors(in_a)
    assert select(SHOP, f"+(({a}), ({b}))") == SHOP.ancestors(in_a) | SHOP.ancestors(in_b)
