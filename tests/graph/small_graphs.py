"""Graphs in a few lines, for tests of what is done with graphs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import UNPARTITIONED
from flowforge_assets.core.schema import Field, Plain, Schema
from flowforge_assets.declare.definition import (
    AssetDefinition,
    ColumnDefinition,
    DatasetDefinition,
    Definitions,
    Input,
    Output,
)
from flowforge_assets.declare.mapping import Same
from flowforge_assets.errors.base import Place
from flowforge_assets.graph.build import Graph, build_graph

HERE = Place("shop.py", 1)


def dataset(key: str, *, owner: str = "", tag: str = "", column_tag: str = "") -> DatasetDefinition:
    field = Field("id", Plain("int64"))
    return DatasetDefinition(
        key=DatasetKey(key),
        columns=(ColumnDefinition("id", field, tags=(column_tag,) if column_tag else ()),),
        schema=Schema((field,)),
        rules=(),
        partitioning=UNPARTITIONED,
        place=HERE,
        owners=(owner,) if owner else (),
        tags=(tag,) if tag else (),
    )


def asset(name: str, makes: str, *reads: str, sql: bool = False, tag: str = "") -> AssetDefinition:
    return AssetDefinition(
        name=name,
        makes=tuple(Output(DatasetKey(key), "frame") for key in makes.split()),
        place=HERE,
        inputs=tuple(Input(key, DatasetKey(key), "frame", Same()) for key in reads),
        function=None if sql else print,
        sql_path=Path("a.sql") if sql else None,
        tags=(tag,) if tag else (),
    )


def graph_of(assets: Sequence[AssetDefinition], *datasets: DatasetDefinition) -> Graph:
    """The graph of the assets; what they make is as in `datasets`, or else plain."""
    made = {dataset.key: dataset for dataset in datasets}
    keys = (output.dataset for asset in assets for output in asset.makes)
    return build_graph(
        Definitions({key: made.get(key) or dataset(key) for key in keys}, tuple(assets))
    )


def chain_of(length: int, *, sql: bool = False) -> Graph:
    """Assets `d0`, `d1`, ... of which each reads the one before."""
    keys = [f"gold.d{number}" for number in range(length)]
    reads = [(), *((key,) for key in keys)]
    return graph_of(
        [
            asset(f"d{number}", key, *read, sql=sql)
            for number, (key, read) in enumerate(zip(keys, reads, strict=False))
        ]
    )
