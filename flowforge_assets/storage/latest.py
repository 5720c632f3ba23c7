"""Which commit made each partition last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.core.partition import PartitionSet

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.core.partition import Dimension


def latest(commits: Iterable[Made], dimensions: tuple[Dimension, ...]) -> list[Made]:
    """Each partition once, with its last commit; `commits` and the result are oldest first.

    A commit keeps only the partitions that no later one made again, and is left out when none
    remain, or when it was made while the dataset was partitioned in another way.
    """
    covered = PartitionSet.none(dimensions)
    result: list[Made] = []
    for made in reversed(list(commits)):
        if made.partitions.dimensions != dimensions:
            continue
        left = made.partitions - covered
        if left:
            result.append(made if left == made.partitions else replace(made, partitions=left))
            covered = covered | left
    result.reverse()
    return result
