"""Asks sources for their version before a plan is made: planning itself asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError, Place
from flowforge_assets.errors.run import SourceVersionError
from flowforge_assets.execute.lending import datasets_read, reads_external, through_views
from flowforge_assets.execute.resources import Resources
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.sources import resources_of

_LONGEST: Final = 40
_HINT: Final = "its parameters are resources, by type, or have defaults; it returns a value"


@dataclass(frozen=True, slots=True)
class Observed:
    """The versions that sources tell today, and why some tell none."""

    versions: Mapping[DatasetKey, str] = field(default_factory=dict[DatasetKey, str])
    failed: Mapping[DatasetKey, FlowForgeError] = field(
        default_factory=dict[DatasetKey, FlowForgeError]
    )


def observe(graph: Graph, ids: Collection[DatasetKey], resources: Resources) -> Observed:
    """What the `version` functions of the assets `ids`, and of what they read, say now.

    Each is called once. One that fails is noted with its error (FF-736).
    """
    versions: dict[DatasetKey, str] = {}
    failed: dict[DatasetKey, FlowForgeError] = {}
    for key, version, place in _functions(graph, ids):
        if key in versions or key in failed:
            continue
        try:
            versions[key] = told_by(version, key, resources, place)
        except FlowForgeError as error:
            failed[key] = error
    return Observed(versions, failed)


def told_by(
    version: Callable[..., object], key: DatasetKey, resources: Resources, place: Place
) -> str:
    """What a `version` function says, as text; of a long text its digest.

    Raises:
        SourceVersionError: it fails, gives nothing, or asks for what it cannot get (FF-736).
        FlowForgeError: a resource that it asks for cannot be had (FF-704, FF-808).
    """
    try:
        arguments = {n: resources.get(kind) for n, kind in resources_of(version).items()}
        told = version(**arguments)
    except FlowForgeError:
        raise
    except Exception as error:
        said = (str(error) or "no message").splitlines()[0]
        message = f"the version of `{key}` cannot be told: {type(error).__name__}: {said}"
        raise SourceVersionError(message, place=place, hint=_HINT) from error
    if told is None:
        message = f"the version of `{key}` cannot be told: its function returned None"
        raise SourceVersionError(message, place=place, hint="return an etag, a time or an id")
    text = str(told)
    if len(text) <= _LONGEST:
        return text
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _functions(
    graph: Graph, ids: Collection[DatasetKey]
) -> Iterator[tuple[DatasetKey, Callable[..., object], Place]]:
    """The functions to ask: those of sources, and of external datasets that are read."""
    for id_ in ids:
        asset = graph.assets[id_]
        if asset.version is not None:
            yield id_, asset.version, asset.place
    if not reads_external(graph):
        return
    for key in datasets_read(graph, through_views(graph, ids)):
        external = graph.datasets[key].external
        if external is not None and external.version is not None:
            yield key, external.version, external.place
