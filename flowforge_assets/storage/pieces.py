"""One version of a table in memory: frames, and the partitions that each of them holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from flowforge_assets.core.partition import WHOLE, PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.storage.evolution import as_declared, is_read_as_it_is
from flowforge_assets.storage.partition_rows import is_in
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.row_match import free_name, match_rows
from flowforge_assets.storage.store import Everything, Matching
from flowforge_assets.storage.touched import telling, with_touched

if TYPE_CHECKING:
    from flowforge_assets.core.made import Made
    from flowforge_assets.core.schema import Schema
    from flowforge_assets.storage.memory import StagedFrame
    from flowforge_assets.storage.request import Request
    from flowforge_assets.storage.store import TableSpec


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Frames by their partitions; the sets are disjoint, and each row is in its frame's set.

    `covered` is their union. It is None when they do not all have the same dimensions, because
    the dataset was partitioned in another way when some were written: then the columns of the
    rows are asked, as the stores on disk do. `schema` is the one they were last checked against.
    """

    frames: Mapping[PartitionSet, pl.DataFrame]
    covered: PartitionSet | None
    schema: Schema | None

    def scan(self, partitions: PartitionSet | None, spec: TableSpec) -> pl.LazyFrame:
        """The rows of `partitions` (None: all) with the columns of `spec`.

        A set that was committed as it is asked for costs one look-up.
        """
        found: list[pl.LazyFrame] = []
        if partitions is None:
            found = [_declared(frame, spec) for frame in self.frames.values()]
        elif self.covered is not None and (exact := self.frames.get(partitions)) is not None:
            return _declared(exact, spec)
        else:
            for held, frame in self.frames.items():
                wanted = partitions
                if held.dimensions == partitions.dimensions:
                    wanted = held & partitions
                    if not wanted:
                        continue
                rows = _declared(frame, spec)
                inside = None if wanted == held else is_in(wanted, spec.schema)
                found.append(rows if inside is None else rows.filter(inside))
        if not found:
            return pl.LazyFrame(schema=polars_schema(spec.schema))
        return found[0] if len(found) == 1 else pl.concat(found)

    def after(self, request: Request[StagedFrame], spec: TableSpec) -> tuple[Pieces, Made]:
        """The pieces after a commit, and what it says of itself.

        Raises:
            SchemaChangeError: rows that stay have other columns than `spec` declares (FF-611).
        """
        staged, replace, made = request.staged, request.replace, request.made
        if staged is None:
            return Pieces(self._fitting(self.frames, spec), self.covered, spec.schema), made
        if isinstance(replace, Matching):
            return self._matching(replace, staged.frame, made, spec)
        stored = self._rows() if isinstance(replace, Everything) else None
        made = with_touched(made, replace, spec, staged=staged.scan(), stored=stored)
        if isinstance(replace, Everything):
            return self._whole(staged.frame, spec), made
        if replace:
            return self.replaced(replace, staged.frame, spec), made
        rows = pl.concat([self.scan(None, spec).collect(), staged.frame], rechunk=False)
        return self._whole(rows, spec), made

    def _matching(
        self, replace: Matching, staged: pl.DataFrame, made: Made, spec: TableSpec
    ) -> tuple[Pieces, Made]:
        row = free_name("row", spec.schema.names)
        stored = self.scan(None, spec).with_row_index(row)
        match = match_rows(stored, staged, replace, row=row)
        new, gone = staged.filter(match.is_added), match.removed([row, *spec.schema.names])
        touched = partitions_of(new, spec.dimensions) | partitions_of(gone, spec.dimensions)
        kept = stored.join(gone.lazy().select(row), on=row, how="anti").drop(row).collect()
        return self._whole(pl.concat([kept, new]), spec), telling(made, touched)

    def replaced(self, replace: PartitionSet, frame: pl.DataFrame, spec: TableSpec) -> Pieces:
        """The same with `frame` instead of the rows of `replace`.

        Raises:
            SchemaChangeError: rows that stay have other columns than `spec` declares (FF-611).
        """
        frames = dict(self.frames)
        same = self.covered is not None and self.covered.dimensions == replace.dimensions
        if not (same and frames.pop(replace, None) is not None) and (
            not same or (self.covered and self.covered & replace)
        ):
            frames = self._cut(replace, spec)
        frames = self._fitting(frames, spec)
        frames[replace] = frame
        covered = self.covered | replace if same and self.covered else _union(frames)
        return Pieces(frames, covered, spec.schema)

    def _whole(self, frame: pl.DataFrame, spec: TableSpec) -> Pieces:
        """All rows as one frame, of which the columns alone say in which partitions they are."""
        return Pieces({WHOLE: frame}, None if spec.dimensions else WHOLE, spec.schema)

    def _rows(self) -> pl.LazyFrame | None:
        """All rows with the columns that they were written with; None where those differ."""
        frames = list(self.frames.values())
        if any(frame.schema != frames[0].schema for frame in frames):
            return None
        return pl.concat([frame.lazy() for frame in frames]) if frames else None

    def _fitting(
        self, frames: Mapping[PartitionSet, pl.DataFrame], spec: TableSpec
    ) -> dict[PartitionSet, pl.DataFrame]:
        """The frames of rows that stay, with the types and names that `spec` has for them.

        Raises:
            SchemaChangeError: they cannot have them (FF-611).
        """
        if spec.schema == self.schema:
            return dict(frames)
        return {
            held: frame
            if is_read_as_it_is(frame.schema, spec)
            else _declared(frame, spec).collect()
            for held, frame in frames.items()
        }

    def _cut(self, replace: PartitionSet, spec: TableSpec) -> dict[PartitionSet, pl.DataFrame]:
        """The frames without the rows of `replace`."""
        kept: dict[PartitionSet, pl.DataFrame] = {}
        inside = is_in(replace, spec.schema)
        for held, frame in self.frames.items():
            left = held - replace if held.dimensions == replace.dimensions else held
            if held.dimensions == replace.dimensions and left == held:
                kept[held] = frame
            elif left and inside is not None:
                rows = frame.filter(~inside)
                if rows.height:
                    kept[left] = rows
        return kept


def _declared(frame: pl.DataFrame, spec: TableSpec) -> pl.LazyFrame:
    return as_declared(frame.lazy(), frame.schema, spec)


def _union(frames: Mapping[PartitionSet, pl.DataFrame]) -> PartitionSet | None:
    """All partitions, or None when they have not the same dimensions."""
    sets = list(frames)
    if any(partitions.dimensions != sets[0].dimensions for partitions in sets):
        return None
    covered = sets[0]
    for partitions in sets[1:]:
        covered = covered | partitions
    return covered
