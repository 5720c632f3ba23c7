"""The graph under the first names of its datasets, which is what fingerprints go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias, TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.rule import References, Rule
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    Input,
)
from flowforge_assets.declare.renamed import first_key
from flowforge_assets.graph.build import Graph

V = TypeVar("V")
Names: TypeAlias = Mapping[DatasetKey, DatasetKey]


def first_names(graph: Graph) -> dict[DatasetKey, DatasetKey]:
    """The first name of each dataset that was renamed, by today's key."""
    return {key: first_key(each) for key, each in graph.datasets.items() if each.aliases}


def under_first_names(graph: Graph, names: Names) -> Graph:
    """The graph as if no dataset had ever been renamed, for fingerprints to go by.

    Assets keep their ids; what they make and read has its first name, and is found by it.
    """
    datasets = {key: _dataset(dataset, names) for key, dataset in graph.datasets.items()}
    checks = {key: tuple(_check(c, names) for c in found) for key, found in graph.checks.items()}
    assets = {id_: _asset(asset, names) for id_, asset in graph.assets.items()}
    return replace(
        graph,
        datasets=_under_both(datasets, names),
        checks=_under_both(checks, names),
        assets=assets,
    )


def _under_both(found: Mapping[DatasetKey, V], names: Names) -> dict[DatasetKey, V]:
    return {**found, **{names[key]: value for key, value in found.items() if key in names}}


def _dataset(dataset: DatasetDefinition, names: Names) -> DatasetDefinition:
    return replace(
        dataset,
        key=names.get(dataset.key, dataset.key),
        rules=tuple(_rule(rule, names) for rule in dataset.rules),
    )


def _rule(rule: Rule, names: Names) -> Rule:
    if isinstance(rule, References) and rule.target in names:
        return replace(rule, target=names[rule.target])
    return rule


def _check(check: CheckDefinition, names: Names) -> CheckDefinition:
    return replace(check, inputs=tuple(_input(read, names) for read in check.inputs))


def _asset(asset: AssetDefinition, names: Names) -> AssetDefinition:
    return replace(
        asset,
        makes=tuple(
            replace(output, dataset=names.get(output.dataset, output.dataset))
            for output in asset.makes
        ),
        inputs=tuple(_input(read, names) for read in asset.inputs),
    )


def _input(read: Input, names: Names) -> Input:
    """A query's parameter is the name of the table that it reads."""
    name = names.get(read.dataset, read.dataset)
    parameter = name if read.parameter == read.dataset else read.parameter
    return replace(read, dataset=name, parameter=parameter)
