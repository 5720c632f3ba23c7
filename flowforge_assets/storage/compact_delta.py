"""Puts small files of a Delta table together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltalake.exceptions import CommitFailedError

from flowforge_assets.storage.compaction import Heap, put_together, small_heaps
from flowforge_assets.storage.delta_commit import move_rows
from flowforge_assets.storage.delta_log import commit_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.delta_handle import DeltaHandle, Snapshot
    from flowforge_assets.storage.leftovers import Leftovers
    from flowforge_assets.storage.store import TableSpec
    from flowforge_assets.storage.upkeep import Upkeep


def compact_delta(
    handle: DeltaHandle, spec: TableSpec, leftovers: Leftovers, upkeep: Upkeep
) -> tuple[int, int]:
    """Puts small files together by commits that change no row.

    Gives how many files were, and into how many. Those of a partition stay in its folder. What was
    put together may be small again. Nothing more is done when others commit meanwhile.
    """
    compacted = into = 0
    while (at := handle.current()) and (heaps := small_heaps(at.files, upkeep.target_bytes)):
        if upkeep.is_dry:
            return sum(map(len, heaps)), len(heaps)
        made = _compacted(handle, at, spec, leftovers, heaps)
        if not made:
            break
        compacted, into = compacted + sum(map(len, heaps)), into + made
    return compacted, into


def _compacted(
    handle: DeltaHandle, at: Snapshot, spec: TableSpec, leftovers: Leftovers, heaps: Sequence[Heap]
) -> int:
    """How many files the heaps were put into; none when others committed first."""
    assert handle.opened is not None  # noqa: S101 - it is at `at`
    written: list[DataFile] = []
    is_late = False
    with leftovers.of_failure(written, ()):
        for heap in heaps:
            written += put_together(heap, at.layout, at.stored, at.layout, spec)
        gone = [file for heap in heaps for file in heap]
        try:
            move_rows(handle.opened, gone, written, at.layout.hive)
        except CommitFailedError:
            if handle.newest() == at.version:
                raise
            is_late = True
    if is_late:
        leftovers.remove(written)
        return 0
    at.layout.folder.sync(commit_file(at.version + 1))
    return len(written)
