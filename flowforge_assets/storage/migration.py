"""Rows that stay, as the columns of their dataset are declared now.

A table has one type for a column in all of its files, and so have its readers. Where columns were
widened, renamed or dropped, the rows that a commit leaves are written again in that same commit:
who reads sees all of them as they were, or all of them as they are declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as replaced
from typing import TYPE_CHECKING

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.storage.data_files import write_files
from flowforge_assets.storage.evolution import as_declared, is_read_as_it_is, refuse_change
from flowforge_assets.storage.file_replace import replacement
from flowforge_assets.storage.file_scan import StoredFiles, refuse_damaged, scan_stored
from flowforge_assets.storage.overlap import Overlap, overlap
from flowforge_assets.storage.store import Everything

if TYPE_CHECKING:
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.file_replace import Replacement
    from flowforge_assets.storage.file_scan import StagedFiles
    from flowforge_assets.storage.request import Request
    from flowforge_assets.storage.store import TableSpec


def migrating_replacement(
    before: StoredFiles,
    request: Request[StagedFiles],
    spec: TableSpec,
    written: list[DataFile],
) -> Replacement:
    """What the commit of `request` does after `before`: see `replacement`.

    Rows that stay are written again where their columns are others now: that costs a pass over
    each file that the commit does not replace as a whole.

    Raises:
        SchemaChangeError: rows that stay would lose something (FF-611).
        DamagedDataError: a file of them is missing or has another size (FF-608).
    """
    moved = _moved(before, request, spec, written)
    new: list[DataFile] = []
    try:
        what = replacement(before if moved is None else moved, request, spec, new)
    finally:
        written.extend(new)
    if moved is None:
        return what
    gone = {file.path for file in what.removed}
    kept = (file for file in moved.files if file.path not in gone)
    return replaced(
        what,
        removed=before.files,
        rewritten=(*kept, *what.rewritten),
        changes_columns=True,
    )


def _moved(
    before: StoredFiles,
    request: Request[StagedFiles],
    spec: TableSpec,
    written: list[DataFile],
) -> StoredFiles | None:
    """The files with rows that may stay, written again; None where they can be as they are."""
    if is_read_as_it_is(before.stored, spec):
        return None
    files = list(_staying(before, request))
    if not files:
        return None
    refuse_change(before.stored, spec)
    refuse_damaged(files, before.layout.folder, spec)
    moved: list[DataFile] = []
    for file in files:
        rows = scan_stored([file], before.layout, before.stored)
        again = write_files(as_declared(rows, before.stored, spec), before.layout)
        written.extend(again)
        moved.extend(again)
    return StoredFiles(tuple(moved), before.layout, polars_schema(spec.schema))


def _staying(before: StoredFiles, request: Request[StagedFiles]) -> Iterator[DataFile]:
    """The files that are not replaced as a whole, as far as their ends tell."""
    replace = request.replace
    if request.staged is None or not isinstance(replace, Everything | PartitionSet):
        yield from before.files
    elif isinstance(replace, PartitionSet):
        for file in before.files:
            if not replace or overlap(file.ends, replace) is not Overlap.ALL:
                yield file
