"""Replaces rows of data files by the values that they share with staged rows.

Only files that can hold such rows are read, told by their statistics. A file that holds some is
written again without them; rows that are the same on both sides are neither removed nor added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import polars as pl

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.storage.data_files import write_files
from flowforge_assets.storage.evolution import with_missing
from flowforge_assets.storage.file_scan import refuse_damaged, scan_stored
from flowforge_assets.storage.key_ends import KeyEnds
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.row_match import (
    Reach,
    RowMatch,
    free_name,
    marked,
    match_rows,
    sought,
)

if TYPE_CHECKING:
    from flowforge_assets.core.partition import Dimension
    from flowforge_assets.storage.data_files import DataFile
    from flowforge_assets.storage.file_scan import StagedFiles, StoredFiles
    from flowforge_assets.storage.store import Matching, TableSpec

_HELD: Final = 2  # so many stored rows may be held for each that is staged
_FEW_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class FileMatch:
    """What a commit does to the files (see `Replacement`), and in which partitions rows differ."""

    added: tuple[DataFile, ...]
    removed: tuple[DataFile, ...]
    rewritten: tuple[DataFile, ...]
    touched: PartitionSet


def match_files(
    before: StoredFiles,
    staged: StagedFiles,
    what: Matching,
    spec: TableSpec,
    written: list[DataFile],
) -> FileMatch:
    """What puts `staged` in the place of the rows that match it.

    Takes down in `written` the files that it writes. The staged rows and those that they match
    are held in memory; rows that stay are streamed from file to file, or held where the files in
    question have not many more than are staged.

    Raises:
        SchemaChangeError: the stored rows have other columns than are declared now (FF-611).
    """
    rows = staged.scan().collect() if staged.frame is None else staged.frame
    ends = KeyEnds.of(sought(rows, what), before.layout.hive)
    stats = before.stats(what.columns)
    told = [(file, stats.get(file.path) or file.stats) for file in before.files]
    met = [(file, found) for file, found in told if ends.may_meet(found)]
    candidates = [file for file, _ in met]
    refuse_damaged(candidates, before.layout.folder, spec)
    row = free_name("row", {*before.stored, *rows.columns})
    stored = scan_stored(candidates, before.layout, before.stored, row=row)
    reach = Reach(
        ends.meets, ends.met_by([found for _, found in met]), _may_hold(candidates, rows.height)
    )
    match = match_rows(with_missing(stored, before.stored, spec), rows, what, row=row, reach=reach)
    return _Files(candidates, before, staged, rows, match, written).replaced(spec)


def _may_hold(files: Sequence[DataFile], staged_rows: int) -> bool:
    """Whether all rows of `files` may be in memory; of none it costs nothing to say so."""
    counts = [file.rows for file in files]
    return min(counts, default=0) >= 0 and sum(counts) <= max(_HELD * staged_rows, _FEW_ROWS)


@dataclass(frozen=True, slots=True, eq=False)
class _Files:
    """The files in question and the rows of them that match."""

    candidates: Sequence[DataFile]
    before: StoredFiles
    staged: StagedFiles
    rows: pl.DataFrame
    match: RowMatch
    written: list[DataFile]

    def replaced(self, spec: TableSpec) -> FileMatch:
        """Writes the rows that stay beside others, and the new ones where they are few.

        The staged files have the rows that did not change as well. They are taken as they are
        where that leaves less to write than picking the new rows out of them would.
        """
        match = self.match
        new_rows = int(match.is_added.sum())
        removed, matched = self._by_file(of_removed=True), self._by_file(of_removed=False)
        is_all = new_rows == self.rows.height
        picked_rows = self._rows_beside(removed) + (0 if is_all else new_rows)
        added: tuple[DataFile, ...] = ()
        gone: Mapping[int, pl.Series] = {}
        if match.is_empty:
            pass
        elif is_all or (not match.leaves_out and self._rows_beside(matched) <= picked_rows):
            added, gone = self.staged.files, removed if is_all else matched
        else:
            new = self.rows.filter(match.is_added)
            self.written.extend(write_files(new, self.staged.layout))
            added, gone = tuple(self.written), removed
        rewritten = tuple(file for at, rows in gone.items() for file in self._beside(at, rows))
        return FileMatch(
            added=added,
            removed=tuple(self.candidates[at] for at in gone),
            rewritten=rewritten,
            touched=self._touched(spec.dimensions),
        )

    def _touched(self, dimensions: tuple[Dimension, ...]) -> PartitionSet:
        """The partitions of the rows that go and of those that come."""
        if not dimensions:
            return PartitionSet.none(()) if self.match.is_empty else WHOLE
        columns = [each.column for each in dimensions]
        come = self.rows.select(columns).filter(self.match.is_added)
        gone = self.match.removed(columns)
        return partitions_of(come, dimensions) | partitions_of(gone, dimensions)

    def _by_file(self, *, of_removed: bool) -> Mapping[int, pl.Series]:
        """The numbers of matched rows within their file, by the file's place."""
        numbers = self.match.numbers(of_removed=of_removed).cast(pl.Int64).sort()
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
        stay = self._held(at, gone) if self.match.is_whole else self._streamed(file, gone)
        files = write_files(stay, self.before.layout)
        self.written.extend(files)
        return files

    def _held(self, at: int, gone: pl.Series) -> pl.DataFrame:
        counts = [self._count(file) for file in self.candidates[: at + 1]]
        rows = self.match.reached.select(self.before.stored.names())
        return rows.slice(sum(counts[:-1]), counts[-1]).filter(~marked(counts[-1], gone))

    def _streamed(self, file: DataFile, gone: pl.Series) -> pl.LazyFrame:
        row = self.match.row
        rows = scan_stored([file], self.before.layout, self.before.stored, row=row)
        return rows.filter(~pl.col(row).cast(pl.Int64).is_in(gone.implode())).drop(row)
