"""Where assets run that ask for a warehouse: in that of the environment, or in DuckDB.

And what their queries accept there that is not exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.graph.build import Graph

DUCKDB: Final = "duckdb"
_MOST_NAMES: Final = 3


def runs_in(graph: Graph, ids: Iterable[DatasetKey], warehouse: str | None) -> dict[str, str]:
    """The engine of each of the assets `ids` that asks for a warehouse, by name, in their order.

    `warehouse` is the kind that the environment has, None where it has none.
    """
    asking = (graph.assets[id_] for id_ in dict.fromkeys(ids))
    return {asset.name: warehouse or DUCKDB for asset in asking if asset.warehouse}


def told_engines(engines: Mapping[str, str], env: str) -> Iterator[str]:
    """A sentence an engine: `` `totals` runs in postgres ``."""
    by_engine: dict[str, list[str]] = {}
    for asset, engine in engines.items():
        by_engine.setdefault(engine, []).append(asset)
    for engine, assets in by_engine.items():
        verb = "runs" if len(assets) == 1 else "run"
        if engine == DUCKDB:
            yield f"{_names(assets)} {verb} in DuckDB: `{env}` has no warehouse"
        else:
            yield f"{_names(assets)} {verb} in the warehouse, {engine}"


def told_acceptances(graph: Graph, ids: Iterable[DatasetKey]) -> Iterator[str]:
    """A sentence for each form, near to the exact one, that those assets accept in a warehouse.

    Raises:
        SqlError: a query's file cannot be read (FF-401 to FF-404).
    """
    from flowforge_assets.sql.file import query_file  # these two: only where a warehouse runs SQL
    from flowforge_assets.sql.portable.accept import read_acceptances

    for id_ in dict.fromkeys(ids):
        asset = graph.assets[id_]
        if asset.warehouse and asset.sql_path is not None:
            file = query_file(asset)
            for each in read_acceptances(file.query)[0]:
                place = f"{file.shown_as}:{file.query_line + each.line - 1}"
                yield f"`{asset.name}` accepts {each.code} at {place}: {each.reason}"


def _names(assets: list[str]) -> str:
    """`` `a`, `b` ``, or how many where they are many."""
    if len(assets) > _MOST_NAMES:
        return f"{len(assets):,} assets"
    return ", ".join(f"`{name}`" for name in assets)
