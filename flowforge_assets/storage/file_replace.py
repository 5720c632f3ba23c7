"""What a commit does to the data files that are there: which go, and what is written instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import TYPE_CHECKING

from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.storage.data_files import remove_files, write_files
from flowforge_assets.storage.evolution import refuse_change
from flowforge_assets.storage.file_match import match_files
from flowforge_assets.storage.file_scan import refuse_damaged, scan_stored
from flowforge_assets.storage.overlap import Overlap, overlap
from flowforge_assets.storage.partition_rows import is_in, refuse_strays
from flowforge_assets.storage.store import Everything, Matching
from flowforge_assets.storage.touched import telling, with_touched

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.file_scan import StagedFiles, StoredFiles
    from flowforge_assets.storage.request import Request
    from flowforge_assets.storage.store import TableSpec


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a commit does to the files that are there, and what it says of itself.

    A `removed` file goes as a whole; what stays of its rows is `rewritten`. `added` are the files
    of the new rows. `keeps_rows` when any row stays; `changes_columns` when all that stay are
    rewritten, for other columns.
    """

    added: tuple[DataFile, ...]
    removed: tuple[DataFile, ...]
    rewritten: tuple[DataFile, ...]
    keeps_rows: bool
    made: Made
    changes_columns: bool = False

    def counted(self) -> Replacement:
        """The same, with the bytes of the files that it adds in what it says of itself."""
        count = sum(file.bytes_written for file in (*self.added, *self.rewritten))
        return replaced(self, made=replaced(self.made, bytes_written=count or None))

    def unused(self, files: Iterable[DataFile]) -> list[DataFile]:
        """Those of `files` that the commit does not name after all."""
        named = {file.path for file in (*self.added, *self.rewritten)}
        return [file for file in files if file.path not in named]


def replacement(
    before: StoredFiles,
    request: Request[StagedFiles],
    spec: TableSpec,
    written: list[DataFile],
) -> Replacement:
    """What the commit of `request` does after `before`.

    Takes down in `written` the files that it writes for that beside the staged ones. Costs a look
    at each file's ends, and a pass over each that must be looked into.

    Raises:
        StrayRowsError: a staged row lies outside of a set that is replaced (FF-613).
        SchemaChangeError: rows that must be told apart have other columns (FF-611).
    """
    staged, replace, made = request.staged, request.replace, request.made
    if staged is None:
        return Replacement((), (), (), keeps_rows=bool(before.files), made=made)
    if isinstance(replace, Matching):
        return _matching(before, staged, replace, made, spec=spec, written=written)
    if isinstance(replace, PartitionSet) and replace:
        refuse_stray_files(staged, replace, spec)
    is_all = isinstance(replace, Everything)
    stored = before.scan() if is_all and before.files else None
    made = with_touched(made, replace, spec, staged=staged.scan(), stored=stored)
    if isinstance(replace, Everything):
        return Replacement(staged.files, before.files, (), keeps_rows=False, made=made)
    if not replace:
        return Replacement(staged.files, (), (), keeps_rows=bool(before.files), made=made)
    removed, keeps_rows = _cut(before, replace, spec, written)
    return Replacement(staged.files, removed, tuple(written), keeps_rows=keeps_rows, made=made)


def _matching(
    before: StoredFiles,
    staged: StagedFiles,
    what: Matching,
    made: Made,
    *,
    spec: TableSpec,
    written: list[DataFile],
) -> Replacement:
    match = match_files(before, staged, what, spec, written)
    return Replacement(
        match.added,
        match.removed,
        match.rewritten,
        keeps_rows=len(match.removed) < len(before.files) or bool(match.rewritten),
        made=telling(made, match.touched),
    )


def refuse_stray_files(staged: StagedFiles, partitions: PartitionSet, spec: TableSpec) -> None:
    """Passes when all staged rows are in `partitions`; reads only files whose ends do not tell.

    Raises:
        StrayRowsError: some are not (FF-613).
    """
    doubtful = [file for file in staged.files if overlap(file.ends, partitions) is not Overlap.ALL]
    if doubtful:
        rows = staged.frame
        if rows is None:
            refuse_strays(scan_stored(doubtful, staged.layout, staged.schema), partitions, spec)
        else:
            refuse_strays(rows, partitions, spec)


def _cut(
    before: StoredFiles, partitions: PartitionSet, spec: TableSpec, written: list[DataFile]
) -> tuple[tuple[DataFile, ...], bool]:
    """The files that go, and whether any row stays; rows that stay of them are `written`."""
    if any(dimension.column not in before.stored for dimension in spec.dimensions):
        refuse_change(before.stored, spec)  # no row says in which partition it is
    removed: list[DataFile] = []
    keeps_rows = False
    for file in before.files:
        match overlap(file.ends, partitions):
            case Overlap.NONE:
                keeps_rows = True
            case Overlap.ALL:
                removed.append(file)
            case Overlap.UNKNOWN:
                others = _write_others(file, before, partitions, spec)
                if sum(other.rows for other in others) == file.rows:
                    remove_files(before.layout.folder, others)
                else:
                    removed.append(file)
                    written.extend(others)
                keeps_rows = keeps_rows or bool(others)
    return tuple(removed), keeps_rows


def _write_others(
    file: DataFile, before: StoredFiles, partitions: PartitionSet, spec: TableSpec
) -> Sequence[DataFile]:
    """Writes the rows of `file` that are in none of `partitions` as files of their own."""
    refuse_damaged([file], before.layout.folder, spec)
    rows = scan_stored([file], before.layout, before.stored)
    inside = is_in(partitions, spec.schema)
    return write_files(rows.filter(~inside) if inside is not None else rows.clear(), before.layout)
