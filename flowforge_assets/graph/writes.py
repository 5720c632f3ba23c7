"""Whether each asset's way of writing fits what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from flowforge_assets.core.partition import Dimension, Partitioning
from flowforge_assets.core.schema import DataType, DecimalType, Plain
from flowforge_assets.declare.asset import Write
from flowforge_assets.declare.column import Writer
from flowforge_assets.declare.definition import (
    AssetDefinition,
    ColumnDefinition,
    DatasetDefinition,
)
from flowforge_assets.errors.base import FlowForgeError, did_you_mean
from flowforge_assets.errors.graph import (
    MergeColumnError,
    MergeOptionError,
    StepCoverError,
    ViewFormError,
    WriteKeyError,
    WriterColumnError,
)
from flowforge_assets.graph.build import Graph
from flowforge_assets.graph.incremental import changes_problems

_KEYED: Final[frozenset[Write]] = frozenset({"merge", "insert", "scd2"})
_WRITERS: Final[dict[Write, tuple[Writer, ...]]] = {
    "scd2": ("valid_from", "valid_to"),
    "snapshot": ("valid_from",),
}
"""The columns that a way of writing cannot do without."""
_MAY: Final[dict[Write, tuple[Writer, ...]]] = {
    "scd2": ("valid_from", "valid_to", "current"),
    "snapshot": ("valid_from",),
}
_TYPES: Final[dict[Writer, tuple[DataType, ...]]] = {
    "valid_from": (Plain("timestamp"), Plain("timestamp_ntz"), Plain("date")),
    "valid_to": (Plain("timestamp"), Plain("timestamp_ntz"), Plain("date")),
    "current": (Plain("bool"),),
}
_PYTHON: Final[dict[Writer, str]] = {
    "valid_from": "Col[datetime] = col(valid_from=True)",
    "valid_to": "Col[datetime | None] = col(valid_to=True)",
    "current": "Col[bool] = col(current=True)",
}
_COMPARED: Final = frozenset(
    {"int8", "int16", "int32", "int64", "float32", "float64"}
    | {"string", "date", "timestamp", "timestamp_ntz"}
)
_LENGTHS: Final = {"hour": 1, "day": 2, "week": 3, "month": 4}


def write_problems(graph: Graph) -> Iterator[FlowForgeError]:
    """An error for each asset that cannot write what it makes in the way that it says."""
    for asset in graph.assets.values():
        for output in asset.makes:
            dataset = graph.datasets[output.dataset]
            if dataset.kind == "table":
                yield from _keys(asset, dataset)
                yield from _writer_columns(asset, dataset)
                yield from _merge_columns(asset, dataset)
            yield from _cover(asset, dataset)
            yield from _states(asset, dataset)
        yield from _merge_options(asset)
        if asset.write == "view":
            yield from _view(asset)
    yield from changes_problems(graph)


def _keys(asset: AssetDefinition, dataset: DatasetDefinition) -> Iterator[FlowForgeError]:
    if asset.write in _KEYED and not dataset.key_columns:
        message = f"`{asset.name}` writes by key (`{asset.write}`), and `{dataset.key}` has none"
        hint = "declare what tells its rows apart: `order_id: Col[int] = key()`"
        if dataset.cls is None:
            hint = 'say what tells its rows apart in the header: `key = ["order_id"]`'
        yield WriteKeyError(message, place=asset.place, hint=hint)


def _writer_columns(asset: AssetDefinition, dataset: DatasetDefinition) -> Iterator[FlowForgeError]:
    for needed in _WRITERS.get(asset.write, ()):
        if dataset.written_by(needed) is None:
            message = f"`{asset.name}` writes `{asset.write}`, which needs a `{needed}` column"
            hint = f"declare one in `{dataset.key}`: `since: {_PYTHON[needed]}`"
            if dataset.cls is None:
                hint = f'say one in the header: `columns.since = {{ writer = "{needed}" }}`'
            yield WriterColumnError(message, place=asset.place, hint=hint)
    seen: set[Writer] = set()
    written: list[tuple[ColumnDefinition, Writer]] = [
        (column, column.writer) for column in dataset.columns if column.writer is not None
    ]
    for column, writer in written:
        name, place = column.field.name, dataset.place
        if writer not in _MAY.get(asset.write, ()):
            message = f"`{dataset.key}.{name}` is made by a writer, and `{asset.name}` is none"
            hint = 'write it with `write="scd2"` or `"snapshot"`, or return the column'
            yield WriterColumnError(message, place=place, hint=hint)
        elif writer in seen:
            message = f"`{dataset.key}` has two `{writer}` columns"
            yield WriterColumnError(message, place=place, hint="leave one of them")
        elif column.field.type not in _TYPES[writer] or (
            column.field.nullable != (writer == "valid_to")
        ):
            message = f"`{dataset.key}.{name}` cannot hold what the writer puts there"
            hint = f"declare it `{name}: {_PYTHON[writer]}`"
            yield WriterColumnError(message, place=place, hint=hint)
        seen.add(writer)


def _merge_options(asset: AssetDefinition) -> Iterator[FlowForgeError]:
    """An error where `latest` or `deletes` would mean nothing."""
    told = {"latest": asset.latest, "deletes": asset.deletes}
    for option in [name for name, column in told.items() if column is not None]:
        why, hint = "", ""
        if asset.write != "merge":
            why = f'is for `write="merge"`, and it writes `{asset.write}`'
            hint = f'say `write="merge"`, or leave out `{option}`'
        elif asset.in_place:
            why, hint = "is not heeded by the job that writes in place", "let the job heed it"
        elif option == "deletes" and any(output.form == "rows" for output in asset.makes):
            why = "needs a column that rows of a class do not have"
            hint = "return a frame: `-> Frame[D]` or `Table[D]`"
        if why:
            message = f"`{option}` of `{asset.name}` {why}"
            yield MergeOptionError(message, place=asset.place, hint=hint)


def _merge_columns(asset: AssetDefinition, dataset: DatasetDefinition) -> Iterator[FlowForgeError]:
    """An error where `latest` or `deletes` names a column that it cannot be."""
    names = dataset.schema.names
    if asset.latest is not None and asset.write == "merge":
        column = next((c for c in dataset.columns if c.field.name == asset.latest), None)
        why = hint = ""
        if column is None:
            stored = {c.attribute: c.field.name for c in dataset.columns}.get(asset.latest)
            why = f"`{dataset.key}` does not store"
            near = f"its stored name is `{stored}`" if stored else did_you_mean(asset.latest, names)
            hint = near or "name the stored column that says how new a row is"
        elif column.is_key:
            why, hint = "is its key", "name the column that says how new a row is"
        elif not _can_be_compared(column.field.type):
            why = f"is {column.field.type}, and cannot tell an older row from a newer"
            hint = "name a time, a date, a number or a text"
        if why:
            message = f"`latest` of `{asset.name}` names `{asset.latest}`, which {why}"
            yield MergeColumnError(message, place=asset.place, hint=hint)
    if asset.deletes is not None and asset.deletes in names:
        message = (
            f"`deletes` of `{asset.name}` names `{asset.deletes}`, which `{dataset.key}` stores"
        )
        hint = "name a column that marks rows and is not declared: `_deleted`"
        yield MergeColumnError(message, place=asset.place, hint=hint)


def _can_be_compared(data_type: DataType) -> bool:
    return isinstance(data_type, DecimalType) or (
        isinstance(data_type, Plain) and data_type.name in _COMPARED
    )


def _cover(asset: AssetDefinition, dataset: DatasetDefinition) -> Iterator[FlowForgeError]:
    """An overwrite replaces whole partitions: each must lie in one step."""
    if asset.per is None or asset.write not in {"overwrite", "view"}:
        return
    why = _uncovered(dataset.partitioning, asset.per)
    if why:
        message = (
            f"the steps of `{asset.name}` do not cover the partitions of `{dataset.key}`: {why}"
        )
        hint = 'let a step hold whole partitions, or say `write="merge"` or `"append"`'
        yield StepCoverError(message, place=asset.place, hint=hint)


def _states(asset: AssetDefinition, dataset: DatasetDefinition) -> Iterator[FlowForgeError]:
    """An error where the states that steps bring could not be told from one another."""
    if asset.write not in _WRITERS:
        return
    steps = (dataset.partitioning if asset.per is None else asset.per).dimensions
    times = [step for step in steps if step.is_time]
    if asset.takes_sets and times:
        message = f"`{asset.name}` takes a set of keys, of which each is a time of its own"
        hint = (
            f"`{asset.write}` needs the time of each state: take one key, `{times[0].column}: ...`"
        )
        yield StepCoverError(message, place=asset.place, hint=hint)
    if asset.write != "snapshot":
        return
    for step in steps:
        if not step.is_time and dataset.schema.find(step.column) is None:
            message = (
                f"the steps of `{asset.name}` are cut by `{step.column}`, and no column of "
                f"`{dataset.key}` tells whose state a row is of"
            )
            hint = f"give `{dataset.key}` the column `{step.column}`: `{step.column}: Col[str]`"
            yield StepCoverError(message, place=asset.place, hint=hint)
    since = dataset.written_by("valid_from")
    field = None if since is None else dataset.schema.find(since)
    if field is not None and field.type == Plain("date") and times and times[0].kind == "hour":
        message = (
            f"`{dataset.key}.{field.name}` is a date, and `{asset.name}` has a state each hour"
        )
        hint = f"declare it `{field.name}: {_PYTHON['valid_from']}`"
        yield WriterColumnError(message, place=dataset.place, hint=hint)


def _uncovered(rows: Partitioning, steps: Partitioning) -> str:
    taken: set[str] = set()
    for step in steps.dimensions:
        row = next(filter(_fits(step, rows), rows.dimensions), None)
        if row is not None and row.column in taken:
            return f"`{row.column}` is cut by two dimensions of theirs"
        if row is None:
            return f"they are cut by `{step.column}`, the dataset is not"
        if step.is_time and (
            row.tz != step.tz or _LENGTHS[step.kind] < _LENGTHS[row.kind]
            or (row.kind, step.kind) == ("week", "month")
        ):  # fmt: skip
            return f"a {row.kind} of `{row.column}` lies in several steps, of one {step.kind} each"
        taken.add(row.column)
    return ""


def _fits(step: Dimension, rows: Partitioning) -> Callable[[Dimension], bool]:
    """Which dimension of the rows is restricted by one of the steps, as the planner has it."""
    only = sum(each.is_time for each in rows.dimensions) == 1

    def fits(row: Dimension) -> bool:
        if row.is_time != step.is_time:
            return False
        return row.column == step.column or (row.is_time and only)

    return fits


def _view(asset: AssetDefinition) -> Iterator[FlowForgeError]:
    why = ""
    if len(asset.makes) > 1:
        why = "it makes several datasets"
    elif asset.keys or asset.context is not None:
        why = "it asks for the keys of one step"
    elif asset.resources:
        why = "it asks for resources, which its readers may not have"
    elif not asset.inputs:
        why = "it reads nothing"
    elif any(read.form == "before" for read in asset.inputs):
        why = "it stores nothing that could be read as `Before`"
    elif asset.bad_rows == "quarantine":
        why = "its bad rows cannot be set aside"
    elif asset.per is not None:
        why = "it has no steps to cut"
    if why:
        message = f"`{asset.name}` cannot be a view: {why}"
        hint = "let it be written: leave out `write=`, or ask for frames only"
        yield ViewFormError(message, place=asset.place, hint=hint)
