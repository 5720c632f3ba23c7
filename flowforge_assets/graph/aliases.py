"""Earlier names of datasets: nobody else may bear them, today or then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.graph import AliasDeclaredError, AliasTakenError


def alias_problems(datasets: Mapping[DatasetKey, DatasetDefinition]) -> Iterator[FlowForgeError]:
    """An error for each alias that another dataset is called by, or was."""
    claimed: dict[DatasetKey, DatasetDefinition] = {}
    for dataset in datasets.values():
        for alias in dict.fromkeys(dataset.aliases):
            other = datasets.get(alias)
            first = claimed.setdefault(alias, dataset)
            if other is not None:
                message = f"`{alias}`, an alias of `{dataset.key}`, is declared itself"
                hint = f"at {other.place}; remove the alias, or the dataset of that name"
                yield AliasDeclaredError(message, place=dataset.place, hint=hint)
            elif first is not dataset:
                message = f"`{dataset.key}` and `{first.key}` both say that they were `{alias}`"
                hint = f"only one of them goes on with its rows; the other stands at {first.place}"
                yield AliasTakenError(message, place=dataset.place, hint=hint)
