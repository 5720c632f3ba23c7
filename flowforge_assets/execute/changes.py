"""What a reader of `Changes[D]` is given: the rows that came since its own last commit.

That commit says which version of D it saw, so the reader has no state beside its table: one that
failed sees the same changes again, one that was killed after its commit does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.rule import Unique
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition, Input
from flowforge_assets.errors.incremental import ChangesLostError, ChangesTakenError
from flowforge_assets.errors.storage import BaseMovedError
from flowforge_assets.execute.renames import made_of
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.graph.build import Graph
from flowforge_assets.storage.changes import (
    COUNT,
    TellsOthers,
    changes_of,
    rows_that_came,
    rows_that_went,
)
from flowforge_assets.storage.past import KeepsPast
from flowforge_assets.storage.store import NO_TABLE, Replace, Staged, Table

if TYPE_CHECKING:
    from flowforge_assets.storage.external import ReadTable

_TRIES: Final = 20
Group = tuple[PartitionSet, TableVersion | None]
"""Steps of a reader, and the version of D that the last commit of each has seen."""


@dataclass(slots=True)
class Taken:
    """What the steps of one reader have taken so far, as the table says that they write."""

    scope: RunScope
    asset: AssetDefinition
    _pieces: Sequence[Made] | None = field(default=None)

    @property
    def dataset(self) -> DatasetDefinition:
        """What the reader makes."""
        return self.scope.graph.datasets[self.asset.id]

    def by_version(self, unit: PartitionSet, read: DatasetKey) -> Iterator[Group]:
        """The steps of `unit` by the version of `read` that they saw last; None: they saw none."""
        if self._pieces is None:
            self._pieces = self._made()
        yield from grouped(self._pieces, unit, read)

    def guarding(self, table: Table, done: PartitionSet, step_id: str) -> Table:
        """`table`, which commits the steps `done` only while nobody else has taken their changes.

        Raises:
            ChangesTakenError: by its commit and record, where another run has (FF-762).
        """
        reads = {read.dataset for read in self.asset.inputs if read.form == "changes"}
        before = {key: list(self.by_version(done, key)) for key in reads}

        def refuse_taken() -> None:
            made = self._made()
            if any(each.step_id == step_id for each in made):
                return  # this step itself: its commit is not repeated
            if any(list(grouped(made, done, key)) != before[key] for key in reads):
                message = f"another run has taken the same changes for `{self.asset.id}` meanwhile"
                hint = "run again: it reads what has changed since then"
                raise ChangesTakenError(message, place=self.asset.place, hint=hint)

        return cast("Table", _Guarded(table, refuse_taken))

    def _made(self) -> Sequence[Made]:
        """The commits that hold; none of a table that is emptied by this run."""
        table = self.scope.table(self.dataset)
        if self.scope.made.is_rebuilding(self.asset.id) or table.version() is None:
            return ()
        return made_of(self.scope.graph, table.made())


def grouped(pieces: Iterable[Made], unit: PartitionSet, read: DatasetKey) -> Iterator[Group]:
    """The steps of `unit` by the version of `read` that their commits among `pieces` name."""
    by_version: dict[TableVersion | None, PartitionSet] = {}
    rest = unit
    for piece in pieces:
        if piece.partitions.dimensions == unit.dimensions and (mine := piece.partitions & rest):
            rest -= mine
            seen = piece.inputs.get(read)
            known = by_version.get(seen)
            by_version[seen] = mine if known is None else known | mine
    if rest:
        known = by_version.get(None)
        by_version[None] = rest if known is None else known | rest
    for seen, steps in by_version.items():
        yield steps, seen


@dataclass(frozen=True, slots=True)
class ChangesRead:
    """One parameter `Changes[D]`: how its rows are read from the table of D at `until`."""

    graph: Graph
    asset: AssetDefinition
    read: Input
    dataset: DatasetDefinition
    table: ReadTable
    until: TableVersion

    def rows(self, wanted: PartitionSet, since: TableVersion | None) -> pl.LazyFrame:
        """The rows of the partitions `wanted` that came after `since`; all where that is None.

        Where they cannot be told, all are given to a reader that writes by key.

        Raises:
            ChangesLostError: they cannot be told, and all would double or miss some (FF-642).
        """
        if since is None:
            return self._all(wanted)
        if since == self.until:
            return self._all(wanted).clear()
        try:
            self._refuse_other_table(since)
            changes = self._changes(since.version, wanted)
        except ChangesLostError as error:
            if self._may_take_again:
                return self._all(wanted)
            error.place = self.asset.place
            error.hint = (
                "empty what reads it and take all rows anew: "
                f"`flowforge run --rebuild -s {self.asset.id}`"
            )
            raise
        if self.dataset.schema is not self.table.spec.schema:
            changes = changes.select(*self.dataset.schema.names, COUNT)
        came = rows_that_came(changes)
        if not self.read.deletes:
            return came
        went = rows_that_went(changes, came, identity(self.dataset, self.graph))
        return pl.concat([self._marked(came, is_gone=False), self._marked(went, is_gone=True)])

    def _changes(self, since: int, wanted: PartitionSet) -> pl.LazyFrame:
        """What came and went; of a version that is gone, since the oldest that had the same rows.

        Raises:
            ChangesLostError: there is none (FF-642).
        """
        partitions = wanted if wanted.dimensions else None
        try:
            return changes_of(self.table, since, self.until.version, partitions)
        except ChangesLostError:
            oldest = self._oldest_kept()
            if oldest <= since or self._is_touched(wanted, since, oldest):
                raise
            return changes_of(self.table, oldest, self.until.version, partitions)

    def _oldest_kept(self) -> int:
        versions = self.table.versions() if isinstance(self.table, KeepsPast) else ()
        return versions[0].version if versions else -1

    def _is_touched(self, wanted: PartitionSet, since: int, by: int) -> bool:
        """Whether rows of `wanted` may have been changed after `since`, and not after `by`."""
        assert isinstance(self.table, KeepsPast)  # noqa: S101 - it has told its versions
        if isinstance(self.table, TellsOthers) and self.table.is_changed_by_others(since, by):
            return True
        return any(
            made.table.version > since and bool(made.changed & wanted)
            for made in self.table.made_by(by)
        )

    def _all(self, wanted: PartitionSet) -> pl.LazyFrame:
        partitions = wanted if wanted.dimensions else None
        rows = self.table.scan(partitions, version=self.until.version)
        if self.dataset.schema is not self.table.spec.schema:
            rows = rows.select(self.dataset.schema.names)
        return self._marked(rows, is_gone=False) if self.read.deletes else rows

    def _marked(self, rows: pl.LazyFrame, *, is_gone: bool) -> pl.LazyFrame:
        return rows.with_columns(pl.lit(is_gone).alias(self.read.deletes))

    def _refuse_other_table(self, since: TableVersion) -> None:
        if since.table_id != self.until.table_id or since.version > self.until.version:
            message = (
                f"the table of `{self.dataset.key}` is not the one whose changes "
                f"`{self.asset.name}` has read: it was made anew"
            )
            raise ChangesLostError(message)

    @property
    def _may_take_again(self) -> bool:
        """Whether rows that it had already do no harm."""
        return self.asset.write in {"merge", "insert", "scd2"} and not self.read.deletes


def identity(dataset: DatasetDefinition, graph: Graph) -> list[str]:
    """The columns that tell which rows are one and the same, before and after a change.

    Its key, within its partition unless the key holds for the whole table; all columns of a
    dataset without a key.
    """
    keys = dataset.key_columns
    if not keys:
        return list(dataset.schema.names)
    maker = graph.maker.get(dataset.key)
    is_by_key = maker is not None and graph.assets[maker].write in {"merge", "insert"}
    rules = [rule for rule in dataset.rules if isinstance(rule, Unique)]
    is_whole = is_by_key or any(rule.scope == "table" for rule in rules)
    beside = () if is_whole else tuple(d.column for d in dataset.partitioning.dimensions)
    return list(dict.fromkeys((*keys, *beside)))


class _Guarded:
    """A table whose commits are made only while `refuse` finds nothing against it.

    It is that table in all else.
    """

    def __init__(self, table: Table, refuse: Callable[[], None]) -> None:
        self._table = table
        self._refuse = refuse

    def __getattr__(self, name: str) -> object:
        return getattr(self._table, name)

    def commit(
        self, staged: Staged, *, replace: Replace, made: Made, base: TableVersion | None = None
    ) -> Made:
        return self._held(
            lambda at: self._table.commit(staged, replace=replace, made=made, base=at), base
        )

    def record(self, made: Made, *, base: TableVersion | None = None) -> Made:
        return self._held(lambda at: self._table.record(made, base=at), base)

    def _held(self, commit: Callable[[TableVersion], Made], base: TableVersion | None) -> Made:
        """What `commit` gives at a version of which nobody else has taken the changes."""
        tries = 0
        while True:
            at = base or self._table.version() or NO_TABLE
            self._refuse()
            try:
                return commit(at)
            except BaseMovedError:
                tries += 1
                if base is not None or tries >= _TRIES:
                    raise
