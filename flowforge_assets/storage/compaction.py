"""Which small files are put together into one, and the rows of them in new files.

The commit is each format's own. That of the library's `optimize` is not for us: two of them that
read the same version both succeed, and every row that they moved is there twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from flowforge_assets.storage.data_files import DataFile, Layout, write_files
from flowforge_assets.storage.file_scan import refuse_damaged, scan_stored

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from flowforge_assets.storage.store import TableSpec

Heap: TypeAlias = list[DataFile]


def small_heaps(files: Iterable[DataFile], target_bytes: int) -> list[Heap]:
    """The files of less than the wanted size, in heaps of about that, each of two or more.

    Those of a heap have the same values in the columns that name their folder.
    """
    groups: dict[object, list[DataFile]] = {}
    for file in files:
        if file.bytes_written < target_bytes:
            groups.setdefault(tuple(sorted(file.values.items())), []).append(file)
    return [heap for group in groups.values() for heap in _heaps(group, target_bytes)]


def put_together(
    heap: Heap, read: Layout, stored: pl.Schema, write: Layout, spec: TableSpec
) -> list[DataFile]:
    """Writes the rows of a heap as new files, which no version names yet.

    Raises:
        DamagedDataError: a file of it is gone or holds something else (FF-608).
    """
    refuse_damaged(heap, read.folder, spec)
    return write_files(scan_stored(heap, read, stored), write)


def _heaps(group: Sequence[DataFile], target_bytes: int) -> list[Heap]:
    heaps: list[Heap] = []
    room = 0
    # the smallest first: if any two fit together, they do
    for file in sorted(group, key=lambda each: each.bytes_written):
        if not heaps or file.bytes_written > room:
            heaps.append([])
            room = target_bytes
        heaps[-1].append(file)
        room -= file.bytes_written
    return [heap for heap in heaps if len(heap) > 1]
