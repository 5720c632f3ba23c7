"""What is known of every dataset, as the planner sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion


@dataclass(frozen=True, slots=True)
class History:
    """For each dataset the commits that its partitions were last made by, newest first.

    The partition sets of one dataset's commits are disjoint: each is cut to what no later commit
    replaced. The constructor trusts its argument; `History.of` takes commits as they happened.
    """

    pieces: Mapping[DatasetKey, Sequence[Made]] = field(
        default_factory=dict[DatasetKey, list[Made]]
    )

    @classmethod
    def of(cls, made: Iterable[Made]) -> History:
        """The history after these commits, in the order in which they were recorded."""
        pieces: dict[DatasetKey, list[Made]] = {}
        for new in made:
            pieces[new.dataset] = _overlaid(pieces.get(new.dataset, []), new)
        return cls(pieces)

    def lookup(self, dataset: DatasetKey) -> Sequence[Made]:
        """The commits of one dataset, newest first; none when nothing of it was made."""
        return self.pieces.get(dataset, ())

    def changes(self, dataset: DatasetKey) -> Sequence[Made]:
        """The commits of one dataset by the rows that they changed, newest first."""
        return self.lookup(dataset)

    def newest(self, dataset: DatasetKey) -> TableVersion | None:
        """The version that the newest commit made, or None when nothing was made."""
        pieces = self.lookup(dataset)
        return pieces[0].table if pieces else None


def _overlaid(pieces: Iterable[Made], new: Made) -> list[Made]:
    """The pieces with `new` among them, whichever of the commits is the newer.

    A commit to another incarnation of the table, or with other partition dimensions, says that
    the table was made anew: nothing older holds.
    """
    left = new.partitions
    kept: list[Made] = []
    for old in pieces:
        if old.table.table_id != new.table.table_id or old.partitions.dimensions != left.dimensions:
            continue
        if old.table.version > new.table.version:
            left -= old.partitions
            kept.append(old)
        elif rest := old.partitions - new.partitions:
            kept.append(replace(old, partitions=rest))
    if left:
        kept.append(replace(new, partitions=left))
    return sorted(kept, key=lambda piece: piece.table.version, reverse=True)
