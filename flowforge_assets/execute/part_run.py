"""Makes a part of a run in a worker's process: the other end of `execute/part.py`.

It opens project, store and ledger there, makes the steps by the same executor as any run, and
records them under the run's id. It takes no lease: the process that began the run holds it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from threading import Event as StopSignal
from threading import Lock
from typing import Final

from flowforge_assets.core.clock import utc_now
from flowforge_assets.core.event import Event
from flowforge_assets.core.made import Made
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.part import OtherProjectError
from flowforge_assets.execute.lending import Loans
from flowforge_assets.execute.memory import reserve_little
from flowforge_assets.execute.observe import Observed
from flowforge_assets.execute.outcome import UnitOutcome
from flowforge_assets.execute.outside import Outside
from flowforge_assets.execute.part import Part, ProjectRef, looked_at, version_here
from flowforge_assets.execute.renames import made_of
from flowforge_assets.execute.resume import lacking
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.schedule import Schedule
from flowforge_assets.execute.scope import RunScope
from flowforge_assets.execute.session import Session, leave_warehouse, scope_of
from flowforge_assets.execute.spec import log_of
from flowforge_assets.execute.state import read_history
from flowforge_assets.execute.tally import Tally
from flowforge_assets.graph.build import Graph
from flowforge_assets.plan.load import in_warehouse, load_graph
from flowforge_assets.plan.plan import Plan
from flowforge_assets.plan.step import Step
from flowforge_assets.project.config import ProjectConfig, read_config
from flowforge_assets.project.environment import Environment
from flowforge_assets.project.foreign import import_foreign
from flowforge_assets.project.modules import import_modules
from flowforge_assets.record.history import History
from flowforge_assets.record.lease import Lease
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import StepRecord, StepStatus

_WORKERS: Final = 1  # how many parts go on at once is for the cluster to say
_LOADING: Final = Lock()  # a worker may have threads, and importing a project is for one of them


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of units of a step, as `LocalRun.on_outcome` hears it."""

    step_id: str
    status: StepStatus
    units: tuple[UnitOutcome, ...]
    commits: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class PartResult:
    """What became of a part: its tally, what was said, and the outcomes of its steps.

    `error` is set when it could not begin, or ended early.
    """

    tally: Tally
    events: Sequence[Event] = ()
    outcomes: Sequence[Outcome] = ()
    error: FlowForgeError | None = None

    @property
    def commits(self) -> list[Made]:
        """The commits of the run to its datasets, those before a worker died among them."""
        return [made for outcome in self.outcomes for made in outcome.commits]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A project in a worker's process."""

    config: ProjectConfig
    environment: Environment
    graph: Graph
    modules: frozenset[str]


def run_part(part: Part) -> PartResult:
    """Makes what is left of the part; a second call makes nothing twice."""
    try:
        with _LOADING:
            opened = _opened(part.ref, part.run_id)
        _refuse_other(opened, part)
        return _made(opened, part)
    except FlowForgeError as error:
        return PartResult(Tally(), error=error)


@lru_cache(maxsize=1)
def _opened(ref: ProjectRef, _run_id: str, /) -> _Opened:
    """The project; it is imported once a run, and afresh for the next where its files changed."""
    config = read_config(ref.root)
    environment = replace(Environment.of(config, ref.env, kept=ref.kept), root=ref.home)
    foreign = import_foreign(config, environment.cache_folder)
    modules = import_modules(config.root, config.modules)
    graph = load_graph(config, environment, modules, foreign)
    return _Opened(config, in_warehouse(environment, graph), graph, frozenset(modules))


def _refuse_other(opened: _Opened, part: Part) -> None:
    """Passes where the worker's code is that with which the run was planned (FF-765)."""
    hint = "give all workers the same folder, bundle or image; start anew those that hold another"
    if part.version != version_here():
        message = (
            f"the worker has FlowForge {version_here()}, the run was planned by {part.version}"
        )
        raise OtherProjectError(message, hint=hint)
    unknown = [id_ for id_ in part.plan.fingerprints if id_ not in opened.graph.assets]
    if not unknown:
        found = _outside(opened, part).fingerprints(part.plan.fingerprints, opened.modules)
        planned = part.plan.fingerprints
        unknown = [id_ for id_, fingerprint in planned.items() if found[id_] != fingerprint]
    if unknown:
        message = f"the worker has another version of `{unknown[0]}` than the run was planned with"
        raise OtherProjectError(message, hint=hint)


def _outside(opened: _Opened, part: Part) -> Outside:
    return Outside(
        opened.config,
        opened.environment,
        graph=opened.graph,
        ids=list(part.plan.fingerprints),
        now=part.now,
        observed=Observed(part.plan.observed),
    )


def _made(opened: _Opened, part: Part) -> PartResult:
    reserve_little()
    settings = replace(opened.environment.config, workers=_WORKERS, memory_mb=part.memory_mb)
    environment = replace(opened.environment, config=settings)
    store = environment.open_store()
    session = Session(
        opened.graph, environment, lambda: store, utc_now, lambda _: part.plan,
        outside=_outside(opened, part),
    )  # fmt: skip
    with Ledger.open(environment.ledger) as ledger:
        own = _learnt(ledger, session, part)
        with _run(ledger, session, own, part) as making:
            making.note(own, part)
            making.make()
            return PartResult(making.run.tally, making.events, making.outcomes)


def _is_of(made: Made, part: Part) -> bool:
    return made.run_id == part.run_id


def _learnt(ledger: Ledger, session: Session, part: Part) -> History:
    """What was made, after the tables were asked that have more than the ledger knows.

    A worker that was killed may have committed what it did not record.
    """
    graph, store = session.graph, session.store
    known = read_history(ledger, graph, session.environment, store)
    has_learnt = False
    for step in part.plan.steps:
        for key in step.makes:
            log = log_of(store(), graph.datasets[key])
            if log.version() in {None, known.newest(key)}:
                continue
            for made in made_of(graph, log.made()):
                if made.run_id == part.run_id and made.asset == step.asset:
                    ledger.record_made(_record(step, made, part), [made])
                    has_learnt = True
    return read_history(ledger, graph, session.environment, store) if has_learnt else known


def _record(step: Step, made: Made, part: Part) -> StepRecord:
    return StepRecord(
        run_id=part.run_id,
        step_id=made.step_id.removeprefix(f"{part.run_id}/"),
        asset=step.asset,
        makes=step.makes,
        partitions=made.partitions,
        reason=step.reason,
        status="made",
        started_at=made.at,
        rows=made.rows,
        bytes_written=made.bytes_written,
    )


@contextmanager
def _run(ledger: Ledger, session: Session, own: History, part: Part) -> Generator[_Making]:
    """What is left of the part, with the resources of a run."""
    loans = Loans()
    if part.lent and session.outside is not None:
        found = session.outside.loans(own).by_dataset
        loans = Loans({key: loan for key, loan in found.items() if key in part.lent})
    plan = replace(part.plan, steps=tuple(_left(own, part)))
    scope = scope_of(
        session, part.run_id, plan, loans.added_to(own), StopSignal(), loans=loans, now=part.now
    )
    scope = replace(scope, still_mine=Lease.of_run(ledger, part.run_id).check)
    try:
        for key in dict.fromkeys(looked_at(scope.graph, plan.fingerprints)):
            for made in own.changes(key):
                if _is_of(made, part):
                    scope.made.note_touched(key, made.partitions)
        yield _Making(scope, plan, ledger, part)
    finally:
        scope.jobs.close()
        scope.sql.close()
        scope.resources.close()
        leave_warehouse(session)


def _left(own: History, part: Part) -> Iterator[Step]:
    """The steps with the partitions that this run has not committed yet."""
    for step in part.plan.steps:
        makes = step.commits or step.makes
        is_done = partial(_is_of, part=part)
        for commits, partitions in lacking(own, makes, step.partitions, is_done=is_done):
            is_whole = len(commits) == len(step.makes)
            yield replace(step, partitions=partitions, commits=() if is_whole else commits)


class _Making:
    """The steps of a part, one after the other; what is said and what becomes of them is kept."""

    def __init__(self, scope: RunScope, plan: Plan, ledger: Ledger, part: Part) -> None:
        self.events: list[Event] = []
        self.outcomes: list[Outcome] = []
        self.run = LocalRun(scope, plan, ledger, workers=_WORKERS, on_event=self.events.append)
        self.run.on_outcome = self._hear
        self.run.tally.lost.update(part.lost)
        self.run.tally.lost_steps.update(part.lost_steps)

    def note(self, own: History, part: Part) -> None:
        """Takes in what a worker had made of it that did not come to its end."""
        for step in part.plan.steps:
            before = [
                made
                for key in step.makes
                for made in own.lookup(key)
                if _is_of(made, part) and made.partitions & step.partitions
            ]
            if before:
                self.outcomes.append(Outcome(step.id, "made", (), tuple(before)))
                self.run.tally.made.add(step.asset_id)

    def make(self) -> None:
        """Makes all that can be made."""
        graph, stop = self.run.scope.graph, self.run.scope.stop
        schedule = Schedule(self.run.plan, graph.parents, stop=stop, ended=self.run.asset_ended)
        schedule.run(self.run.do, workers=_WORKERS, meanwhile=self.run.ends.write)
        self.run.ends.write()

    def _hear(
        self,
        step: Step,
        status: StepStatus,
        units: tuple[UnitOutcome, ...],
        commits: tuple[Made, ...],
    ) -> None:
        self.outcomes.append(Outcome(step.id, status, units, commits))
