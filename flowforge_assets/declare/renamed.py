"""Datasets that were called otherwise: what is stored keeps the first name.

Nothing is moved when a dataset is renamed. Its table stays where it is, under the first name that
it had, and whatever was recorded under an earlier name counts for today's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.declare.definition import DatasetDefinition


def first_key(dataset: DatasetDefinition) -> DatasetKey:
    """The first name that the dataset had: where it is stored, and what its fingerprints say."""
    return dataset.aliases[0] if dataset.aliases else dataset.key


def keys_today(datasets: Iterable[DatasetDefinition]) -> dict[DatasetKey, DatasetKey]:
    """Today's key of each earlier name; empty where nothing was ever renamed."""
    return {alias: dataset.key for dataset in datasets for alias in dataset.aliases}


def made_today(made: Made, today: Mapping[DatasetKey, DatasetKey]) -> Made:
    """The commit as if all datasets had always had the names that they have today."""
    if not today:
        return made
    inputs = {today.get(key, key): version for key, version in made.inputs.items()}
    return replace(made, dataset=today.get(made.dataset, made.dataset), inputs=inputs)
