"""The part of a dataset's rows that is read where an environment samples its inputs.

Whether a row is in is decided by a hash of its key: the same rows each time, and a larger share
holds the smaller ones. Where a key column alone is the key of some dataset, only it is hashed, so
that an order and its lines are in or out together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.graph.build import Graph
from flowforge_assets.project.sampling import Sampling, shown_share

if TYPE_CHECKING:
    import polars as pl

_WHOLE: Final = 1 << 64
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Sample:
    """The share of a dataset's rows that is read, by a hash of `columns` (none: of the row)."""

    share: float
    columns: tuple[str, ...] = ()

    def of(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows that are in."""
        import polars as pl  # heavy: a plan only wants to know the share

        # a key has the same text whatever its width, so that tables agree on it
        columns = [pl.col(name).cast(pl.String) for name in self.columns] or [pl.all()]
        return rows.filter(pl.struct(columns).hash(_SEED) < int(self.share * _WHOLE))


def samples(
    graph: Graph, sampling: Sampling, ids: Iterable[DatasetKey], lent: Collection[DatasetKey]
) -> dict[DatasetKey, Sample]:
    """How the inputs of the assets `ids` are sampled: those that are read in part."""
    if not sampling.is_on:
        return {}
    alone = _keys_alone(graph.datasets.values())
    found: dict[DatasetKey, Sample] = {}
    for key in dict.fromkeys(read.dataset for id_ in ids for read in graph.assets[id_].inputs):
        share = sampling.share(key, is_source=_is_source(graph, key, lent))
        if share < 1:
            found[key] = Sample(share, _hashed(graph.datasets[key], alone))
    return found


def sample_notes(found: Mapping[DatasetKey, Sample]) -> list[str]:
    """What is read in part, a sentence a share."""
    shares: dict[float, list[DatasetKey]] = {}
    for key, sample in found.items():
        shares.setdefault(sample.share, []).append(key)
    return [
        f"a sample of {shown_share(share)} is read of " + ", ".join(f"`{key}`" for key in keys)
        for share, keys in shares.items()
    ]


def _is_source(graph: Graph, key: DatasetKey, lent: Collection[DatasetKey]) -> bool:
    maker = graph.maker.get(key)
    return maker is None or key in lent or not graph.assets[maker].inputs


def _keys_alone(datasets: Iterable[DatasetDefinition]) -> Counter[str]:
    """How many datasets each column is the whole key of."""
    return Counter(d.key_columns[0] for d in datasets if len(d.key_columns) == 1)


def _hashed(dataset: DatasetDefinition, alone: Counter[str]) -> tuple[str, ...]:
    """The columns that decide: one that is a key by itself (of most datasets), or the key."""
    columns = dataset.key_columns
    shared = [name for name in columns if alone[name]]
    return (max(shared, key=lambda name: alone[name]),) if shared else columns
