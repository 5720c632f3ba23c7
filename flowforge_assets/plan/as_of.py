"""Runs over inputs as they were: what is made then, and which datasets are read so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import AssetDefinition
from flowforge_assets.errors.project import UsageError
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.find import find_dataset
from flowforge_assets.plan.stale import Asked

_AT_VERSION: Final = re.compile(r"(?P<key>[^@\s]+)@(?P<version>\d+)")


@dataclass(frozen=True, slots=True)
class AsOf:
    """How inputs are read: those in `versions` at theirs, the others as they were at `at`.

    Without `at` the others are read as they are.
    """

    at: datetime | None = None
    versions: Mapping[DatasetKey, int] = field(default_factory=dict[DatasetKey, int])

    def __bool__(self) -> bool:
        """Whether anything is read as it was."""
        return self.at is not None or bool(self.versions)


def read_as_of(texts: Iterable[str], graph: Graph) -> AsOf:
    """What texts such as `2026-01-31T12:00` and `bronze.orders@3` say: one time, any versions.

    Raises:
        UsageError: one says neither, or there are two times (FF-809).
        SelectionError: no dataset is called so (FF-807).
    """
    found = AsOf()
    for text in texts:
        version = _AT_VERSION.fullmatch(text)
        if version is not None:
            key = find_dataset(graph, version["key"]).key
            found = replace(found, versions={**found.versions, key: int(version["version"])})
        elif found.at is not None:
            message = f"`{text}` is a second time"
            raise UsageError(message, hint="say one time, and versions as `bronze.orders@3`")
        else:
            found = replace(found, at=read_time(text))
    return found


def read_time(text: str) -> datetime:
    """The instant that `2026-01-31`, `2026-01-31T12:00` or `2026-01-31T12:00+02:00` names.

    A day is its beginning; without an offset it is in UTC.

    Raises:
        UsageError: it names none (FF-809).
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "write `2026-01-31`, `2026-01-31T12:00` (UTC) or `2026-01-31T12:00+02:00`"
        raise UsageError(f"`{text}` is no time", hint=hint) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def to_make(asked: Asked, graph: Graph, as_of: AsOf) -> Asked:
    """What is made of `asked`: all that reads what is read as it was, stale or not.

    Sources and views are not made: what they read has no past, or is no part of them.

    Raises:
        UsageError: nothing of it reads such a thing, or a version is made by the run (FF-809).
    """
    chosen: set[DatasetKey] = set()
    for id_, asset in graph.assets.items():
        if id_ not in asked.assets or asset.write == "view":
            continue
        read = set(_reads(asset, graph))
        if asset.reads_changes:
            message = f"`{asset.name}` reads what changed since its last step, not what was"
            hint = "leave it out of the selection"
            raise UsageError(message, place=asset.place, hint=hint)
        made = {output.dataset for key in chosen for output in graph.assets[key].makes}
        if read & made or (read & as_of.versions.keys() if as_of.at is None else read):
            chosen.add(id_)
    if not chosen:
        hint = "select assets that read other datasets: `-s NAME`"
        raise UsageError("nothing that is selected reads what is asked for as it was", hint=hint)
    pinned = read_as_they_were(chosen, graph, as_of)
    for key in as_of.versions:
        if key not in pinned:
            message = f"`{key}` is made by this run, or read by nothing in it"
            hint = "leave its version out, or select what reads it and not what makes it"
            raise UsageError(message, hint=hint)
    return replace(asked, assets=frozenset(chosen), force=True)


def read_as_they_were(
    ids: Iterable[DatasetKey], graph: Graph, as_of: AsOf
) -> frozenset[DatasetKey]:
    """The datasets that the assets `ids` read as they were: all that they do not make."""
    chosen = set(ids)
    made = {output.dataset for id_ in chosen for output in graph.assets[id_].makes}
    read = {key for id_ in chosen for key in _reads(graph.assets[id_], graph)} - made
    return frozenset(key for key in read if as_of.at is not None or key in as_of.versions)


def _reads(asset: AssetDefinition, graph: Graph) -> Iterator[DatasetKey]:
    """What the asset reads of others, and what the views among that read, near and far."""
    own = {output.dataset for output in asset.makes}
    left, seen = [read.dataset for read in asset.inputs], set[DatasetKey]()
    while left:
        key = left.pop()
        if key in own or key in seen:
            continue
        seen.add(key)
        yield key
        if graph.is_view(key):
            left += [read.dataset for read in graph.assets[graph.maker[key]].inputs]
