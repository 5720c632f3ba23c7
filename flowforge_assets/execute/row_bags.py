"""How the rows of a dataset differ from those that were made again, as bags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.storage.changes import COUNT, counted

if TYPE_CHECKING:
    from flowforge_assets.storage.store import ArtifactFile

_MOST_SHOWN: Final = 3
_DIGITS: Final = 9
_PRIVATE: Final = "pii"


@dataclass(frozen=True, slots=True)
class Difference:
    """How many rows, or files, of what was stored lack, and how many are too many.

    `rows` is how many were stored. `examples` are keys of rows that differ. Where `is_rounded`
    nothing differs but the last digits of floats.
    """

    rows: int
    missing: int = 0
    extra: int = 0
    examples: tuple[str, ...] = ()
    is_rounded: bool = False

    @property
    def is_none(self) -> bool:
        """Whether nothing differs that counts."""
        return not (self.missing or self.extra)


def bag_difference(
    stored: pl.LazyFrame,
    again: pl.LazyFrame,
    dataset: DatasetDefinition,
    *,
    without_stamps: bool,
) -> Difference:
    """How the rows made `again` differ from those `stored`, whatever their order.

    Floats are compared exactly, and then to nine digits: sums are made in no fixed order. Where
    the times that the writer stamps are those of the run, they are left out: `without_stamps`.
    """
    stamps = {each.field.name for each in dataset.columns if each.writer and without_stamps}
    both = set(stored.collect_schema()) & set(again.collect_schema())
    names = [name for name in stored.collect_schema() if name in both and name not in stamps]
    was, now = stored.select(names), again.select(names)
    count = int(was.select(pl.len()).collect().item())
    differing = _differing(was, now)
    if differing.is_empty():
        return Difference(count)
    floats = pl.selectors.float()
    rounded = _differing(
        *(rows.with_columns(floats.round_sig_figs(_DIGITS)) for rows in (was, now))
    )
    if rounded.is_empty():
        return Difference(count, is_rounded=True)
    sums = rounded.get_column(COUNT)
    return Difference(
        count,
        missing=-int(sums.clip(upper_bound=0).sum()),
        extra=int(sums.clip(lower_bound=0).sum()),
        examples=_examples(rounded, dataset),
    )


def file_difference(
    stored: Mapping[str, ArtifactFile], again: Mapping[str, ArtifactFile], keys: Collection[str]
) -> Difference:
    """How the files of the partitions `keys` differ, by their digests."""
    was = {key: stored[key].digest for key in stored if key in keys}
    now = {key: again[key].digest for key in again if key in keys}
    differing = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
    return Difference(
        len(was),
        missing=sum(key in was for key in differing),
        extra=sum(key in now for key in differing),
        examples=tuple(key for key in differing if key)[:_MOST_SHOWN],
    )


def _differing(was: pl.LazyFrame, now: pl.LazyFrame) -> pl.DataFrame:
    return counted(now, was).collect()


def _examples(differing: pl.DataFrame, dataset: DatasetDefinition) -> tuple[str, ...]:
    """Some keys of rows that differ; none where a key column is marked as private."""
    keys = [name for name in dataset.key_columns if name in differing.columns]
    private = {each.field.name for each in dataset.columns if _PRIVATE in each.tags}
    if not keys or private & set(keys):
        return ()
    shown = differing.select(keys).unique().sort(keys).head(_MOST_SHOWN)
    return tuple(
        ", ".join(f"{name}={value}" for name, value in row.items()) for row in shown.to_dicts()
    )
