"""Which columns an asset reads for each column that it makes, found without data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, Input
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.lineage import ColumnRef, ColumnSources
from flowforge_assets.graph.typecheck import example_keys, query_types

if TYPE_CHECKING:
    import polars as pl

    from flowforge_assets.sql.analysis import SqlAnalysis


def trace(graph: Graph, asset: AssetDefinition, sql: SqlAnalysis) -> ColumnSources | None:
    """The columns behind each column that the asset makes, sorted; None when they cannot be told.

    For SQL those that the values are computed from. For a lazy Python asset those that the
    optimised query still reads when one column of its result is wanted: what filters, joins and
    groups is among them. Nothing can be told of an asset with other parameters than lazy frames
    and keys, of one with several outputs, and of one whose body fails. About 1 ms a column.

    Raises:
        SqlError: the query cannot be bound or traced (FF-4xx).
    """
    if asset.sql_path is not None:
        return _of_query(graph, asset, sql)
    return _of_function(graph, asset) if _is_lazy(asset) else None


def _of_query(graph: Graph, asset: AssetDefinition, sql: SqlAnalysis) -> ColumnSources:
    from flowforge_assets.sql.file import query_file  # parses TOML: only SQL assets need it

    file = query_file(asset)
    schemas = {read.dataset: graph.datasets[read.dataset].schema for read in asset.inputs}
    return sql.lineage(file, schemas, parameters=query_types(asset, graph.steps(asset)))


def _of_function(graph: Graph, asset: AssetDefinition) -> ColumnSources | None:
    """What the query asks of each input, column by column."""
    import polars as pl  # heavy: most commands need none

    asked: set[ColumnRef] = set()
    arguments: dict[str, Any] = dict(example_keys(asset, graph.steps(asset)))
    for read in asset.inputs:
        arguments[read.parameter] = _listening(read, graph.datasets[read.dataset], asked.update)
    function = asset.function
    assert function is not None  # noqa: S101 - it is no SQL asset
    found: dict[str, list[tuple[Any, str]]] = {}
    try:
        returned = function(**arguments)
        if not isinstance(returned, pl.LazyFrame):
            return None
        for column in returned.collect_schema().names():
            asked.clear()
            returned.select(column).collect()
            found[column] = [(ref.dataset, ref.column) for ref in sorted(asked)]
    except Exception:  # noqa: BLE001 - the project's code may raise anything; `check` says what
        return None
    return found


def _listening(
    read: Input, dataset: DatasetDefinition, hear: Callable[[Iterable[ColumnRef]], None]
) -> pl.LazyFrame:
    """An empty frame of the dataset that tells which of its columns a query asks for."""
    import polars as pl  # heavy: as in `_of_function`
    from polars.io.plugins import register_io_source

    schema = polars_schema(dataset.schema)
    if read.deletes:
        schema = pl.Schema({**schema, read.deletes: pl.Boolean()})

    def rows(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,  # noqa: ARG001 - polars passes four things to a source
        batch_size: int | None,  # noqa: ARG001 - as above
    ) -> Iterator[pl.DataFrame]:
        names = list(schema) if with_columns is None else with_columns
        hear(ColumnRef(read.dataset, name) for name in names if name != read.deletes)
        empty = pl.DataFrame(schema=schema)
        if predicate is not None:
            empty = empty.filter(predicate)
        yield empty.select(names)

    return register_io_source(rows, schema=schema)


def _is_lazy(asset: AssetDefinition) -> bool:
    """Whether the function can be called on empty frames."""
    if not (asset.lazy and asset.inputs) or asset.resources or asset.context:
        return False
    forms = [read.form for read in asset.inputs] + [output.form for output in asset.makes]
    return len(asset.makes) == 1 and all(form in {"frame", "changes"} for form in forms)
