"""Loads what a step reads, in the form that its parameters ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

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
from flowforge_assets.declare.mapping import Has
from flowforge_assets.declare.partitions import Partitions
from flowforge_assets.errors.run import InputMissingError
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.plan.partition_map import reads


@dataclass(frozen=True, slots=True)
class Loaded:
    """The frames by parameter (None: not there, and the reader allows it), and their versions."""

    frames: Mapping[str, pl.LazyFrame | None]
    versions: Mapping[DatasetKey, TableVersion]


Reader: TypeAlias = AssetDefinition | CheckDefinition


def load(scope: RunScope, reader: Reader, inputs: Iterable[Input], unit: PartitionSet) -> Loaded:
    """The `inputs` of one step of `reader`. Costs no scan: frames are lazy, or were handed over in memory.

    The version that is noted is never newer than the rows read, so that a commit by someone else
    in between makes the step stale rather than lost.

    Raises:
        InputMissingError: partitions that it must have were never made (FF-703).
    """
    frames: dict[str, pl.LazyFrame | None] = {}
    versions: dict[DatasetKey, TableVersion] = {}
    for read in inputs:
        dataset = scope.graph.datasets[read.dataset]
        wanted = _wanted(scope, reader, read, dataset, unit)
        if wanted is None:
            frames[read.parameter] = None
            version = scope.table(dataset).version()
        else:
            frames[read.parameter], version = _frame(scope, dataset, wanted)
        if version is not None:
            known = versions.get(read.dataset)
            versions[read.dataset] = version if known is None else min(known, version)
    return Loaded(frames, versions)


def _wanted(
    scope: RunScope,
    reader: Reader,
    read: Input,
    dataset: DatasetDefinition,
    unit: PartitionSet,
) -> PartitionSet | None:
    """The partitions to read; None where an optional input has none."""
    wanted = reads(unit, up=dataset.partitioning, mapping=read.mapping, now=scope.now)
    made = scope.made.of(dataset)
    missing = wanted - made
    if read.optional:
        return wanted & made or None
    if missing and isinstance(read.mapping, Has) and read.mapping.missing == "skip":
        return wanted & made
    if missing:
        message = f"`{reader.name}` reads `{read.dataset}`, of which {_shown(missing)} never made"
        hint = f"make it first: `flowforge run -s {read.dataset}`"
        raise InputMissingError(message, place=reader.place, hint=hint)
    return wanted


def _shown(missing: PartitionSet) -> str:
    return f"{missing.render()} was" if missing.dimensions else "nothing was"


def _frame(
    scope: RunScope, dataset: DatasetDefinition, wanted: PartitionSet
) -> tuple[pl.LazyFrame, TableVersion | None]:
    handed = scope.handover.find(dataset.key, wanted)
    if handed is not None:
        return handed[0].lazy(), handed[1]
    table = scope.table(dataset)
    version = table.version()
    if not wanted:
        return pl.LazyFrame(schema=polars_schema(dataset.schema)), version
    return table.scan(wanted if wanted.dimensions else None), version


def in_form(
    frame: pl.LazyFrame | None, form: FormName, dataset: DatasetDefinition
) -> object | None:
    """The rows as a parameter of that form takes them."""
    if frame is None or form == "frame":
        return frame
    table = frame.collect()
    match form:
        case "table":
            return table
        case "arrow":
            return table.to_arrow().to_reader()
        case "rows":
            return _rows(table, dataset)


def _rows(table: pl.DataFrame, dataset: DatasetDefinition) -> Iterator[object]:
    """Row objects; their values were checked when they were written."""
    cls = dataset.cls
    assert cls is not None  # noqa: S101 - a parameter names a class
    attributes = [column.attribute for column in dataset.columns]
    for values in table.iter_rows():
        row = object.__new__(cls)
        row.__dict__.update(zip(attributes, values, strict=True))
        yield row


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
