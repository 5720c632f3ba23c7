"""Frames handed from the step that made them to the steps that read them, within a budget."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.partition import PartitionSet

if TYPE_CHECKING:
    import polars as pl


class Handover:
    """Keeps made frames in memory while readers are left and the budget allows.

    A frame is kept as its table would give it back, with the version that holds it.
    """

    def __init__(self, budget_bytes: int, *, steps: int = 1) -> None:
        """Holds at most `budget_bytes`, by polars' own estimate; 0 keeps nothing.

        As many `steps` at once make frames in what is left of it.
        """
        self._free = budget_bytes
        self._steps = steps
        self._frames: dict[DatasetKey, dict[PartitionSet, tuple[pl.DataFrame, TableVersion]]] = {}
        self._lock = Lock()

    @property
    def free_bytes(self) -> int:
        """How much of the budget is left for a frame that a step makes."""
        return self._free // self._steps

    def keep(
        self, dataset: DatasetKey, made: PartitionSet, frame: pl.DataFrame, at: TableVersion
    ) -> None:
        """Keeps `frame` if it fits."""
        size = int(frame.estimated_size())
        with self._lock:
            frames = self._frames.setdefault(dataset, {})
            known = frames.pop(made, None)
            if known is not None:
                self._free += int(known[0].estimated_size())
            if size <= self._free:
                self._free -= size
                frames[made] = (frame, at)

    def find(
        self, dataset: DatasetKey, wanted: PartitionSet
    ) -> tuple[pl.DataFrame, TableVersion] | None:
        """The frame of exactly these partitions and the version that holds it, or None."""
        with self._lock:
            return self._frames.get(dataset, {}).get(wanted)

    def drop(self, dataset: DatasetKey) -> None:
        """Lets go of a dataset's frames: nobody is left to read them."""
        with self._lock:
            for frame, _ in self._frames.pop(dataset, {}).values():
                self._free += int(frame.estimated_size())
