"""The fingerprints of today, by the caches that an environment keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.fingerprint import fingerprints
from flowforge_assets.project.source import SourceCache
from flowforge_assets.sql.analysis import SqlAnalysis
from flowforge_assets.sql.renamed import with_tables_named


def fingerprints_today(
    graph: Graph,
    ids: Iterable[DatasetKey],
    *,
    modules: Iterable[str],
    caches: Path,
    shares: Mapping[DatasetKey, float],
) -> dict[DatasetKey, Fingerprint]:
    """The fingerprints of the assets `ids`; writes what it learnt into the folder `caches`.

    See `graph.fingerprint.fingerprints`.

    Raises:
        Problems: code that cannot be hashed (FF-118, FF-119), all of it.
    """
    sources = SourceCache(caches / "source.json")
    with SqlAnalysis(caches / "sql.json") as sql:
        found = fingerprints(
            graph,
            ids,
            sources=sources,
            modules=set(modules),
            sql_digest=lambda asset: _sql_digest(asset, sql),
            shares=shares,
        )
    sources.save()
    return found


def _sql_digest(asset: AssetDefinition, sql: SqlAnalysis) -> str:
    """The digest of the query, as if the tables that it reads had the names of `asset.inputs`."""
    from flowforge_assets.sql.file import query_file  # a warm plan parses no SQL

    file = query_file(asset)
    facts = sql.facts(file)
    reads = zip(facts.tables, asset.inputs, strict=False)
    names = {ref.name: read.dataset for ref, read in reads if ref.name != read.dataset}
    return (sql.facts(with_tables_named(file, names)) if names else facts).fingerprint
