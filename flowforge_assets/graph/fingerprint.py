"""What decides the rows that an asset makes, apart from its inputs, as short digests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.declare.definition import AssetDefinition, CheckDefinition, DatasetDefinition
from flowforge_assets.errors.base import FlowForgeError, raise_all
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.first_names import first_names, under_first_names
from flowforge_assets.project.code_digest import CodeDigests
from flowforge_assets.project.source import SourceCache

ALGORITHM: Final = 2
"""Counted up when the same declarations give other digests; all data is then out of date."""

# The engine's major version: what our dependencies allow of it, so that none need be imported. A
# minor version of an engine is no reason to make a lake anew.
SQL_ENGINE: Final = "duckdb 2"

ALL_WHOLE: Final[Mapping[DatasetKey, float]] = {}
SAMPLED: Final = "~sampled"
"""What the config of a commit ends with whose rows come from a sample, near or far."""


def fingerprints(
    graph: Graph,
    ids: Iterable[DatasetKey],
    *,
    sources: SourceCache,
    modules: Iterable[str],
    sql_digest: Callable[[AssetDefinition], str],
    shares: Mapping[DatasetKey, float] = ALL_WHOLE,
) -> dict[DatasetKey, Fingerprint]:
    """The fingerprints of the assets `ids`; saves `sources`.

    `modules` are the project's, into which code is followed. `sql_digest` gives the digest of a
    SQL asset's query. `code` covers the function or query and the resources' classes; `schema`
    columns, rules, blocking checks and dimensions of what is made; `config` the options that
    decide which rows are read and kept, with the `shares` of inputs that are read in part.
    Descriptions, units, tags, owners, promises, retries and
    time limits do not count, nor do the first and last partition. A dataset that was renamed goes
    by the first name that it had. About 80 µs an asset.

    Raises:
        Problems: code that cannot be hashed (FF-118, FF-119), all of it.
    """
    digests = CodeDigests(sources, modules)
    if names := first_names(graph):
        graph = under_first_names(graph, names)
        shares = {names.get(key, key): share for key, share in shares.items()}
    thinned = _thinned(graph, shares)
    found: dict[DatasetKey, Fingerprint] = {}
    problems: list[FlowForgeError] = []
    for id_ in ids:
        asset = graph.assets[id_]
        try:
            found[id_] = Fingerprint(
                algorithm=ALGORITHM,
                code=_code(asset, digests, sql_digest),
                schema=_schema(asset, graph, digests),
                config=_config(asset, shares) + (SAMPLED if id_ in thinned else ""),
                engine=SQL_ENGINE if asset.function is None else "",
            )
        except FlowForgeError as error:
            error.place = error.place or asset.place
            problems.append(error)
    sources.save()
    raise_all(problems)
    return found


def _code(
    asset: AssetDefinition, digests: CodeDigests, sql_digest: Callable[[AssetDefinition], str]
) -> str:
    if asset.code_version is not None:
        return _digest("code_version", asset.code_version)
    if asset.function is None:
        return sql_digest(asset)
    # Their methods are called, though the function does not name them.
    return digests.of(asset.function, *asset.resources.values())


def _schema(asset: AssetDefinition, graph: Graph, digests: CodeDigests) -> str:
    parts: list[object] = []
    for output in asset.makes:
        parts += _promise(graph.datasets[output.dataset])
        for check in graph.checks.get(output.dataset, ()):
            if check.blocking:
                parts += _check(check, digests)
    return _digest(*parts)


def _promise(dataset: DatasetDefinition) -> list[object]:
    """What the rows of a dataset are held to."""
    optional = [field.name for field in dataset.schema if field.optional]
    dimensions = [(each.column, each.kind, each.tz) for each in dataset.partitioning.dimensions]
    suffix = [dataset.suffix] if dataset.kind == "artifact" else []
    schema = dataset.schema
    return [dataset.key, schema, optional, dataset.rules, dataset.extra, dimensions, *suffix]


def _check(check: CheckDefinition, digests: CodeDigests) -> list[object]:
    try:
        return [check.name, digests.of(check.function), check.inputs]
    except FlowForgeError as error:
        error.place = check.place
        error.hint = "make the value inside the check"  # a check has no `code_version`
        raise


def _thinned(graph: Graph, shares: Mapping[DatasetKey, float]) -> set[DatasetKey]:
    """The assets that read a part of something, and all that depends on them."""
    if not shares:
        return set()
    return graph.descendants(
        id_
        for id_, asset in graph.assets.items()
        if any(read.dataset in shares for read in asset.inputs)
    )


def _config(asset: AssetDefinition, shares: Mapping[DatasetKey, float]) -> str:
    forms = [(output.dataset, output.form) for output in asset.makes]
    parts = [forms, asset.inputs, asset.keys, asset.write, asset.bad_rows, asset.max_bad]
    if asset.in_place:
        parts.append("in place")
    if asset.latest is not None or asset.deletes is not None:
        parts += [f"latest {asset.latest}", f"deletes {asset.deletes}"]
    if asset.variables:
        parts += [f"variable {name} {value!r}" for name, value in sorted(asset.variables.items())]
    parts += [f"deletes as {read.deletes}" for read in asset.inputs if read.deletes]
    inputs = [
        (read.dataset, shares[read.dataset]) for read in asset.inputs if read.dataset in shares
    ]
    return _digest(*parts, inputs) if inputs else _digest(*parts)


def _digest(*parts: object) -> str:
    texts = [str(part).encode() for part in parts]
    return blake2b(b"".join(b"%d:%b" % (len(t), t) for t in texts), digest_size=8).hexdigest()
