from __future__ import annotations

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.graph.lineage import (
    ColumnEdge,
    ColumnRef,
    ColumnSources,
    Edge,
    column_lineage,
    dataset_lineage,
)
from tests.graph.small_graphs import asset, chain_of, graph_of

RAW, ORDERS, SALES, TOP = map(DatasetKey, ["bronze.raw", "silver.orders", "gold.sales", "gold.top"])
SHOP = graph_of(
    [
        asset("load", RAW),
        asset("clean", ORDERS, RAW, ORDERS),
        asset("sales", SALES, ORDERS, sql=True),
        asset("top", TOP, SALES, ORDERS, sql=True),
    ]
)


def test_lineage_goes_both_ways() -> None:
    assert dataset_lineage(SHOP, SALES) == (
        Edge(RAW, ORDERS, "clean"),
        Edge(SALES, TOP, "top"),
        Edge(ORDERS, SALES, "sales"),
        Edge(ORDERS, ORDERS, "clean"),
    )


def test_lineage_goes_as_far_as_asked() -> None:
    assert dataset_lineage(SHOP, SALES, up=1, down=0) == (Edge(ORDERS, SALES, "sales"),)
    assert dataset_lineage(SHOP, SALES, up=0, down=1) == (Edge(SALES, TOP, "top"),)
    assert dataset_lineage(SHOP, SALES, up=0, down=0) == ()


def test_a_chain_of_datasets_may_be_ten_thousand_deep() -> None:
    chain = chain_of(10_000)
    assert len(dataset_lineage(chain, DatasetKey("gold.d5000"))) == 9_999


def traced(asset: AssetDefinition) -> ColumnSources | None:
    """What the queries of the shop would say; its functions say nothing."""
    if asset.function is not None:
        return None
    if asset.id == TOP:
        return {"id": [(SALES, "id"), (ORDERS, "id")], "one": []}
    return {"id": [(ORDERS, "id")]}


def test_a_column_is_followed_through_queries() -> None:
    found = column_lineage(SHOP, TOP, "id", trace=traced)
    top, sales, orders = (ColumnRef(key, "id") for key in (TOP, SALES, ORDERS))
    assert set(found.edges) == {
        ColumnEdge(sales, top),
        ColumnEdge(orders, top),
        ColumnEdge(orders, sales),
    }


def test_what_an_asset_does_not_tell_is_not_known() -> None:
    found = column_lineage(SHOP, SALES, "id", trace=traced)
    assert found.not_known == (ColumnRef(ORDERS, "id"),)


def test_a_query_that_cannot_be_traced_is_not_known() -> None:
    found = column_lineage(SHOP, TOP, "id", trace=lambda _: None)
    assert (found.edges, found.not_known) == ((), (ColumnRef(TOP, "id"),))


def test_an_asset_is_asked_once_whatever_its_columns() -> None:
    asked: list[str] = []

    def two(asset: AssetDefinition) -> ColumnSources:
        asked.append(asset.name)
        return {"a": [(SALES, "b"), (SALES, "c")]} if asset.id == TOP else {}

    found = column_lineage(SHOP, TOP, "a", trace=two)
    assert len(found.edges) == 2
    assert asked == ["top", "sales"]


def test_a_source_comes_from_nothing() -> None:
    found = column_lineage(SHOP, RAW, "id", trace=traced)
    assert (found.edges, found.not_known) == ((), ())


def test_a_constant_comes_from_nothing() -> None:
    found = column_lineage(SHOP, TOP, "one", trace=traced)
    assert (found.edges, found.not_known) == ((), ())


def test_columns_may_be_traced_ten_thousand_deep() -> None:
    chain = chain_of(10_000, sql=True)
    found = column_lineage(
        chain,
        DatasetKey("gold.d9999"),
        "id",
        trace=lambda asset: {"id": [(read.dataset, "id") for read in asset.inputs]},
    )
    assert len(found.edges) == 9_999
