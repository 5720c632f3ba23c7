"""The current state of each dataset: disjoint pieces, each the rest of one commit.

A commit is laid over the pieces that it meets, and it alone decides what is read: recording one
partition costs the same beside ten pieces and beside ten thousand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from zlib import crc32

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import Axis, Dimension, PartitionSet, Span, Values
from flowforge_assets.core.span import Range
from flowforge_assets.record import statements
from flowforge_assets.record.rows import (
    Row,
    made_from,
    made_text,
    partitions_from,
    partitions_text,
    shape_text,
)

_HASHES: Final = statements.REACHES[-1]
_NOT_ASKED: Final = (None, (), "")


def lay(connection: sqlite3.Connection, made: Made) -> None:
    """Records that `made` holds now, in the caller's transaction.

    Of two commits to one table the higher version wins where they meet, so that the order of
    recording does not matter. A commit to another incarnation of the table, or with other
    dimensions, ends all older pieces.
    """
    known = connection.execute(statements.GET_DATASET, (made.dataset,)).fetchone()
    now = (shape_text(made.partitions.dimensions), made.table.table_id)
    if known != now:
        if known is not None:
            connection.execute(statements.DELETE_PIECES, (made.dataset,))
        connection.execute(statements.SET_DATASET, (made.dataset, *now))
        _insert(connection, made, made.partitions)
    elif not _remade(connection, made):
        _insert(connection, made, _cut(connection, made))


def forget(connection: sqlite3.Connection, dataset: DatasetKey) -> None:
    """Removes all that is known of `dataset`, in the caller's transaction."""
    connection.execute(statements.DELETE_PIECES, (dataset,))
    connection.execute(statements.DELETE_DATASET, (dataset,))


def read_pieces(
    rows: Iterable[Row],
    dimensions_by_dataset: Mapping[DatasetKey, tuple[Dimension, ...]],
) -> dict[DatasetKey, list[Made]]:
    """The commits of the asked datasets, newest first.

    Left out are datasets that were stored with other dimensions: they were repartitioned since.

    Raises:
        ValueError: a row does not hold what its dimensions promise.
    """
    asked = {
        str(dataset): (dataset, dimensions, shape_text(dimensions))
        for dataset, dimensions in dimensions_by_dataset.items()
    }
    pieces: dict[DatasetKey, list[Made]] = {}
    for name, shape, table_id, lo, hi, is_single, text, version, made in rows:
        dataset, dimensions, today = asked.get(name, _NOT_ASKED)
        if dataset is None or shape != today:
            continue
        partitions = _partitions(dimensions, (lo, hi), text, is_single=is_single)
        table = TableVersion(table_id, version)
        pieces.setdefault(dataset, []).append(made_from(dataset, partitions, table, made))
    for found in pieces.values():
        found.sort(key=_version, reverse=True)
    return pieces


def _insert(connection: sqlite3.Connection, made: Made, partitions: PartitionSet) -> None:
    if partitions:
        row = (made.dataset, *_place(partitions), made.table.version, made_text(made))
        connection.execute(statements.INSERT_PIECE, row)


def _remade(connection: sqlite3.Connection, made: Made) -> bool:
    """Whether there was an older piece of just these partitions, which is `made` now."""
    reach, lo, _, _, text = _place(made.partitions)
    version = made.table.version
    row = (version, made_text(made), made.dataset, reach, lo, text, version)
    return bool(connection.execute(statements.REMAKE_PIECE, row).rowcount)


def _cut(connection: sqlite3.Connection, made: Made) -> PartitionSet:
    """Cuts what `made` replaces out of older pieces; gives what newer ones leave of it."""
    left = made.partitions
    _, lo, hi, is_single, text = _place(left)
    asked = (made.dataset, lo, hi, lo, is_single, text)
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
        return PartitionSet(dimensions, ((Span((bounds,)),),))
    return partitions_from(dimensions, text)


@lru_cache(maxsize=1024)
def _place(partitions: PartitionSet) -> tuple[int, int, int, bool, str]:
    """Class, half-open bounds, whether it is one partition, and text of a set, as stored.

    Sets that share a partition have bounds that meet. The bounds are those of the first time
    dimension; without one a single name stands at its hash and more names stand everywhere.
    """
    lo, hi = _bounds(partitions)
    reach = next(reach for reach in statements.REACHES if hi - lo <= reach)
    return reach, lo, hi, partitions.count() == 1, partitions_text(partitions)


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
