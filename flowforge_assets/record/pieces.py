"""The current state of each dataset: on each track disjoint pieces, each the rest of one commit.

A commit is laid over the pieces that it meets, and it alone decides what is read: recording one
partition costs the same beside ten pieces and beside ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from zlib import crc32

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import Axis, Dimension, PartitionSet, Span, Values
from flowforge_assets.core.span import Range
from flowforge_assets.record import statements
from flowforge_assets.record.database import Transaction
from flowforge_assets.record.history import History
from flowforge_assets.record.rows import (
    Row,
    made_from,
    made_text,
    partitions_from,
    partitions_text,
    shape_text,
)

_HASHES: Final = statements.REACHES[-1]
_NOT_ASKED: Final = (None, (), "", 0)
_MARK: Final = '"'


@dataclass(frozen=True, slots=True)
class _Track:
    """One of the two tracks of a dataset (see history.py), as its row says."""

    name: str
    rows_of: DatasetKey | None
    shape: str
    table_id: str
    since: int

    def set(self, connection: Transaction) -> None:
        """Writes its row."""
        row = (self.name, self.rows_of, self.shape, self.table_id, self.since)
        connection.execute(statements.SET_TRACK, row)


def lay(connection: Transaction, made: Made) -> None:
    """Records that `made` holds now, in the caller's transaction.

    Of two commits to one table the higher version wins where they meet, so that the order of
    recording does not matter. A commit to another incarnation of the table ends all older pieces,
    one with other dimensions those of its track.
    """
    name, rows_name = made.dataset, _rows_name(made.dataset)
    found = connection.execute(statements.TRACKS_OF_DATASET, (name, rows_name)).fetchall()
    tracks = {row[0]: row[1:] for row in found}
    if tracks and tracks[name][1] != made.table.table_id:
        forget(connection, made.dataset)
        tracks = {}
    steps = _Track(name, None, *tracks.get(name, ("", made.table.table_id, -1)))
    rows = _Track(rows_name, made.dataset, *tracks[rows_name]) if rows_name in tracks else None
    if made.table.version < steps.since:
        return
    if made.restart:
        steps = replace(steps, since=made.table.version)
        steps.set(connection)
        for track in (name, rows_name):
            older = (track, made.table.version)
            connection.execute(statements.DELETE_OLDER_PIECES, older)
    if made.touched is not None and rows is None:
        shape = shape_text(made.touched.dimensions)
        rows = replace(steps, name=rows_name, rows_of=made.dataset, shape=shape)
        rows.set(connection)
        if shape == steps.shape:
            connection.execute(statements.COPY_PIECES, (rows_name, name))
    _lay_on(connection, steps, made)
    if rows is not None:
        _lay_on(connection, rows, replace(made, partitions=made.changed))


def forget(connection: Transaction, dataset: DatasetKey) -> None:
    """Removes all that is known of what was made of `dataset`, in the caller's transaction."""
    for name in (dataset, _rows_name(dataset)):
        connection.execute(statements.DELETE_PIECES, (name,))
        connection.execute(statements.DELETE_DATASET, (name,))


def replace_all(connection: Transaction, dataset: DatasetKey, made: Iterable[Made]) -> None:
    """Makes `made` all that is known of what was made of `dataset`, in the caller's transaction."""
    forget(connection, dataset)
    for each in made:
        lay(connection, each)


def is_older(connection: Transaction, dataset: DatasetKey, made: Iterable[Made]) -> bool:
    """Whether a newer commit to the same table is known than any of `made`."""
    asked = (dataset, _rows_name(dataset))
    known = connection.execute(statements.NEWEST_PIECE, asked).fetchone()
    newest = max((each.table for each in made), key=lambda table: table.version, default=None)
    if known is None or newest is None or known[0] != newest.table_id:
        return False
    return bool(known[1] > newest.version)


def read_history(
    found: Sequence[Row],
    row_tracks: Iterable[Row],
    by_step: Mapping[DatasetKey, tuple[Dimension, ...]],
    by_row: Mapping[DatasetKey, tuple[Dimension, ...]],
) -> History:
    """The commits of the asked datasets, newest first; `by_row` has those of their rows.

    Left out are tracks that were stored with other dimensions: they were cut anew since.

    Raises:
        ValueError: a row does not hold what its dimensions promise.
    """
    own_track = {DatasetKey(key): str(name) for key, name in row_tracks}
    # Few datasets have such a track or are cut in two ways: the others are read once.
    apart = {
        key: dimensions
        for key, dimensions in by_row.items()
        if key in own_track or dimensions != by_step.get(key)
    }
    pieces = _read_track(found, {str(key): (key, each) for key, each in by_step.items()})
    recut = _recut(found, by_step)
    if not apart:
        return History(pieces, recut=recut)
    asked = {own_track.get(key, str(key)): (key, each) for key, each in apart.items()}
    read = _read_track(found, asked)
    return History(pieces, {key: read.get(key, []) for key in apart}, recut)


def _recut(
    found: Iterable[Row], by_step: Mapping[DatasetKey, tuple[Dimension, ...]]
) -> frozenset[DatasetKey]:
    """The datasets whose steps were stored with other dimensions."""
    today = {str(key): shape_text(dimensions) for key, dimensions in by_step.items()}
    return frozenset(DatasetKey(row[0]) for row in found if today.get(row[0], row[1]) != row[1])


def _read_track(
    found: Iterable[Row], asked: Mapping[str, tuple[DatasetKey, tuple[Dimension, ...]]]
) -> dict[DatasetKey, list[Made]]:
    tracks = {
        name: (dataset, dimensions, shape_text(dimensions), _marks(dimensions))
        for name, (dataset, dimensions) in asked.items()
    }
    pieces: dict[DatasetKey, list[Made]] = {}
    for name, shape, table_id, lo, hi, is_single, text, version, made in found:
        dataset, dimensions, today, marks = tracks.get(name, _NOT_ASKED)
        if dataset is None or shape != today:
            continue
        if marks and (is_single or text.count(_MARK) == marks):
            partitions = PartitionSet.stretch(dimensions, lo, hi)
        else:
            partitions = partitions_from(dimensions, text)
        table = TableVersion(table_id, version)
        pieces.setdefault(dataset, []).append(made_from(dataset, partitions, table, made))
    for commits in pieces.values():
        commits.sort(key=_version, reverse=True)
    return pieces


def _rows_name(dataset: DatasetKey) -> str:
    """What the track of a dataset's rows is called: no dataset can be called so."""
    return f"{dataset} rows"


def _lay_on(connection: Transaction, track: _Track, made: Made) -> None:
    shape = shape_text(made.partitions.dimensions)
    if shape != track.shape:
        if track.shape:
            connection.execute(statements.DELETE_PIECES, (track.name,))
        replace(track, shape=shape).set(connection)
        _insert(connection, track, made, made.partitions)
    elif not _remade(connection, track, made):
        _insert(connection, track, made, _cut(connection, track, made))


def _insert(connection: Transaction, track: _Track, made: Made, partitions: PartitionSet) -> None:
    if partitions:
        row = (track.name, *_place(partitions), made.table.version, made_text(made))
        connection.execute(statements.INSERT_PIECE, row)


def _remade(connection: Transaction, track: _Track, made: Made) -> bool:
    """Whether there was an older piece of just these partitions, which is `made` now."""
    reach, lo, _, _, text = _place(made.partitions)
    version = made.table.version
    row = (version, made_text(made), track.name, reach, lo, text, version)
    return bool(connection.execute(statements.REMAKE_PIECE, row).rowcount)


def _cut(connection: Transaction, track: _Track, made: Made) -> PartitionSet:
    """Cuts what `made` replaces out of older pieces; gives what newer ones leave of it."""
    left = made.partitions
    _, lo, hi, is_single, text = _place(left)
    asked = (track.name, lo, hi, lo, is_single, text)
    meeting = connection.execute(statements.MEETING_PIECES, asked).fetchall()
    for piece, old_lo, old_hi, is_old_single, old_text, version in meeting:
        old = _partitions(left.dimensions, (old_lo, old_hi), old_text, is_single=is_old_single)
        if version > made.table.version:
            left -= old
            continue
        rest = old - made.partitions
        if not rest:
            connection.execute(statements.DELETE_PIECE, (piece,))
        elif rest != old:
            connection.execute(statements.TRIM_PIECE, (*_place(rest), piece))
    return left


def _version(made: Made) -> int:
    return made.table.version


def _partitions(
    dimensions: tuple[Dimension, ...], bounds: Range, text: str, *, is_single: int
) -> PartitionSet:
    """The set of a piece; of a single partition in time its bounds say all."""
    if is_single and len(dimensions) == 1 and dimensions[0].is_time:
        return PartitionSet.stretch(dimensions, *bounds)
    return partitions_from(dimensions, text)


@lru_cache(maxsize=1024)
def _marks(dimensions: tuple[Dimension, ...]) -> int:
    """How many quotes the text of one stretch has: a key of time has none, so more have more.

    Of such a text the bounds say all. 0 where the partitions are no stretches of time.
    """
    if len(dimensions) != 1 or not dimensions[0].is_time:
        return 0
    return partitions_text(PartitionSet.stretch(dimensions, 0, 1)).count(_MARK)


@lru_cache(maxsize=1024)
def _place(partitions: PartitionSet) -> tuple[int, int, int, int, str]:
    """Class, half-open bounds, whether it is one partition, and text of a set, as stored.

    Sets that share a partition have bounds that meet. The bounds are those of the first time
    dimension; without one a single name stands at its hash and more names stand everywhere.
    """
    lo, hi = _bounds(partitions)
    reach = next(reach for reach in statements.REACHES if hi - lo <= reach)
    return reach, lo, hi, int(partitions.count() == 1), partitions_text(partitions)


def _bounds(partitions: PartitionSet) -> tuple[int, int]:
    axes = _first_axes(partitions)
    spans = [axis for axis in axes if isinstance(axis, Span)]
    if spans:
        return min(span.first for span in spans), max(span.last for span in spans) + 1
    names = {name for axis in axes if isinstance(axis, Values) for name in axis}
    if len(names) == 1:
        at = crc32(names.pop().encode())
        return at, at + 1
    return 0, _HASHES


def _first_axes(partitions: PartitionSet) -> list[Axis]:
    """Each box along the first time dimension; along the first of all when none is time."""
    dimensions = partitions.dimensions
    if not dimensions:
        return []
    at = next((at for at, each in enumerate(dimensions) if each.is_time), 0)
    return [box[at] for box in partitions.boxes]
