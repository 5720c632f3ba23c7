"""What becomes of tables whose columns are declared anew: what a plan says of it, and refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias, TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.schema_change import SchemaChange, comments_of
from flowforge_assets.core.schema_diff import ColumnChange, SchemaDiff, schema_diff
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.errors.graph import BreakingChangeError
from flowforge_assets.errors.project import RebuildPartitionsError
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.stale import Asked
from flowforge_assets.plan.step import Kept, Step
from flowforge_assets.plan.table_change import Answer, TableChange, loses_columns_alone
from flowforge_assets.record.history import History

NewestColumns: TypeAlias = Callable[[DatasetKey], SchemaChange | None]
Diffs: TypeAlias = Mapping[DatasetKey, SchemaDiff]
T = TypeVar("T", Step, Kept)


def column_diffs(
    graph: Graph, history: History, ids: Iterable[DatasetKey], newest: NewestColumns
) -> dict[DatasetKey, SchemaDiff]:
    """What became of the columns of tables that the assets `ids` make or read.

    Of those that are not there nothing did; what a job writes in place is for the job. Costs one
    look at the newest columns of each table.
    """
    there = history.datasets()
    found: dict[DatasetKey, SchemaDiff] = {}
    for key in _touched(graph, ids):
        if key not in there or not _is_table_of_ours(graph, key):
            continue
        dataset, had = graph.datasets[key], newest(key)
        if had is None:
            continue
        diff = diff_of(dataset, had)
        if dataset.steps is None and key in history.recut:
            diff = SchemaDiff((*diff.changes, ColumnChange("partitioning", "")))
        if diff.changes:
            found[key] = diff
    return found


def diff_of(dataset: DatasetDefinition, had: SchemaChange) -> SchemaDiff:
    """What became of a dataset's columns since those that it `had`."""
    docs = {column.field.name: column.doc for column in dataset.columns}
    return schema_diff(
        had.columns,
        dataset.schema,
        renames=dataset.renames,
        keeps_extra=dataset.extra == "keep",
        fixed={dimension.column for dimension in dataset.partitioning.dimensions},
        comments=(had.comments, comments_of(docs)),
    )


def with_emptied(asked: Asked, graph: Graph, diffs: Diffs) -> Asked:
    """What is asked for, with the assets whose tables must be emptied where that is allowed.

    Raises:
        RebuildPartitionsError: of one some partitions are asked for alone (FF-837).
    """
    if not asked.allow_breaking:
        return asked
    emptied: set[DatasetKey] = set()
    for key, diff in diffs.items():
        asset = graph.assets[graph.maker[key]]
        if asset.id not in asked.assets or asset.write == "view":
            continue
        is_whole = not asset.keeps_history and asset.id not in asked.partitions
        broken = diff.breaking(is_remade=is_whole)
        if not broken or loses_columns_alone(broken):
            continue
        if asset.id in asked.partitions:
            message = f"`{key}` is emptied for its new columns, so all of its partitions are made"
            raise RebuildPartitionsError(message, hint="leave `-p` out")
        emptied.add(asset.id)
    return replace(asked, emptied=frozenset(emptied))


def with_changes(
    plan: Plan,
    graph: Graph,
    history: History,
    *,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    asked: Asked,
    diffs: Diffs,
) -> Plan:
    """The plan with what it does about tables whose columns are others now.

    Steps that are made for another declaration say which columns it is about. `fingerprints` are
    today's of what is asked for.
    """
    if not diffs:
        return plan
    changes = _table_changes(
        graph, history, plan.steps, fingerprints=fingerprints, asked=asked, diffs=diffs
    )
    columns = {change.dataset: change.columns for change in changes}
    return replace(
        plan,
        changes=changes,
        steps=tuple(_telling(step, step.makes, columns) for step in plan.steps),
        kept=tuple(
            _telling(kept, [o.dataset for o in graph.assets[kept.asset].makes], columns)
            for kept in plan.kept
        ),
    )


def _telling(what: T, makes: Iterable[DatasetKey], columns: Mapping[DatasetKey, str]) -> T:
    """The step, or what is kept, with the columns in its detail."""
    said = "; ".join(columns[key] for key in makes if key in columns)
    if not said or what.reason != "schema":
        return what
    return replace(what, detail=f"{what.detail}: {said}")


def _table_changes(
    graph: Graph,
    history: History,
    steps: tuple[Step, ...],
    *,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    asked: Asked,
    diffs: Diffs,
) -> tuple[TableChange, ...]:
    """What a run of `steps` does about `diffs`, in the order of the keys."""
    made = {key for step in steps for key in step.makes}
    found: list[TableChange] = []
    for key in sorted(diffs):
        older = list(_older(graph, history, key, fingerprints))
        # what was made to today's declaration lacks nothing that it must have
        diff = diffs[key] if older else _without_loosened(diffs[key])
        if not diff.changes:
            continue
        is_remade = _are_remade(graph, key, older, steps)
        change = diff.change_class(is_remade=is_remade)
        found.append(
            TableChange(
                dataset=key,
                diff=diff,
                change=change,
                answer=_answer(graph, key, diff, asked, is_remade=is_remade),
                readers=tuple(_readers(graph, key)),
                rows=sum(piece.rows for piece in history.lookup(key)),
                place=graph.datasets[key].place,
                is_made=key in made,
            )
        )
    return tuple(found)


def refusals(
    graph: Graph, steps: Iterable[Step], changes: Iterable[TableChange]
) -> Iterator[BreakingChangeError]:
    """An error for each table that a run of `steps` cannot write or read as it is declared."""
    touched = set(_touched(graph, (step.asset_id for step in steps)))
    for change in changes:
        if change.answer == "refused" and change.dataset in touched:
            yield change.error()


def _answer(
    graph: Graph, key: DatasetKey, diff: SchemaDiff, asked: Asked, *, is_remade: bool
) -> Answer:
    asset = graph.assets[graph.maker[key]]
    broken = diff.breaking(is_remade=is_remade)
    if asset.id in asked.emptied or (asked.rebuild and asset.keeps_history):
        return "emptied" if asset.id in asked.assets else "refused"
    if broken:
        if not asked.allow_breaking:
            return "refused"
        if asset.write == "view":
            return "remade"
        return "dropped" if loses_columns_alone(broken) else "refused"
    if asset.write == "view" or (is_remade and (diff.rewrites or diff.loosened)):
        return "remade" if not asset.keeps_history else "rewritten"
    return "rewritten" if diff.rewrites else "taken"


def _without_loosened(diff: SchemaDiff) -> SchemaDiff:
    return SchemaDiff(tuple(e for e in diff.changes if e.column not in diff.loosened))


def _touched(graph: Graph, ids: Iterable[DatasetKey]) -> dict[DatasetKey, None]:
    """What the assets make and read, each once."""
    found: dict[DatasetKey, None] = {}
    for id_ in ids:
        asset = graph.assets[id_]
        found |= dict.fromkeys(output.dataset for output in asset.makes)
        found |= dict.fromkeys(read.dataset for read in asset.inputs)
    return found


def _is_table_of_ours(graph: Graph, key: DatasetKey) -> bool:
    maker = graph.maker.get(key)
    return (
        maker is not None
        and graph.datasets[key].kind == "table"
        and not graph.assets[maker].in_place
    )


def _are_remade(
    graph: Graph, key: DatasetKey, older: Iterable[PartitionSet], steps: Iterable[Step]
) -> bool:
    """Whether none of the rows that were made to an `older` declaration stays."""
    asset = graph.assets[graph.maker[key]]
    if asset.keeps_history:
        return False
    rest = PartitionSet.none(graph.steps(asset).dimensions)
    for partitions in older:
        rest |= partitions
    for step in steps:
        if step.asset_id == asset.id and (not step.commits or key in step.commits):
            rest -= step.partitions
    return not rest


def _older(
    graph: Graph,
    history: History,
    key: DatasetKey,
    fingerprints: Mapping[DatasetKey, Fingerprint],
) -> Iterator[PartitionSet]:
    """The steps of a dataset that were made to another declaration than today's."""
    maker = graph.maker[key]
    today = fingerprints.get(maker)
    for piece in history.lookup(key):
        if today is None or piece.fingerprint.schema != today.schema:
            yield piece.partitions


def _readers(graph: Graph, key: DatasetKey) -> Iterator[str]:
    """The assets and checks that read a dataset, by name."""
    for asset in graph.assets.values():
        if any(read.dataset == key for read in asset.inputs):
            yield asset.name
    for checks in graph.checks.values():
        for check in checks:
            if any(read.dataset == key for read in check.inputs):
                yield check.name
