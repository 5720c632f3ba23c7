"""A table or an artifact put back to an older version, by one commit that the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event as StopSignal
from typing import Final

from flowforge_assets.core.event import Event
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.errors.past import NotRestorableError
from flowforge_assets.errors.storage import NoTableError
from flowforge_assets.execute.as_of import own_log, version_wanted
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.session import Session, begun
from flowforge_assets.execute.state import OpenStore, ask_tables
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import Step
from flowforge_assets.record.history import History
from flowforge_assets.record.run import RunCounts, RunStatus, StepRecord
from flowforge_assets.storage.past import Version, touched_since
from flowforge_assets.storage.store import NO_TABLE, Artifacts, Table

_NO_CODE: Final = Fingerprint(0, "", "", "", "")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: `version` is the new one, `touched` the partitions that are others."""

    key: DatasetKey
    version: int
    of: Version
    touched: PartitionSet


def older_version(
    graph: Graph, store: OpenStore, dataset: DatasetDefinition, when: int | datetime
) -> tuple[Version, PartitionSet | None]:
    """The version that is meant, and the partitions that were changed since, where that is known.

    Raises:
        NotRestorableError: nothing is stored of such a dataset here (FF-671).
        NoTableError: it was never made (FF-602).
        NoVersionError: it has no such version, or it is no longer kept (FF-603).
    """
    _maker(graph, dataset)
    log = _log(store, dataset)
    versions = log.versions()
    found = version_wanted(log, when, dataset.key)
    if found.version == versions[-1].version:
        message = f"`{dataset.key}` is at version {found.version}: there is nothing to restore"
        hint = "name an older version, or make it again: `flowforge run --force`"
        raise NotRestorableError(message, place=dataset.place, hint=hint)
    return found, touched_since(versions, found.version, dataset.partitioning.dimensions)


def restore(session: Session, dataset: DatasetDefinition, version: int) -> Restored:
    """Puts what the dataset held at `version` in the place of what it holds.

    Steps count as made as they did then, so that a plan says what is to be made since. Waits while
    a run makes that dataset.

    Raises:
        StorageError: it cannot be restored (FF-602, FF-603, FF-671), or written (FF-6xx).
    """
    asset = _maker(session.graph, dataset)
    step = Step(
        id=f"restore {dataset.key}",
        asset_id=asset.id,
        asset=asset.name,
        makes=(dataset.key,),
        partitions=PartitionSet.none(session.graph.steps(asset).dimensions),
        reason="restored",
        detail=f"restored to version {version}",
    )

    def only_this(history: History) -> Plan:
        found = session.plan(history)
        used = {asset.id: found.fingerprints.get(asset.id, _NO_CODE)}
        return replace(
            found, steps=(step,), fresh=(), waiting=(), kept=(), fingerprints=used, changes=()
        )

    quiet = replace(
        session,
        plan=only_this,
        check=_trusted,
        selection=f"restore {dataset.key} to version {version}",
    )
    with begun(quiet, on_event=_silent, stop=StopSignal()) as run:
        try:
            done = _restored(run, step, dataset, version)
        except BaseException:
            _end(run, RunCounts(failed=1))
            raise
        _end(run, RunCounts(made=1))
    return done


def _restored(run: LocalRun, step: Step, dataset: DatasetDefinition, version: int) -> Restored:
    scope = run.scope
    log = _log(scope.open_store, dataset)
    of = version_wanted(log, version, dataset.key)
    made = Made(
        dataset=dataset.key,
        partitions=step.partitions,
        asset=step.asset,
        run_id=scope.run_id,
        step_id=f"{scope.run_id}/{step.id}",
        fingerprint=_NO_CODE,
        inputs={},
        at=scope.clock(),
        rows=0,
        table=NO_TABLE,
    )
    done = log.restore(of.version, made)
    ask_tables(run.ledger, scope.graph, scope.open_store, [dataset.key])
    record = StepRecord(
        run_id=scope.run_id,
        step_id=step.id,
        asset=step.asset,
        makes=step.makes,
        partitions=step.partitions,
        reason="restored",
        status="made",
        started_at=made.at,
        seconds=(scope.clock() - made.at).total_seconds(),
    )
    run.ledger.record_made(record, [])
    return Restored(dataset.key, done.table.version, of, done.changed)


def _maker(graph: Graph, dataset: DatasetDefinition) -> AssetDefinition:
    maker = graph.maker.get(dataset.key)
    asset = None if maker is None else graph.assets[maker]
    why = ""
    if asset is None or dataset.external is not None:
        why = "someone else makes it"
    elif asset.write == "view":
        why = "a view stores no rows: restore what it reads"
    if asset is None or why:
        message = f"`{dataset.key}` cannot be restored: {why}"
        hint = "it is restored where it is made"
        raise NotRestorableError(message, place=dataset.place, hint=hint)
    return asset


def _log(store: OpenStore, dataset: DatasetDefinition) -> Table | Artifacts:
    log = own_log(store, dataset)
    if log.version() is None:
        hint = f"make it: `flowforge run -s {dataset.key}`"
        raise NoTableError(f"`{dataset.key}` was never made", hint=hint)
    return log


def _trusted(_: Plan) -> None:
    """Lets any code pass: none of it runs."""


def _silent(event: Event) -> None:
    """Says nothing: there are no steps to tell of."""


def _end(run: LocalRun, counts: RunCounts) -> None:
    status: RunStatus = "failed" if counts.failed else "succeeded"
    run.ledger.end_run(run.scope.run_id, status, counts, clock=run.scope.clock)
