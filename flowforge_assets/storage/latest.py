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
    out are those of which nothing remains, and all before a `restart`. Rows are partitioned by
    `dimensions`, steps by `by_step` (None: the same).
    """
    made_again = PartitionSet.none(dimensions if by_step is None else by_step)
    touched_again = PartitionSet.none(dimensions)
    result: list[Made] = []
    for made in reversed(list(commits)):
        partitions = _left(made.partitions, made_again)
        touched = _left(made.changed, touched_again)
        if partitions or touched or made.restart:
            is_one = touched == partitions
            result.append(replace(made, partitions=partitions, touched=None if is_one else touched))
        if made.restart:
            break
        made_again |= partitions
        touched_again |= touched
    result.reverse()
    return result


def _left(these: PartitionSet, later: PartitionSet) -> PartitionSet:
    """Those of `these` that are not in `later`; none when they are of other dimensions."""
    if these.dimensions != later.dimensions:
        return PartitionSet.none(later.dimensions)
    return these - later
