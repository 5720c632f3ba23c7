"""What is known of every dataset, as the planner sees it.

There are two tracks of commits. That of the steps says what was made, by what and from what. That
of the rows says which partitions have other rows since which version; it is kept apart only when
a commit touched other partitions than it made (`Made.touched`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import Dimension


@dataclass(frozen=True, slots=True)
class History:
    """For each dataset the commits that its steps and its rows were last made by, newest first.

    The partition sets of one dataset's commits on a track are disjoint: each is cut to what no
    later commit replaced, and says nothing of the other track (`touched` and `restart` are as if
    never given). `rows` has only the datasets whose rows have a track of their own. Of those in
    `recut` steps are known that were cut in another way than today's, and no others. The
    constructor trusts its arguments; `History.of` takes commits as they happened.
    """

    pieces: Mapping[DatasetKey, Sequence[Made]] = field(
        default_factory=dict[DatasetKey, list[Made]]
    )
    rows: Mapping[DatasetKey, Sequence[Made]] = field(default_factory=dict[DatasetKey, list[Made]])
    recut: frozenset[DatasetKey] = frozenset()

    @classmethod
    def of(cls, made: Iterable[Made]) -> History:
        """The history after these commits, in the order in which they were recorded."""
        tracks: dict[DatasetKey, _Tracks] = {}
        for new in made:
            known = tracks.get(new.dataset)
            if known is None or known.table_id != new.table.table_id:
                # another incarnation of the table: nothing older holds
                known = tracks[new.dataset] = _Tracks(new.table.table_id)
            known.lay(new)
        return cls(
            {key: each.steps for key, each in tracks.items()},
            {key: each.rows for key, each in tracks.items() if each.rows is not None},
        )

    @classmethod
    def of_tables(cls, tables: Iterable[tuple[DatasetKey, Sequence[Made]]]) -> History:
        """The history that tables tell of themselves: their commits are cut already."""
        pieces: dict[DatasetKey, list[Made]] = {}
        rows: dict[DatasetKey, list[Made]] = {}
        for key, made in tables:
            cut = [replace(each, touched=None, restart=False) for each in reversed(made)]
            pieces[key] = [each for each in cut if each.partitions]
            if any(each.touched is not None for each in made):
                all_rows = (
                    replace(each, partitions=whole.changed)
                    for each, whole in zip(cut, reversed(made), strict=True)
                )
                rows[key] = [each for each in all_rows if each.partitions]
        return cls(pieces, rows)

    def lookup(self, dataset: DatasetKey) -> Sequence[Made]:
        """The commits that made its steps, newest first; none when nothing of it was made.

        `partitions` is in the dimensions of the steps.
        """
        return self.pieces.get(dataset, ())

    def changes(self, dataset: DatasetKey) -> Sequence[Made]:
        """The commits that its rows are of, newest first.

        `partitions` is in the dataset's own dimensions.
        """
        found = self.rows.get(dataset)
        return self.lookup(dataset) if found is None else found

    def newest(self, dataset: DatasetKey) -> TableVersion | None:
        """The newest version that a commit made, or None when nothing was made."""
        newest = (
            track[0].table for track in (self.lookup(dataset), self.changes(dataset)) if track
        )
        return max(newest, key=lambda table: table.version, default=None)

    def datasets(self) -> set[DatasetKey]:
        """Those of which something is known."""
        return {*self.pieces, *(key for key, found in self.rows.items() if found), *self.recut}

    def only(self, datasets: Container[DatasetKey]) -> History:
        """What is known of these datasets."""
        return History(
            {key: found for key, found in self.pieces.items() if key in datasets},
            {key: found for key, found in self.rows.items() if key in datasets},
            frozenset(key for key in self.recut if key in datasets),
        )


class _Tracks:
    """The two tracks of one dataset; `rows` is None as long as one serves as both."""

    def __init__(self, table_id: str) -> None:
        self.table_id = table_id
        self.since = -1
        self.steps: list[Made] = []
        self.rows: list[Made] | None = None

    def lay(self, new: Made) -> None:
        """Takes a commit in, whichever of the commits is the newer."""
        if new.table.version < self.since:
            return
        if new.restart:
            self.since = new.table.version
            self.steps = [old for old in self.steps if old.table.version >= self.since]
            if self.rows is not None:
                self.rows = [old for old in self.rows if old.table.version >= self.since]
        if new.touched is not None and self.rows is None:
            self.rows = self.steps if _dimensions(self.steps) == new.touched.dimensions else []
        piece = replace(new, touched=None, restart=False)
        self.steps = _overlaid(self.steps, piece)
        if self.rows is not None:
            self.rows = _overlaid(self.rows, replace(piece, partitions=new.changed))


def _dimensions(pieces: Sequence[Made]) -> tuple[Dimension, ...] | None:
    return pieces[0].partitions.dimensions if pieces else None


def _overlaid(pieces: Iterable[Made], new: Made) -> list[Made]:
    """The pieces of a track with `new` among them, whichever of the commits is the newer.

    A commit with other partition dimensions says that all was cut anew: nothing older holds.
    """
    left = new.partitions
    kept: list[Made] = []
    for old in pieces:
        if old.partitions.dimensions != left.dimensions:
            continue
        if old.table.version > new.table.version:
            left -= old.partitions
            kept.append(old)
        elif rest := old.partitions - new.partitions:
            kept.append(replace(old, partitions=rest))
    if left:
        kept.append(replace(new, partitions=left))
    return sorted(kept, key=lambda piece: piece.table.version, reverse=True)
