"""One run from lease to end: see what a killed run left, plan, wait for others, make."""

from __future__ import annotations

import os
import socket
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event as StopSignal
from typing import TYPE_CHECKING

from flowforge_assets.core.clock import Clock
from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.core.uncollected import uncollected
from flowforge_assets.declare.definition import DatasetDefinition
from flowforge_assets.declare.resource import Resource
from flowforge_assets.errors.base import raise_all
from flowforge_assets.execute.handover import Handover
from flowforge_assets.execute.jobs import JobPlaces
from flowforge_assets.execute.lending import Loans
from flowforge_assets.execute.memory import MemoryShares, reserve_little
from flowforge_assets.execute.outside import Outside
from flowforge_assets.execute.resources import Resources, refuse_unset
from flowforge_assets.execute.run import LocalRun, RunResult
from flowforge_assets.execute.sample import samples
from flowforge_assets.execute.scope import MadeSets, RunScope
from flowforge_assets.execute.sql_step import SqlRunner
from flowforge_assets.execute.state import (
    OpenStore,
    read_history,
    read_tables,
    schemas_of_tables,
    settle,
)
from flowforge_assets.execute.turn import Ready, Turn
from flowforge_assets.execute.wanted import wanted_by
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.columns import refusals
from flowforge_assets.plan.plan import Plan
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.prefect_settings import PrefectSettings
from flowforge_assets.record.history import History
from flowforge_assets.record.jobs import JobLog
from flowforge_assets.record.lease import is_gone
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord, StepRecord, new_run_id
from flowforge_assets.storage.routed import Connected

if TYPE_CHECKING:
    import polars as pl


def _trusted(plan: Plan) -> None:
    """Lets any plan pass."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a run needs to begin: `plan` is called when its turn has come.

    `check` refuses a plan whose assets do not keep their promises, before anything is made.
    `outside` knows what is read from elsewhere; without it all is made here.
    `name` is that of the project, `root` its folder, where other processes can open it, and
    `prefect` how it runs through Prefect.
    """

    graph: Graph
    environment: Environment
    store: OpenStore
    clock: Clock
    plan: Callable[[History], Plan]
    selection: str = ""
    given: tuple[Resource, ...] = ()
    check: Callable[[Plan], object] = _trusted
    outside: Outside | None = None
    name: str = "flowforge"
    root: Path | None = None
    holds: frozenset[DatasetKey] = frozenset()
    prefect: PrefectSettings = field(default_factory=PrefectSettings)


def _view_rows(
    scope: RunScope, dataset: DatasetDefinition, partitions: PartitionSet | None
) -> pl.LazyFrame:
    from flowforge_assets.execute.views import (
        view_rows,  # polars: for a view that is read
    )

    return view_rows(scope, dataset, partitions)


def run_here(session: Session, *, on_event: OnEvent, stop: StopSignal) -> RunResult:
    """Plans and makes in this process, while no other run makes the same.

    Raises:
        FlowForgeError: it could not begin: lease, ledger or plan (FF-5xx).
        KeyboardInterrupt: it was interrupted, after the steps that were going on had ended.
    """
    with begun(session, on_event=on_event, stop=stop) as run:
        return run.run()


@contextmanager
def begun(session: Session, *, on_event: OnEvent, stop: StopSignal) -> Generator[LocalRun]:
    """A run whose turn has come: planned, begun in the ledger, with its resources."""
    environment = session.environment
    run_id = new_run_id(session.clock)
    reserve_little()

    def waiting(message: str) -> None:
        on_event(Event("waiting", run_id, message=message))

    turn = Turn(run_id, environment.folder, waiting, stop)
    with (
        _ledger(session, turn) as ledger,
        turn.of(ledger, partial(_look, session, ledger, run_id)) as (found, lease),
    ):
        plan = found.plan
        scope = scope_of(session, run_id, plan, found.history, stop, loans=found.loans)
        scope = replace(scope, still_mine=lease.check)
        try:
            workers = environment.config.workers
            yield LocalRun(scope, plan, ledger, workers=workers, on_event=on_event)
        finally:
            scope.jobs.close()
            scope.sql.close()
            scope.resources.close()
            leave_warehouse(session)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a run is to make, and what it was planned from."""

    plan: Plan
    history: History
    loans: Loans


@uncollected()
def _look(session: Session, ledger: Ledger, run_id: str) -> Ready[_Found]:
    """A plan by what was made up to now, that of runs that were killed too."""
    settle(ledger, session.graph, session.store, session.clock)
    own = read_history(ledger, session.graph, session.environment, session.store)
    loans = session.outside.loans(own) if session.outside else Loans()
    history = loans.added_to(own)
    plan = session.plan(history)
    raise_all(refusals(session.graph, plan.steps, plan.changes))
    session.check(plan)
    _refuse_unset(session, plan)
    return Ready(
        _Found(plan, history, loans),
        wanted_by(plan, session.graph, whole=session.holds),
        _record(session, run_id, plan),
        list(_planned(plan, run_id)),
    )


@contextmanager
def looked_at(session: Session, history: History) -> Generator[RunScope]:
    """What a run has at hand, for reading what is there; nothing is planned or made."""
    plan = Plan(session.environment.name, (), (), (), {})
    loans = session.outside.loans_to_read(history) if session.outside else Loans()
    run_id, stop = new_run_id(session.clock), StopSignal()
    scope = scope_of(session, run_id, plan, loans.added_to(history), stop, loans=loans)
    try:
        yield scope
    finally:
        scope.sql.close()
        scope.resources.close()


def leave_warehouse(session: Session) -> None:
    """Ends the connections to a warehouse, and drops what was loaded there for the run."""
    if session.environment.warehouse is not None:
        store = session.store()
        if isinstance(store, Connected):
            store.close()


def _refuse_unset(session: Session, plan: Plan) -> None:
    """Lets a plan pass whose assets have their resources in this environment (FF-808)."""
    environment = session.environment
    ids = dict.fromkeys(step.asset_id for step in plan.steps)
    settings = environment.config.resources
    refuse_unset(session.graph, ids, settings, env=environment.name, given=session.given)


def _ledger(session: Session, turn: Turn) -> Ledger:
    """The environment's ledger; one that is new is told what the tables say."""
    ledger = Ledger.open(session.environment.ledger)
    try:
        if ledger.is_unlearnt:
            turn.silence(as_long_as=lambda: ledger.is_unlearnt)
            schemas = schemas_of_tables(session.graph, session.store)
            tables = read_tables(session.graph, session.environment, session.store)
            ledger.learn([(key, made, schemas(key)) for key, made in tables])
    except BaseException:
        ledger.close()
        raise
    return ledger


def scope_of(
    session: Session,
    run_id: str,
    plan: Plan,
    history: History,
    stop: StopSignal,
    *,
    loans: Loans,
    now: datetime | None = None,
) -> RunScope:
    """What the steps of `plan` share; `now` is when the run began, by default this moment."""
    config = session.environment.config
    ids = dict.fromkeys(step.asset_id for step in plan.steps)
    memory = MemoryShares.of(
        config.memory_mb * 1_000_000,
        workers=config.workers,
        has_queries=any(session.graph.assets[id_].sql_path is not None for id_ in ids),
    )
    now = now or session.clock()
    return RunScope(
        env=session.environment.name,
        run_id=run_id,
        graph=session.graph,
        open_store=session.store,
        fingerprints=plan.fingerprints,
        made=MadeSets(
            session.graph,
            history,
            now,
            rebuilding=[k for s in plan.steps if s.reason == "rebuild" for k in s.makes],
        ),
        handover=Handover(memory.frames, steps=memory.steps),
        resources=Resources(config.resources, given=session.given),
        sql=SqlRunner(
            workers=config.workers,
            memory_bytes=memory.queries or None,
            spill=session.environment.folder / "spill" / run_id,
            cache=session.environment.cache_folder / "sql.json",
        ),
        now=now,
        clock=session.clock,
        view=_view_rows,
        is_over=partial(_is_over, session.environment, run_id),
        readers=_readers(session.graph, ids),
        loans=loans,
        samples=samples(session.graph, config.sample, session.graph.assets, loans.elsewhere),
        observed=plan.observed,
        changes={change.dataset: change for change in plan.changes},
        jobs=JobPlaces(
            JobLog(session.environment.ledger),
            session.environment.folder,
            session.clock,
            stop,
        ),
        stop=stop,
    )


def _is_over(environment: Environment, mine: str, run_id: str) -> bool:
    """Whether that is another run of this environment, which has ended or is dead."""
    if run_id == mine:
        return False
    with Ledger.open(environment.ledger) as ledger:
        is_known = ledger.find_run(run_id) is not None
        return is_known and not ledger.leases.is_live(run_id, is_gone=is_gone)


def _readers(graph: Graph, ids: Iterable[DatasetKey]) -> Counter[DatasetKey]:
    """How many of the assets `ids` read each dataset."""
    return Counter(
        dataset for id_ in ids for dataset in {read.dataset for read in graph.assets[id_].inputs}
    )


def _record(session: Session, run_id: str, plan: Plan) -> RunRecord:
    return RunRecord(
        run_id=run_id,
        started_at=session.clock(),
        env=session.environment.name,
        selection=session.selection,
        plan_hash=plan.digest,
        pid=os.getpid(),
        host=socket.gethostname(),
    )


def _planned(plan: Plan, run_id: str) -> Iterator[StepRecord]:
    for step in plan.steps:
        yield StepRecord(
            run_id=run_id,
            step_id=step.id,
            asset=step.asset,
            makes=step.makes,
            partitions=step.partitions,
            reason=step.reason,
        )
