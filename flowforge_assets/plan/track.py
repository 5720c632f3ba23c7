"""What was made of each dataset: by the rows that changed, and by the steps that changed them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.newer import Versions
from flowforge_assets.plan.rows import rows_of
from flowforge_assets.record.history import History

_NEVER_MADE: Final = Versions(())


class Tracks:
    """The commits of each dataset, indexed when they are first asked for."""

    def __init__(self, graph: Graph, history: History, now: datetime) -> None:
        """Of the datasets of `graph`."""
        self._graph = graph
        self._history = history
        self._now = now
        self._rows: dict[DatasetKey, Versions] = {}
        self._steps: dict[DatasetKey, Versions] = {}

    def there(self, key: DatasetKey, needed: PartitionSet) -> PartitionSet:
        """The part of `needed` that was made: rows were written, or a step covers it."""
        dataset = self._graph.datasets[key]
        rows = self.rows(key).made(needed)
        if dataset.steps is None:
            return rows | self.steps(key).made(needed)
        steps = self.steps(key).made(dataset.steps.all(self._now))
        return rows | (rows_of(dataset, steps, self._now) & needed)

    def rows(self, dataset: DatasetKey) -> Versions:
        """The commits of a dataset by the rows that they changed."""
        found = self._rows.get(dataset)
        if found is None:
            pieces = self._history.changes(dataset)
            found = self._rows[dataset] = Versions(pieces) if pieces else _NEVER_MADE
        return found

    def steps(self, dataset: DatasetKey) -> Versions:
        """The commits of a dataset by the steps that they were."""
        pieces = self._history.lookup(dataset)
        if pieces is self._history.changes(dataset):
            return self.rows(dataset)
        found = self._steps.get(dataset)
        if found is None:
            found = self._steps[dataset] = Versions(pieces, by="steps")
        return found
