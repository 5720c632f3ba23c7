"""Which partitions of each asset a text such as `2013-01-01..2013-01-31` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.mapping import Same
from flowforge_assets.errors.project import (
    NotPartitioned,
    ProjectError,
    RebuildPartitionsError,
)
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.plan.stale import Asked


def asked_for(
    graph: Graph,
    ids: Iterable[DatasetKey],
    text: str | None,
    *,
    force: bool = False,
    rebuild: bool = False,
    allow_breaking: bool = False,
    now: datetime,
) -> Asked:
    """The assets `ids` with the partitions that `text` asks for, all without a text.

    Raises:
        ProjectError: the text cannot be read (FF-83x), or stands beside `rebuild` (FF-837).
    """
    assets = list(ids)
    if rebuild and text is not None:
        message = "what is rebuilt is emptied, so all of its partitions are made"
        raise RebuildPartitionsError(message, hint="leave `-p` out, or `--rebuild`")
    chosen = {} if text is None else asked_partitions(graph, assets, text, now=now)
    return Asked(
        frozenset(assets), chosen, force=force, rebuild=rebuild, allow_breaking=allow_breaking
    )


def asked_partitions(
    graph: Graph, ids: Iterable[DatasetKey], text: str, *, now: datetime
) -> dict[DatasetKey, PartitionSet]:
    """The partitions of the partitioned assets among `ids` that `text` asks for.

    A text that is written for some of the assets means for the others the partitions that
    overlap what it means there: days ask for the months that they lie in. A text that none of
    them can read is an error; an asset without partitions is not limited.

    Raises:
        ProjectError: none of the assets can read the text (FF-83x), or has partitions (FF-834).
    """
    partitioned = [id_ for id_ in ids if graph.steps(graph.assets[id_]).dimensions]
    if not partitioned:
        message = f"`{text}` asks for partitions, but nothing that is selected has any"
        raise NotPartitioned(message, hint="leave `-p` out")
    found: dict[DatasetKey, PartitionSet] = {}
    errors: list[ProjectError] = []
    for id_ in partitioned:
        try:
            found[id_] = graph.steps(graph.assets[id_]).parse(text, now)
        except ProjectError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    asked = list(dict.fromkeys(found.values()))
    for id_ in partitioned:
        if id_ not in found:
            up = graph.steps(graph.assets[id_])
            overlap = PartitionSet.none(up.dimensions)
            for wanted in asked:
                overlap |= reads(wanted, up=up, mapping=Same(), now=now)
            found[id_] = overlap
    return found
