"""`sample =` of an environment: which share of a dataset's rows its assets read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError, Place, did_you_mean
from flowforge_assets.errors.project import ConfigValueError

EVERY_SOURCE: Final = "*"


@dataclass(frozen=True, slots=True)
class Sampling:
    """Shares above 0 and up to 1, by dataset; `sources` holds for the rest of the sources.

    Sources are the datasets that nothing upstream in the same environment has thinned out: what
    is made without inputs, what others make, what another environment lends.
    """

    sources: float = 1.0
    shares: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def is_on(self) -> bool:
        """Whether anything is read in part."""
        return self.sources < 1 or any(share < 1 for share in self.shares.values())

    def share(self, dataset: DatasetKey, *, is_source: bool) -> float:
        """The share of the dataset's rows that is read."""
        return self.shares.get(dataset, self.sources if is_source else 1.0)


def unknown_shares(
    sampling: Sampling, env: str, datasets: Collection[DatasetKey]
) -> Iterator[FlowForgeError]:
    """An error for each share of what is no dataset (FF-805)."""
    for name in sampling.shares:
        if name not in datasets:
            message = f"`{name}` in `[env.{env}.sample]` is no dataset"
            hint = (
                did_you_mean(name, datasets) or f'write a key, or `"{EVERY_SOURCE}"` for the rest'
            )
            yield ConfigValueError(message, place=Place("flowforge.toml"), hint=hint)


def shown_share(share: float) -> str:
    """`1%`, `12.5%`."""
    return f"{share * 100:.6g}%"
