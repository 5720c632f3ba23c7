from __future__ import annotations

from textwrap import dedent

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.graph.lineage import ColumnRef, column_lineage
from flowforge_assets.graph.render import column_tree, dataset_tree, mermaid
from tests.graph.small_graphs import asset, chain_of, graph_of

SHOP = graph_of(
    [
        asset("load", "bronze.raw"),
        asset("people", "bronze.people"),
        asset("clean", "silver.orders", "bronze.raw", "bronze.people"),
        asset("sales", "gold.sales", "silver.orders", "bronze.people", sql=True),
        asset("top", "gold.top", "gold.sales", "silver.orders"),
    ]
)


def tree(key: str, *, up: int | None = None, down: int | None = None) -> str:
    return "\n".join(dataset_tree(SHOP, DatasetKey(key), up=up, down=down)) + "\n"


def test_a_tree_shows_both_ways() -> None:
    assert tree("gold.sales") == dedent("""\
        gold.sales  sql
        made from
        ├── silver.orders  clean
        │   ├── bronze.raw  load
        │   └── bronze.people
        └── bronze.people
        makes
        └── gold.top
        """)


def test_a_branch_that_comes_twice_is_drawn_once() -> None:
    assert tree("gold.top", down=0) == dedent("""\
        gold.top
        made from
        ├── gold.sales  sql
        │   ├── silver.orders  clean
        │   │   ├── bronze.raw  load
        │   │   └── bronze.people
        │   └── bronze.people
        └── silver.orders  clean  (see above)
        """)


def test_a_tree_ends_where_asked() -> None:
    assert tree("gold.top", up=1) == dedent("""\
        gold.top
        made from
        ├── gold.sales  sql  ...
        └── silver.orders  clean  ...
        """)
    assert tree("bronze.raw", down=0) == "bronze.raw  load\n"


def test_a_deep_chain_is_cut() -> None:
    lines = dataset_tree(chain_of(10_000), DatasetKey("gold.d5000"))
    assert len(lines) == 1 + 2 * (1 + 40)
    assert lines[-1].endswith("└── gold.d5040  ...")


def test_a_column_tree_says_what_is_not_known() -> None:
    start = ColumnRef(DatasetKey("gold.sales"), "id")
    found = column_lineage(
        SHOP,
        *(start.dataset, start.column),
        trace=lambda asset: (
            {"id": [(read.dataset, "id") for read in asset.inputs]} if asset.sql_path else None
        ),
    )
    assert column_tree(found, start) == [
        "gold.sales.id",
        "├── bronze.people.id",
        "└── silver.orders.id  (computed in a way that cannot be traced)",
    ]


def test_a_column_that_comes_twice_is_drawn_once() -> None:
    start = ColumnRef(DatasetKey("gold.top"), "id")
    found = column_lineage(
        SHOP,
        *(start.dataset, start.column),
        trace=lambda asset: {"id": [(read.dataset, "id") for read in asset.inputs]},
    )
    lines = column_tree(found, start)
    assert lines[-1] == "└── silver.orders.id  (see above)"
    assert len(lines) == 7


def test_a_deep_chain_of_columns_is_cut() -> None:
    chain = chain_of(10_000, sql=True)
    start = ColumnRef(DatasetKey("gold.d9999"), "id")
    found = column_lineage(
        chain,
        *(start.dataset, start.column),
        trace=lambda asset: {"id": [(read.dataset, "id") for read in asset.inputs]},
    )
    assert column_tree(found, start)[-1].endswith("└── gold.d9959.id  ...")


def test_mermaid_groups_datasets_by_layer() -> None:
    chosen = [DatasetKey("bronze.raw"), DatasetKey("silver.orders"), DatasetKey("gold.top")]
    assert mermaid(SHOP, chosen) == dedent("""\
        flowchart LR
            subgraph bronze
                d1["bronze.raw"]
            end
            subgraph silver
                d3["silver.orders"]
            end
            subgraph gold
                d2["gold.top"]
            end
            d3 --> d2
            d1 --> d3
        """)


def test_mermaid_draws_the_whole_graph() -> None:
    text = mermaid(SHOP)
    assert text.count("-->") == 6
    assert text.count('["') == 5


def test_mermaid_leaves_out_layers_without_datasets() -> None:
    assert "bronze" not in mermaid(chain_of(2))
