"""The current state of each dataset: disjoint pieces, each the rest of one commit.

A commit is laid over the pieces that it meets, and it alone decides what is read: recording one
partition costs the same beside ten pieces and beside ten thousand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final
from zlib import crc32

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made
from flowforge_assets.core.partition import Axis, Dimension, PartitionSet, Span, Values
from flowforge_assets.record import statements
from flowforge_assets.record.rows import (
    Row,
    made_from,
    made_row,
    partitions_from,
    partitions_text,
    shape_text,
)

# The classes of `statements.MEETING_PIECES`: no piece of a class is longer than its reach.
_REACHES: Final = tuple(16**power for power in range(9))
_HASHES: Final = 1 << 32


def lay(connection: sqlite3.Connection, made: Made) -> None:
    """Records that `made` holds now, in the caller's transaction.

    Of two commits to one table the higher version wins where they meet, so that the order of
    recording does not matter. A commit to another incarnation of the table, or with other
    dimensions, ends all older pieces.
    """
    dimensions = made.partitions.dimensions
    known = connection.execute(statements.GET_DATASET, (made.dataset,)).fetchone()
    now = (shape_text(dimensions), made.table.table_id)
    if known == now:
        left = _cut(connection, made)
    else:
        if known is not None:
            connection.execute(statements.DELETE_PIECES, (made.dataset,))
        connection.execute(statements.SET_DATASET, (made.dataset, *now))
        left = made.partitions
    if left:
        text = partitions_text(left)
        row = (made.dataset, *_place(left), text, *made_row(made))
        connection.execute(statements.INSERT_PIECE, row)


def forget(connection: sqlite3.Connection, dataset: DatasetKey) -> None:
    """Removes all that is known of `dataset`, in the caller's transaction."""
    connection.execute(statements.DELETE_PIECES, (dataset,))
    connection.execute(statements.DELETE_DATASET, (dataset,))


def read_pieces(
    rows: Iterable[Row],
    dimensions_by_dataset: Mapping[DatasetKey, tuple[Dimension, ...]],
) -> dict[DatasetKey, list[Made]]:
    """The commits of the asked datasets, in the order of `rows`.

    Left out are datasets that were stored with other dimensions: they were repartitioned since.

    Raises:
        ValueError: a row does not hold what its dimensions promise.
    """
    shapes = {
        dimensions: shape_text(dimensions)
        for dimensions in dimensions_by_dataset.values()
    }
    pieces: dict[DatasetKey, list[Made]] = {}
    for name, shape, table_id, partitions, *rest in rows:
        dataset = DatasetKey(name)
        dimensions = dimensions_by_dataset.get(dataset)
        if dimensions is None or shapes[dimensions] != shape:
            continue
        made = made_from(
            dataset, partitions_from(dimensions, partitions), table_id, tuple(rest)
        )
        pieces.setdefault(dataset, []).append(made)
    return pieces


def _cut(connection: sqlite3.Connection, made: Made) -> PartitionSet:
    """Cuts what `made` replaces out of older pieces; gives what newer ones leave of it."""
    left = made.partitions
    text = partitions_text(left)
    _, lo, hi, is_single = _place(left)
    asked = (made.dataset, lo, hi, lo, is_single, text)
    for piece, old_text, version in connection.execute(
        statements.MEETING_PIECES, asked
    ).fetchall():
        if version <= made.table.version and old_text == text:
            connection.execute(statements.DELETE_PIECE, (piece,))
            continue
        old = partitions_from(left.dimensions, old_text)
        if version > made.table.version:
            left -= old
            continue
        rest = old - made.partitions
        if not rest:
            connection.execute(statements.DELETE_PIECE, (piece,))
        elif rest != old:
            reach, lo, hi, is_single = _place(rest)
            trimmed = (partitions_text(rest), reach, lo, hi, is_single, piece)
            connection.execute(statements.TRIM_PIECE, trimmed)
    return left


def _place(partitions: PartitionSet) -> tuple[int, int, int, bool]:
    """The class, the half-open bounds, and whether the set is one partition.

    Sets that share a partition have bounds that meet. The bounds are those of the first time
    dimension; without one a single name stands at its hash and more names stand everywhere.
    """
    lo, hi = _bounds(partitions)
    reach = next(reach for reach in _REACHES if hi - lo <= reach)
    return reach, lo, hi, partitions.count() == 1


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
