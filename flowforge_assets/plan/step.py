"""What a plan says is to be made, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet

Reason: TypeAlias = Literal[
    "never made",
    "schema",
    "code",
    "config",
    "engine",
    "input newer",
    "late",
    "forced",
    "rebuild",
    "restored",
]
MOST_IN_A_SET: Final = 1000
MOST_IN_A_COMMIT: Final = 50


@dataclass(frozen=True, slots=True)
class Stale:
    """Partitions of an asset that are to be made, for one reason; `detail` explains it.

    `commits` are the outputs that lack; none named means all. When `is_conditional`, the only
    reason is an input made in the same plan: if that turns out as it was, so does this.
    """

    asset: DatasetKey
    partitions: PartitionSet
    reason: Reason
    detail: str
    commits: tuple[DatasetKey, ...] = ()
    is_conditional: bool = False


class Cause(NamedTuple):
    """Why partitions are to be made; the fields are those of `Stale`."""

    reason: Reason
    detail: str = ""
    commits: tuple[DatasetKey, ...] = ()
    is_conditional: bool = False


def made_in_plan(dataset: DatasetKey) -> Cause:
    """That an input is made in the same plan."""
    return Cause("input newer", f"`{dataset}` is made in this plan", is_conditional=True)


@dataclass(frozen=True, slots=True)
class Kept:
    """Partitions that are out of date and stay, since their table keeps its history."""

    asset: DatasetKey
    partitions: PartitionSet
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Partitions that cannot be made yet, since what they read was never made."""

    asset: DatasetKey
    partitions: PartitionSet
    missing: DatasetKey

    @property
    def said(self) -> str:
        """`gold.counts (2026-01-01) waits for ...`, to people."""
        of = f" ({self.partitions.render()})" if self.partitions.dimensions else ""
        return f"{self.asset}{of} waits for `{self.missing}`"


@dataclass(frozen=True, slots=True)
class Step:
    """An asset and the set of its partitions to make. `id` is unique in its plan.

    Partitions are committed in batches of at most `most`. An asset that takes sets of keys is
    called once a batch, which has at most `batch`, any other once a partition. Those of an ordered
    step are committed one after the other. `commits` and `is_conditional` are as in `Stale`.
    """

    id: str
    asset_id: DatasetKey
    asset: str
    makes: tuple[DatasetKey, ...]
    partitions: PartitionSet
    reason: Reason
    detail: str
    takes_sets: bool = False
    is_ordered: bool = False
    most: int = MOST_IN_A_COMMIT
    commits: tuple[DatasetKey, ...] = ()
    is_conditional: bool = False
    batch: int | None = None

    def batches(self) -> Iterator[PartitionSet]:
        """The sets that are committed together, in order."""
        if self.takes_sets:
            return self.partitions.chunks(self.batch or MOST_IN_A_SET)
        return self.partitions.chunks(self.most)

    def units(self, batch: PartitionSet) -> Iterator[PartitionSet]:
        """The sets within `batch` that one call of the asset makes, in order."""
        return iter((batch,)) if self.takes_sets else batch.chunks(1)

    def as_json(self) -> Mapping[str, object]:
        """The step as `plan --json` has it."""
        return {
            "asset": self.asset,
            "makes": list(self.makes),
            "partitions": self.partitions.render(None) if self.partitions.dimensions else None,
            "reason": self.reason,
            "detail": self.detail,
            "is_conditional": self.is_conditional,
        }
