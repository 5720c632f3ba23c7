"""Where assets run that ask for a warehouse: in that of the environment, or in DuckDB."""

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


def _names(assets: list[str]) -> str:
    """`` `a`, `b` ``, or how many where they are many."""
    if len(assets) > _MOST_NAMES:
        return f"{len(assets):,} assets"
    return ", ".join(f"`{name}`" for name in assets)
