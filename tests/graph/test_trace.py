from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, Output
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.lineage import ColumnSources
from flowforge_assets.graph.trace import trace
from flowforge_assets.sql.analysis import SqlAnalysis
from tests.graph.small_graphs import asset, graph_of
from tests.graph.small_graphs import dataset as plain_dataset

ORDERS = DatasetKey("silver.orders")
PEOPLE = DatasetKey("silver.people")
SALES = DatasetKey("gold.sales")


@pytest.fixture
def sql() -> Iterator[SqlAnalysis]:
    with SqlAnalysis() as analysis:
        yield analysis


def dataset(key: str, *columns: str) -> DatasetDefinition:
    fields = tuple(Field(column, Plain("int64")) for column in columns)
    return replace(plain_dataset(key), schema=Schema(fields))


def sales_of(function: Callable[..., object], *reads: str) -> tuple[Graph, AssetDefinition]:
    """The graph in which `function` makes `gold.sales` of what it reads."""
    made = replace(asset("sales", SALES, *reads), function=function)
    made = replace(
        made,
        inputs=tuple(replace(read, parameter=read.dataset.name) for read in made.inputs),
    )
    graph = graph_of(
        [asset("orders", ORDERS), asset("people", PEOPLE), made],
        dataset(ORDERS, "id", "person", "price", "tax", "weight"),
        dataset(PEOPLE, "person", "age", "size"),
        dataset(SALES, "age", "total"),
    )
    return graph, graph.assets[SALES]


def found(sql: SqlAnalysis, function: Callable[..., object], *reads: str) -> ColumnSources | None:
    graph, sales = sales_of(function, *reads)
    return trace(graph, sales, sql)


def joined(orders: pl.LazyFrame, people: pl.LazyFrame) -> pl.LazyFrame:
    total = (pl.col("price") + pl.col("tax")).sum()
    heavy = orders.filter(pl.col("weight") > 5)
    return heavy.join(people, on="person").group_by("age").agg(total=total)


def test_a_column_comes_from_what_computes_filters_joins_and_groups_it(sql: SqlAnalysis) -> None:
    columns = found(sql, joined, ORDERS, PEOPLE)
    assert columns is not None
    shared = [(ORDERS, "person"), (ORDERS, "weight"), (PEOPLE, "age"), (PEOPLE, "person")]
    assert columns["age"] == sorted(shared)
    assert columns["total"] == sorted([*shared, (ORDERS, "price"), (ORDERS, "tax")])


def test_a_column_that_is_passed_on_comes_from_itself(sql: SqlAnalysis) -> None:
    columns = found(sql, lambda orders: orders.rename({"price": "total"}), ORDERS)
    assert columns is not None
    assert columns["total"] == [(ORDERS, "price")]
    assert columns["tax"] == [(ORDERS, "tax")]


def test_a_constant_comes_from_no_column(sql: SqlAnalysis) -> None:
    columns = found(sql, lambda orders: orders.select(total=pl.lit(1), age=pl.lit(2)), ORDERS)
    assert columns is not None
    assert columns["total"] == []


def collects(orders: pl.LazyFrame) -> pl.DataFrame:
    return orders.collect()


def fails(orders: pl.LazyFrame) -> pl.LazyFrame:
    return orders.select("nothing_like_it")


@pytest.mark.parametrize("function", [collects, fails, lambda orders: None])
def test_of_a_body_that_gives_no_query_nothing_is_told(
    sql: SqlAnalysis, function: Callable[..., object]
) -> None:
    assert found(sql, function, ORDERS) is None


def test_of_an_asset_that_is_not_lazy_nothing_is_told(sql: SqlAnalysis) -> None:
    graph, sales = sales_of(joined, ORDERS, PEOPLE)
    assert trace(graph, replace(sales, lazy=False), sql) is None
    assert trace(graph, replace(sales, context="context"), sql) is None
    assert trace(graph, replace(sales, makes=(Output(SALES, "table"),)), sql) is None
    assert trace(graph, graph.assets[ORDERS], sql) is None


def test_of_a_query_only_what_computes_a_value_is_told(sql: SqlAnalysis, tmp_path: Path) -> None:
    path = tmp_path / "sales.sql"
    path.write_text(
        "select p.age, sum(o.price + o.tax) as total from silver.orders o"
        " join silver.people p using (person) where o.weight > 5 group by p.age"
    )
    graph, sales = sales_of(joined, ORDERS, PEOPLE)
    columns = trace(graph, replace(sales, function=None, sql_path=path), sql)
    assert columns is not None
    assert list(columns["total"]) == [(ORDERS, "price"), (ORDERS, "tax")]
