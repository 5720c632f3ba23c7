"""Loads what a step reads, in the form that its parameters ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import polars as pl

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.polars_types import polars_schema
from flowforge_assets.core.schema import Plain
from flowforge_assets.declare.definition import (
    AssetDefinition,
    CheckDefinition,
    DatasetDefinition,
    FormName,
    Input,
    KeyParameter,
)
from flowforge_assets.declare.job import Ref
from flowforge_assets.declare.mapping import Has
from flowforge_assets.declare.partitions import Partitions
from flowforge_assets.errors.run import InputMissingError
from flowforge_assets.execute.artifacts import file_to_read
from flowforge_assets.execute.changes import ChangesRead, Taken
from flowforge_assets.execute.jobs import made_from_digest
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.plan.partition_map import reads
from flowforge_assets.storage.failure import as_storage_error, reading
from flowforge_assets.storage.memory import MemoryTable
from flowforge_assets.storage.parquet import ParquetTable
from flowforge_assets.storage.partition_rows import is_in
from flowforge_assets.storage.store import NO_TABLE

Reader: TypeAlias = AssetDefinition | CheckDefinition
Versions: TypeAlias = Mapping[DatasetKey, TableVersion]
Loaded: TypeAlias = Mapping[str, pl.LazyFrame | None]
"""The frames by parameter; None: not there, and the reader allows it."""

_HELD_ROWS: Final = 2_000_000
_FEW_ROWS: Final = 50_000
_OUTSIDE: Final = "someone else makes it: `flowforge plan` says what is known of it"


class Inputs:
    """What the units of one batch read, each dataset scanned once where it is small.

    `versions` is never newer than the rows read, so that a commit by someone else in between
    makes the step stale rather than lost.
    """

    def __init__(
        self, scope: RunScope, reader: Reader, inputs: Iterable[Input], batch: PartitionSet
    ) -> None:
        """For units within `batch`; nothing is read yet."""
        self._scope = scope
        self._reader = reader
        self._inputs = tuple(inputs)
        self._batch = batch
        self._sources: dict[str, pl.LazyFrame] = {}
        self._scanned_sets: dict[DatasetKey, PartitionSet] = {}
        self._pinned: dict[DatasetKey, TableVersion] = {}
        self.versions: dict[DatasetKey, TableVersion] = {}
        self.taken: Taken | None = None
        self._is_query = isinstance(reader, AssetDefinition) and reader.sql_path is not None
        if isinstance(reader, AssetDefinition) and reader.reads_changes:
            self.taken = Taken(scope, reader)

    def load(self, unit: PartitionSet) -> Loaded:
        """The inputs of one unit, by parameter.

        Raises:
            InputMissingError: partitions that it must have were never made (FF-703).
        """
        frames: dict[str, pl.LazyFrame | None] = {}
        for read in self._inputs:
            dataset = self._scope.graph.datasets[read.dataset]
            if read.form == "before":
                frames[read.parameter] = self._before(dataset, unit)
                continue
            if read.form in {"ref", "file"}:
                continue
            wanted = self._wanted(read, dataset, unit)
            if wanted is not None and read.form == "changes":
                frames[read.parameter] = self._changes(read, dataset, unit, wanted)
                continue
            frames[read.parameter] = (
                None if wanted is None else self._frame(read, dataset, unit, wanted)
            )
        return frames

    def wanted(self, read: Input, unit: PartitionSet) -> PartitionSet | None:
        """The partitions of an input that a unit reads where it lies; None: it lacks, and may.

        Raises:
            InputMissingError: partitions that it must have were never made (FF-703).
        """
        dataset = self._scope.graph.datasets[read.dataset]
        found = self._wanted(read, dataset, unit)
        if found is not None and (version := self._scope.reader(dataset).version()) is not None:
            self._note(dataset.key, version)
        return found

    def rows(self, read: Input, wanted: PartitionSet) -> pl.LazyFrame:
        """Those partitions of an input, lazily."""
        return self._scanned(self._scope.graph.datasets[read.dataset], wanted)

    def _changes(
        self, read: Input, dataset: DatasetDefinition, unit: PartitionSet, wanted: PartitionSet
    ) -> pl.LazyFrame:
        """The rows of `wanted` that each step of the unit has not seen yet."""
        assert self.taken is not None  # noqa: S101 - it has such an input
        asset, now = self.taken.asset, self._scope.now
        table, until = self._scope.reader(dataset), self._pin(dataset)
        changes = ChangesRead(self._scope.graph, asset, read, dataset, table, until)
        mapping, up = read.mapping, dataset.partitioning
        parts = [
            changes.rows(wanted & reads(steps, up=up, mapping=mapping, now=now), since)
            for steps, since in self.taken.by_version(unit, dataset.key)
        ]
        return self._sampled(dataset, pl.concat(parts) if len(parts) > 1 else parts[0])

    def _pin(self, dataset: DatasetDefinition) -> TableVersion:
        """The version at which all that is read of the dataset is read."""
        version = self._pinned.get(dataset.key)
        if version is None:
            version = self._pinned[dataset.key] = self._scope.reader(dataset).version() or NO_TABLE
            self._note(dataset.key, version)
        return version

    def refs(self, unit: PartitionSet) -> dict[str, object]:
        """The inputs of one unit that are read by their place or as files, by parameter.

        Raises:
            InputMissingError: partitions that it must have were never made (FF-703).
        """
        found: dict[str, object] = {}
        for read in self._inputs:
            if read.form in {"ref", "file"}:
                dataset = self._scope.graph.datasets[read.dataset]
                wanted = self._wanted(read, dataset, unit)
                open_ = self._file if read.form == "file" else self._ref
                found[read.parameter] = None if wanted is None else open_(dataset, wanted)
        return found

    def _file(self, dataset: DatasetDefinition, wanted: PartitionSet) -> Path:
        artifacts = self._scope.files(dataset)
        self._note(dataset.key, artifacts.version() or NO_TABLE)
        return file_to_read(artifacts, wanted, self._reader)

    def _ref(self, dataset: DatasetDefinition, wanted: PartitionSet) -> Ref[Any]:
        """The place of a table; of a copy where only this program knows the table's form."""
        table = self._scope.reader(dataset)
        version = table.version() or NO_TABLE
        self._note(dataset.key, version)
        partitions = wanted.render(None)
        if not isinstance(table, (MemoryTable, ParquetTable)):
            return Ref(table.uri, version.version, partitions)
        rows = table.scan(wanted if wanted.dimensions else None, version=version.version)
        with reading(table):
            name = made_from_digest(dataset.key, version, partitions)
            copy = self._scope.jobs.copy(self._scope.store.uri, name, rows.sink_delta)
        return Ref(copy.as_uri(), 0, partitions)

    def _before(self, dataset: DatasetDefinition, unit: PartitionSet) -> pl.LazyFrame:
        """The rows that the step replaces, of all the table where it is not cut by the step."""
        there = self._scope.made.of(dataset)
        if dataset.steps is None:
            there &= unit
        if not there:
            return pl.LazyFrame(schema=polars_schema(dataset.schema))
        return self._scope.scan(dataset, there)

    def _wanted(
        self, read: Input, dataset: DatasetDefinition, unit: PartitionSet
    ) -> PartitionSet | None:
        """The partitions to read; None where an optional input has none."""
        now = self._scope.now
        wanted = reads(unit, up=dataset.partitioning, mapping=read.mapping, now=now)
        made = self._scope.made.of(dataset)
        if read.optional:
            return wanted & made or None
        missing = wanted - made
        if missing and isinstance(read.mapping, Has) and read.mapping.missing == "skip":
            return wanted & made
        if missing and (gone := self._scope.loans.gone.get(read.dataset)):
            raise gone
        if missing:
            shown = f"{missing.render()} was" if missing.dimensions else "nothing was"
            message = f"`{self._reader.name}` reads `{read.dataset}`, of which {shown} never made"
            is_ours = dataset.external is None
            hint = f"make it first: `flowforge run -s {read.dataset}`" if is_ours else _OUTSIDE
            raise InputMissingError(message, place=self._reader.place, hint=hint)
        return wanted

    def _frame(
        self, read: Input, dataset: DatasetDefinition, unit: PartitionSet, wanted: PartitionSet
    ) -> pl.LazyFrame:
        if not wanted:
            return pl.LazyFrame(schema=polars_schema(dataset.schema))
        if unit == self._batch:
            return self._scanned(dataset, wanted)
        source = self._sources.get(read.parameter)
        if source is None:
            source = self._source(read, dataset)
            self._sources[read.parameter] = source
        mine = is_in(wanted, dataset.schema)
        return source if mine is None else source.filter(mine)

    def _source(self, read: Input, dataset: DatasetDefinition) -> pl.LazyFrame:
        """What all units of the batch read, in memory where it is small."""
        now = self._scope.now
        read_set = reads(self._batch, up=dataset.partitioning, mapping=read.mapping, now=now)
        source = self._scanned(dataset, read_set & self._scope.made.of(dataset))
        if self._scope.made.rows(dataset) > _HELD_ROWS:
            return source
        with reading(self._scope.reader(dataset)):
            return source.collect().lazy()

    def _scanned(self, dataset: DatasetDefinition, wanted: PartitionSet) -> pl.LazyFrame:
        if self.taken is not None and any(
            read.dataset == dataset.key and read.form == "changes" for read in self._inputs
        ):
            at, where = self._pin(dataset).version, wanted if wanted.dimensions else None
            rows = self._scope.reader(dataset).scan(where, version=at)
            return self._sampled(dataset, rows.select(dataset.schema.names))
        handed = self._scope.handover.find(dataset.key, wanted)
        if handed is not None:
            self._note(dataset.key, handed[1])
            return self._sampled(dataset, handed[0].lazy())
        version = self._scope.reader(dataset).version()
        if version is not None:
            self._note(dataset.key, version)
        self._scanned_sets[dataset.key] = wanted
        rows = self._sampled(dataset, self._scope.scan(dataset, wanted))
        # of a view, whose rows nobody has counted, 0 are known
        if not (self._is_query and 0 < self._scope.made.rows(dataset) <= _FEW_ROWS):
            return rows
        # DuckDB would look at the lazy frame several times, and at the plan of each part
        with reading(self._scope.reader(dataset)):
            return rows.collect().lazy()

    def _sampled(self, dataset: DatasetDefinition, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows that an asset reads; a check sees them all."""
        sample = self._scope.samples.get(dataset.key)
        if sample is None or isinstance(self._reader, CheckDefinition):
            return rows
        return sample.of(rows)

    def refuse_damaged(self, cause: BaseException | None) -> None:
        """Reads again what was scanned, to learn whether a damaged file is the cause of a failure.

        Raises:
            StorageError: it is; the error names the dataset (FF-6xx).
        """
        for key, partitions in self._scanned_sets.items():
            dataset = self._scope.graph.datasets[key]
            table = self._scope.reader(dataset)
            if cause is None or as_storage_error(cause, key, table.uri) is None:
                continue
            with reading(table):
                for _ in self._scope.scan(dataset, partitions).collect_batches():
                    pass

    def _note(self, dataset: DatasetKey, version: TableVersion) -> None:
        known = self.versions.get(dataset)
        self.versions[dataset] = version if known is None else min(known, version)


def in_form(
    frame: pl.LazyFrame | None, form: FormName, dataset: DatasetDefinition
) -> object | None:
    """The rows as a parameter of that form takes them."""
    if frame is None or form in {"frame", "before", "changes"}:
        return frame
    table = frame.collect()
    match form:
        case "table":
            return table
        case "arrow":
            return table.to_arrow().to_reader()
        case "rows":
            return _rows(table, dataset)
        case _:
            msg = f"a table is not read as {form}"
            raise AssertionError(msg)


def _rows(table: pl.DataFrame, dataset: DatasetDefinition) -> Iterator[object]:
    """Row objects; their values were checked when they were written."""
    from flowforge_assets.declare.row import row_of  # pydantic: few assets read rows

    cls = dataset.cls
    assert cls is not None  # noqa: S101 - a parameter names a class
    for values in table.iter_rows():
        yield row_of(cls, values)


def key_arguments(
    asset: AssetDefinition, dataset: DatasetDefinition, unit: PartitionSet
) -> dict[str, object]:
    """The partition keys of the step, by parameter."""
    return {key.parameter: _key_argument(key, dataset, unit) for key in asset.keys}


def _key_argument(key: KeyParameter, dataset: DatasetDefinition, unit: PartitionSet) -> object:
    at = next(i for i, d in enumerate(unit.dimensions) if d.column == key.column)
    dimension = unit.dimensions[at]
    field = dataset.schema.find(key.column)
    is_naive = field is not None and field.type == Plain("timestamp_ntz")

    def value(ordinal: int | str) -> object:
        found = dimension.value(ordinal)
        return found.replace(tzinfo=None) if is_naive and isinstance(found, datetime) else found

    ordinals = dict.fromkeys(point[at] for point in unit.points())
    if key.is_set:
        return Partitions([value(ordinal) for ordinal in ordinals])  # type: ignore[type-var]  # keys of one kind
    return value(next(iter(ordinals)))
