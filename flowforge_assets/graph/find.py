"""A dataset of a graph by what people call it."""

from __future__ import annotations

from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.describe import key_of
from flowforge_assets.errors.base import did_you_mean
from flowforge_assets.errors.project import NeverMadeHereError, SelectionError
from flowforge_assets.graph.build import Graph

_MOST_NAMED: Final = 3


def find_dataset(graph: Graph, dataset: type | str) -> DatasetDefinition:
    """A dataset by its class, its key, or its name where that is unique.

    Raises:
        SelectionError: there is none, or several (FF-807).
    """
    if isinstance(dataset, type):
        of_class = [d for d in graph.datasets.values() if d.cls is dataset]
        # of another project, whose modules may have been imported anew since
        of_class += [d for d in graph.datasets.values() if d.key.project and _again(d, dataset)]
        if of_class:
            return of_class[0]
    key = key_of(dataset) if isinstance(dataset, type) else dataset
    found = graph.datasets.get(DatasetKey(key))
    if found is not None:
        return found
    named = [d for d in graph.datasets.values() if key in {d.key.name, d.key.split(".")[-1]}]
    if len(named) == 1:
        return named[0]
    message = f"no dataset is called `{key}`"
    hint = did_you_mean(key, graph.datasets) or "`flowforge ls` lists them"
    if named:
        message = f"several datasets are called `{key}`"
        hint = f"say which: {', '.join(f'`{d.key}`' for d in named)}"
    raise SelectionError(message, hint=hint)


def _again(dataset: DatasetDefinition, cls: type) -> bool:
    known = dataset.cls
    if known is None:
        return False
    return (known.__module__, known.__qualname__) == (cls.__module__, cls.__qualname__)


def refuse_given(graph: Graph, dataset: DatasetDefinition) -> None:
    """Lets a dataset pass that is made here.

    Raises:
        NeverMadeHereError: it is read here and made elsewhere (FF-815).
    """
    if dataset.external is None:
        return
    readers = [
        asset.name
        for asset in graph.assets.values()
        if any(read.dataset == dataset.key for read in asset.inputs)
    ]
    message = f"`{dataset.key}` is made elsewhere, and never here"
    shown = " or ".join(f"`{reader}`" for reader in readers[:_MOST_NAMED])
    hint = f"{shown} reads it: select that" if readers else None
    raise NeverMadeHereError(message, place=dataset.place, hint=hint)
