"""Replaces rows of data files by the values that they share with staged rows.

Only files that can hold such rows are read, told by their statistics. A file that holds some is
written again without them; rows that are the same on both sides are neither removed nor added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import polars as pl

from flowforge_assets.storage.data_files import write_files
from flowforge_assets.storage.evolution import with_missing
from flowforge_assets.storage.file_scan import refuse_damaged, scan_stored
from flowforge_assets.storage.key_ends import KeyEnds
from flowforge_assets.storage.row_match import RowMatch, free_name, match_rows, sought

if TYPE_CHECKING:
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.file_scan import StagedFiles, StoredFiles
    from flowforge_assets.storage.store import Matching, TableSpec


@dataclass(frozen=True, slots=True, eq=False)
class FileMatch:
    """What a commit does to the files (see `Replacement`), and which rows differ by it."""

    added: tuple[DataFile, ...]
    removed: tuple[DataFile, ...]
    rewritten: tuple[DataFile, ...]
    rows_removed: pl.DataFrame
    rows_added: pl.DataFrame


def match_files(
    before: StoredFiles,
    staged: StagedFiles,
    what: Matching,
    spec: TableSpec,
    written: list[DataFile],
) -> FileMatch:
    """What puts `staged` in the place of the rows that match it.

    Takes down in `written` the files that it writes. The staged rows and those that they match
    are held in memory; rows that stay are streamed from file to file.

    Raises:
        SchemaChangeError: the stored rows have other columns than are declared now (FF-611).
    """
    rows = staged.scan().collect() if staged.frame is None else staged.frame
    ends = KeyEnds.of(sought(rows, what), before.layout.hive)
    stats = before.stats(what.columns)
    candidates = [
        file for file in before.files if ends.may_meet(stats.get(file.path) or file.stats)
    ]
    refuse_damaged(candidates, before.layout.folder, spec)
    row = free_name("row", {*before.stored, *rows.columns})
    stored = scan_stored(candidates, before.layout, before.stored, row=row).filter(ends.meets)
    match = match_rows(with_missing(stored, before.stored, spec), rows, what, row=row)
    return _Files(candidates, before, staged, rows, match, written).replaced()


@dataclass(frozen=True, slots=True, eq=False)
class _Files:
    """The files in question and the rows of them that match."""

    candidates: Sequence[DataFile]
    before: StoredFiles
    staged: StagedFiles
    rows: pl.DataFrame
    match: RowMatch
    written: list[DataFile]

    def replaced(self) -> FileMatch:
        """Writes the rows that stay beside others, and the new ones where they are few.

        The staged files have the rows that did not change as well. They are taken as they are
        where that leaves less to write than picking the new rows out of them would.
        """
        match = self.match
        new = self.rows.filter(match.is_added)
        removed, matched = self._by_file(match.is_removed), self._by_file(None)
        is_all = new.height == self.rows.height
        picked_rows = self._rows_beside(removed) + (0 if is_all else new.height)
        added: tuple[DataFile, ...] = ()
        gone: Mapping[int, pl.Series] = {}
        if match.is_empty:
            pass
        elif is_all or (not match.leaves_out and self._rows_beside(matched) <= picked_rows):
            added, gone = self.staged.files, removed if is_all else matched
        else:
            self.written.extend(write_files(new, self.staged.layout))
            added, gone = tuple(self.written), removed
        rewritten = tuple(file for at, rows in gone.items() for file in self._beside(at, rows))
        return FileMatch(
            added=added,
            removed=tuple(self.candidates[at] for at in gone),
            rewritten=rewritten,
            rows_removed=match.removed,
            rows_added=new,
        )

    def _by_file(self, which: pl.Series | None) -> Mapping[int, pl.Series]:
        """The numbers of matched rows within their file, by the file's place."""
        rows = self.match.matched if which is None else self.match.matched.filter(which)
        numbers = rows.get_column(self.match.row).cast(pl.Int64).sort()
        ends = list(accumulate(map(self._count, self.candidates)))
        found: dict[int, pl.Series] = {}
        start, first = 0, 0
        for at, end in enumerate(ends):
            stop = int(numbers.search_sorted(end))
            if stop > start:
                found[at] = numbers[start:stop] - first
            start, first = stop, end
        return found

    def _count(self, file: DataFile) -> int:
        """How many rows are in a file; a writer need not have said it."""
        if file.rows >= 0:
            return file.rows
        rows = scan_stored([file], self.before.layout, self.before.stored)
        return int(rows.select(pl.len()).collect().item())

    def _rows_beside(self, gone: Mapping[int, pl.Series]) -> int:
        """How many rows stay in the files that lose some."""
        return sum(self._count(self.candidates[at]) - len(rows) for at, rows in gone.items())

    def _beside(self, at: int, gone: pl.Series) -> Sequence[DataFile]:
        """Writes the rows of a file that stay."""
        file = self.candidates[at]
        if len(gone) == self._count(file):
            return ()
        row = self.match.row
        rows = scan_stored([file], self.before.layout, self.before.stored, row=row)
        stay = rows.filter(~pl.col(row).cast(pl.Int64).is_in(gone.implode())).drop(row)
        files = write_files(stay, self.before.layout)
        self.written.extend(files)
        return files
