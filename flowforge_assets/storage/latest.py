"""What is left of each commit: the steps it made last, and the partitions it touched last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from flowforge_assets.core.partition import PartitionSet

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.core.partition import Dimension


def latest(
    commits: Iterable[Made],
    dimensions: tuple[Dimension, ...],
    by_step: tuple[Dimension, ...] | None = None,
) -> list[Made]:
    """The commits cut to what is current; `commits` and the result are oldest first.

    Of `partitions` a commit keeps what no later one made again, of what it touched what no later
    one touched again, so that laying the result anew says the same as laying all commits. Left
    out are those of which nothing remains, all before a `restart`, and on either track all before
    a commit with other dimensions than today's: rows are partitioned by `dimensions`, steps by
    `by_step` (None: the same).
    """
    steps = _Track(dimensions if by_step is None else by_step)
    rows = _Track(dimensions)
    result: list[Made] = []
    for made in reversed(list(commits)):
        partitions, touched = steps.left(made.partitions), rows.left(made.changed)
        if partitions or touched or made.restart:
            is_one = touched == partitions
            result.append(replace(made, partitions=partitions, touched=None if is_one else touched))
        if made.restart or (steps.is_over and rows.is_over):
            break
    result.reverse()
    return result


class _Track:
    """Walks back over commits; `later` is what those that were met cover."""

    def __init__(self, dimensions: tuple[Dimension, ...]) -> None:
        self.later = PartitionSet.none(dimensions)
        self.is_over = False

    def left(self, these: PartitionSet) -> PartitionSet:
        """Those of `these` that no later commit covers."""
        self.is_over = self.is_over or these.dimensions != self.later.dimensions
        if self.is_over:
            return PartitionSet.none(self.later.dimensions)
        left = these - self.later
        self.later |= left
        return left
