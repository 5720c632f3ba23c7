"""Datasets by their place: what an asset hands to a job that runs elsewhere.

`def wide(src: Ref[Orders], out: Out[Wide], spark: Spark) -> Written[Wide]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flowforge_assets.declare.dataset import Dataset

D = TypeVar("D", bound=Dataset)


@dataclass(frozen=True, slots=True)
class Ref(Generic[D]):
    """A dataset by its place and version; its rows are not loaded.

    `partitions` are those that the step reads, as text (`2026-01-01..2026-01-31`), empty where
    the dataset has none.
    """

    url: str
    version: int
    partitions: str = ""


@dataclass(frozen=True, slots=True)
class Written(Generic[D]):
    """Says that a job has written the dataset; `Out.written` makes it."""

    url: str
    meta: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Out(Generic[D]):
    """Where a job writes a dataset: nobody reads it there until the step has checked it.

    With `in_place=True` it is the table itself.
    """

    url: str
    partitions: str = ""

    def written(self, **meta: object) -> Written[D]:
        """What the asset returns when the job is done; `meta` is kept with the commit."""
        return Written(self.url, meta)
