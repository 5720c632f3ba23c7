"""A table that is there already, taken as made: compared with its declaration, then recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Event as StopSignal

import polars as pl

from flowforge_assets.core.conform import differences
from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.result import Finding
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.adoption import NotAdoptableError, TableUnfitError
from flowforge_assets.errors.base import raise_all
from flowforge_assets.errors.storage import NoTableError
from flowforge_assets.execute.judge import Judge
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.session import Session, begun
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.quality.verdict import refusals
from flowforge_assets.record.history import History
from flowforge_assets.record.run import RunCounts, RunStatus, StepRecord
from flowforge_assets.storage.failure import reading
from flowforge_assets.storage.partition_values import partitions_of
from flowforge_assets.storage.past import touched_since
from flowforge_assets.storage.store import NO_TABLE, Table


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was taken as made: `partitions` of the dataset hold rows, `rows` in all.

    `outside` hold rows too, and are not among those that the dataset declares. `warnings` is what
    checks that do not block have found.
    """

    key: DatasetKey
    version: int
    partitions: PartitionSet
    outside: PartitionSet
    rows: int
    warnings: tuple[Finding, ...] = ()


def adopt(
    session: Session,
    dataset: DatasetDefinition,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    *,
    check: bool = True,
) -> Adopted:
    """Records that the dataset's table was made as its asset would make it now; moves no row.

    `fingerprints` has that of the dataset's asset. With `check` its rows are held against rules
    and checks by one scan. Waits while a run makes that dataset.

    Raises:
        NoTableError: no table is in the dataset's place (FF-602).
        NotAdoptableError: nothing is stored for such a dataset, or nothing that counts (FF-825).
        TableUnfitError: it has other columns than are declared (FF-824).
        RulesBrokenError, CheckFailedError: its rows are not as is promised (FF-710, FF-712).
    """
    asset = maker_of(session.graph, dataset)

    def nothing(history: History) -> Plan:
        return replace(
            session.plan(history),
            steps=(), fresh=(), waiting=(), kept=(), fingerprints=fingerprints,
        )  # fmt: skip

    quiet = replace(
        session, plan=nothing, selection=f"adopt {dataset.key}", holds=frozenset({asset.id})
    )
    with begun(quiet, on_event=_silent, stop=StopSignal()) as run:
        try:
            adopted = _adopted(run, asset, dataset, check=check)
        except BaseException:
            _end(run, RunCounts(failed=1))
            raise
        _end(run, RunCounts(made=1))
    return adopted


def _silent(event: Event) -> None:
    """Says nothing: there are no steps to tell of."""


def maker_of(graph: Graph, dataset: DatasetDefinition) -> AssetDefinition:
    """The asset that makes a dataset which can be adopted.

    Raises:
        NotAdoptableError: nothing is stored for such a dataset, or not by us (FF-825).
    """
    maker = graph.maker.get(dataset.key)
    asset = None if maker is None else graph.assets[maker]
    why = ""
    if asset is None or dataset.external is not None:
        why = "someone else makes it, so it needs no adoption"
    elif dataset.kind == "artifact":
        why = "an artifact is a file, which its asset must make"
    elif asset.write == "view":
        why = "a view stores no rows"
    if asset is None or why:
        raise NotAdoptableError(f"`{dataset.key}` cannot be adopted: {why}", place=dataset.place)
    return asset


def _adopted(
    run: LocalRun, asset: AssetDefinition, dataset: DatasetDefinition, *, check: bool
) -> Adopted:
    scope = run.scope
    table = scope.table(dataset)
    base = table.version()
    if base is None:
        where = table.uri.removeprefix("file://")
        hint = f"a table must lie at `{where}` before it is adopted: Delta, not files alone"
        raise NoTableError(f"`{dataset.key}` has no table yet", hint=hint)
    _refuse_unlike(table, dataset)
    with reading(table):
        held = partitions_of(table.scan(), dataset.partitioning.dimensions)
        _refuse_lost(table.scan(), dataset)
    if not dataset.partitioning.dimensions:
        held = dataset.partitioning.all(scope.now)
    declared = held & dataset.partitioning.all(scope.now)
    if not declared:
        message = f"no row of `{dataset.key}` lies in a partition that it declares"
        hint = f"its partitions are {dataset.partitioning}"
        raise NotAdoptableError(message, place=dataset.place, hint=hint)
    count, warnings = _judged(scope, asset, dataset, declared) if check else (None, ())
    if count is None:
        count = _count(table, declared)
    made = _made(run, asset, dataset, declared, rows=count, base=base)
    committed = table.record(made, base=base)
    step = StepRecord(
        run_id=scope.run_id,
        step_id=made.step_id,
        asset=asset.name,
        makes=(dataset.key,),
        partitions=made.partitions,
        reason="adopted",
        status="made",
        started_at=made.at,
        seconds=(scope.clock() - made.at).total_seconds(),
        rows=count,
    )
    run.ledger.record_made(step, [committed])
    return Adopted(dataset.key, committed.table.version, declared, held - declared, count, warnings)


def _refuse_unlike(table: Table, dataset: DatasetDefinition) -> None:
    found = table.columns()
    assert found is not None  # noqa: S101 - the table has a version
    unlike = [
        each
        for each in differences(found, dataset.schema)
        if each.promised is not None or dataset.extra != "keep"
    ]
    if unlike:
        said = "\n".join(map(str, unlike))
        message = f"the table of `{dataset.key}` has other columns than it declares\n{said}"
        hint = f"declare what is there (`flowforge infer {table.uri.removeprefix('file://')}`)"
        raise TableUnfitError(message, place=dataset.place, hint=hint)


def _refuse_lost(rows: pl.LazyFrame, dataset: DatasetDefinition) -> None:
    """Refuses rows that no partition holds: nothing would ever replace them."""
    columns = [dimension.column for dimension in dataset.partitioning.dimensions]
    if not columns:
        return
    lost = rows.filter(pl.any_horizontal(pl.col(columns).is_null())).select(pl.len())
    count = lost.collect().item()
    if count:
        named = ", ".join(f"`{column}`" for column in columns)
        message = f"{count:,} rows of `{dataset.key}` have no value in {named}"
        hint = "a row lies in a partition by those columns: fill them, or remove the rows"
        raise NotAdoptableError(message, place=dataset.place, hint=hint)


def _judged(
    scope: RunScope, asset: AssetDefinition, dataset: DatasetDefinition, held: PartitionSet
) -> tuple[int, tuple[Finding, ...]]:
    """How many rows there are, and what checks that do not block have found in them."""
    # as if all of the table were written anew, whatever way its asset writes
    whole = replace(asset, write="overwrite")
    judge = Judge(scope, whole, replace(dataset, steps=None), held)
    table = scope.table(dataset)
    with reading(table):
        examination = judge.examine(table.scan(held).select(dataset.schema.names))
    hint = (
        "nothing was recorded: `adopt` takes a table as it is, so remove the bad rows from it, or "
        "trust them with `--no-check`"
    )
    raise_all(refusals(examination, dataset.key, place=dataset.place, hint=hint))
    return examination.rows, examination.warnings


def _count(table: Table, held: PartitionSet) -> int:
    with reading(table):
        return int(table.scan(held).select(pl.len()).collect().item())


def _made(
    run: LocalRun,
    asset: AssetDefinition,
    dataset: DatasetDefinition,
    held: PartitionSet,
    *,
    rows: int,
    base: TableVersion,
) -> Made:
    """The record: all steps up to now where they are cut apart from the rows, else those held.

    Partitions whose rows were recorded before are as they were: their readers have seen them. Not
    so where someone else has written since: then nothing that was recorded counts any more.
    """
    scope = run.scope
    recorded = scope.made.newest(dataset.key)
    restarts = recorded is not None and recorded != base
    if restarts and recorded is not None and recorded.table_id == base.table_id:
        told = scope.table(dataset).versions()
        since = touched_since(told, recorded.version, dataset.partitioning.dimensions)
        restarts = since is None or bool(since)  # upkeep changes no row
    seen = PartitionSet.none(held.dimensions) if restarts else scope.made.of(dataset)
    steps = held if dataset.steps is None else dataset.steps.all(scope.now)
    versions = {read.dataset: scope.made.newest(read.dataset) for read in asset.inputs}
    return Made(
        dataset=dataset.key,
        partitions=steps,
        asset=asset.name,
        run_id=scope.run_id,
        step_id=f"{scope.run_id} adopt {dataset.key}",
        fingerprint=scope.fingerprints[asset.id],
        inputs={key: version for key, version in versions.items() if version is not None},
        at=scope.clock(),
        rows=rows,
        table=NO_TABLE,
        touched=held - seen if seen or dataset.steps is not None else None,
        restart=restarts,
        source=run.plan.observed.get(asset.id, ""),
    )


def _end(run: LocalRun, counts: RunCounts) -> None:
    status: RunStatus = "failed" if counts.failed else "succeeded"
    run.ledger.end_run(run.scope.run_id, status, counts, clock=run.scope.clock)
