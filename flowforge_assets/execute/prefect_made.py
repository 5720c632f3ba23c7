"""One run inside a flow run: its steps as tasks, and what the server is told of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event as StopSignal
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.compile.asset_events import Origin
from flowforge_assets.compile.groups import Group, group_steps
from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.project import LostServerError
from flowforge_assets.errors.record import RecordError
from flowforge_assets.execute.event_sender import Ask, Unanswered
from flowforge_assets.execute.group import GroupRun
from flowforge_assets.execute.mirror import Mirror
from flowforge_assets.execute.part_submit import PartSubmission, part_submission
from flowforge_assets.execute.prefect_api import api_address
from flowforge_assets.execute.prefect_client import asking, limited_tags
from flowforge_assets.execute.prefect_group import ordered_groups
from flowforge_assets.execute.prefect_step import ordered_steps
from flowforge_assets.execute.prefect_submit import Submission
from flowforge_assets.execute.prefect_watch import Watch
from flowforge_assets.execute.reconcile import (
    Owed,
    has_prefects_events,
    settle_untold,
    wait_until_recorded,
)
from flowforge_assets.execute.run import LocalRun, RunResult
from flowforge_assets.execute.session import Session, begun
from flowforge_assets.execute.state import read_history
from flowforge_assets.execute.step_log import correlation
from flowforge_assets.execute.told import ToldRun
from flowforge_assets.execute.told_later import owed
from flowforge_assets.project.prefect_settings import PrefectSettings
from flowforge_assets.record.history import History
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.untold import Untold

if TYPE_CHECKING:
    from prefect.context import FlowRunContext

# A server that keeps up records 10,000 events in less.
_RECORDED_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.25
_LATER: Final = "the Prefect server will be told of this run by a later one"


def make_in_flow(session: Session, *, on_event: OnEvent, stop: StopSignal) -> RunResult:
    """One run from lease to end, its steps as tasks of the flow run that is going on.

    Raises:
        LostServerError: the server was lost, and the project says to stop then (FF-857).
        FlowForgeError: the run could not begin: lease, ledger or plan (FF-5xx).
        BaseException: what interrupted it, when the steps that were going on had ended.
    """
    began = time.monotonic()
    with begun(session, on_event=on_event, stop=stop) as run:
        made = _FlowMade.of(run, session)
        run.ledger.untold.keep(made.untold)
        with made.watch:
            result = run.through(made.work)
        made.tell(seconds=time.monotonic() - began)
        if made.submission.interrupt is not None:
            raise made.submission.interrupt
        if (
            made.watch.is_lost
            and session.prefect.on_lost_server == "stop"
            and result.status != "failed"
        ):
            message = "the Prefect server did not answer any more, and the run stopped"
            hint = "what was made is in the ledger; run again for the rest"
            raise LostServerError(message, hint=hint)
        return result


def leave_end(session: Session, result: RunResult, *, is_told: bool, on_event: OnEvent) -> None:
    """Leaves to a later run what is lacking: how this one ended too, unless that `is_told`.

    What cannot be written down is noted: the run has ended, and its record stands.
    """
    try:
        with Ledger.open(session.environment.ledger) as ledger:
            is_lacking = ledger.untold.leave(result.run_id, is_end_told=is_told)
        note = _LATER if is_lacking and not is_told else None
    except RecordError as error:
        note = _unwritten(error)
    if note is not None:
        on_event(Event("note", result.run_id, message=note))


@dataclass(frozen=True, slots=True)
class _FlowMade:
    """A run, its tasks, and those who look after it."""

    run: LocalRun
    session: Session
    mirror: Mirror
    watch: Watch
    submission: Submission | PartSubmission
    within: GroupRun
    is_fused: bool
    untold: Untold
    began: datetime

    @classmethod
    def of(cls, run: LocalRun, session: Session) -> _FlowMade:
        """Of a run that has begun, in the flow run that is going on."""
        from prefect.context import get_run_context  # runs in a flow: Prefect is loaded

        # it raises where there is no flow run; ours is one, and no task run
        flow_run = cast("FlowRunContext", get_run_context()).flow_run
        assert flow_run is not None  # noqa: S101 - it is going on
        correlation.set(str(flow_run.id))
        told = ToldRun(run.plan.steps)
        run.on_outcome = told.hear
        origin = Origin.of(flow_run, flow=session.name, run_id=run.scope.run_id)
        mirror = Mirror(run, told, origin)
        settings = session.prefect
        is_fused = len(run.plan.steps) > settings.max_tasks

        def on_loss() -> None:
            if settings.on_lost_server == "stop":
                run.scope.stop.set()

        watch = Watch(
            flow_run.id,
            stop=run.scope.stop,
            tell=mirror.send if is_fused else _nothing,
            on_loss=on_loss,
        )

        def ended(id_: DatasetKey) -> None:
            run.asset_ended(id_)
            if is_fused:
                mirror.asset_ended(id_)

        within = GroupRun.of(run, told, ended=ended)
        groups = _groups(run, settings) if is_fused else []
        submission: Submission | PartSubmission
        if settings.task_runner == "threads":
            works = ordered_groups(groups, within) if groups else ordered_steps(run, ended=ended)
            submission = Submission(works, stop=run.scope.stop, server=watch)
        else:
            submission = part_submission(run, session, groups, ended=ended, server=watch)
        # what is told of the run later, if it is killed
        untold = Untold(
            server=api_address(),
            flow_run_id=str(flow_run.id),
            run_id=run.scope.run_id,
            state_id=str(flow_run.state.id) if flow_run.state else "",
            related=origin.related,
            are_prefects=not is_fused,
        )
        began = run.scope.clock()
        return cls(run, session, mirror, watch, submission, within, is_fused, untold, began)

    def work(self) -> bool:
        """Makes the steps by tasks; by ourselves what is left when the server is lost."""
        is_cut_short = self.submission.run()
        rest = list(self.submission.rest()) if self.watch.is_lost else []
        if rest and not self.run.scope.stop.is_set():
            self._note("the Prefect server does not answer: the run goes on without it")
            is_cut_short = self.within.make(rest)
        return is_cut_short

    def tell(self, *, seconds: float) -> None:
        """Tells the server the rest, and sees what it has recorded; notes what it lacks.

        A run of few tasks waits a tenth of its own time at most: the next one looks again. What
        tables or ledger refuse on the way is noted: the run has ended, and its record stands.
        """
        try:
            if not self._tell(seconds):
                self._note(_LATER)
                self._keep()
        except FlowForgeError as error:
            self._note(_unwritten(error))

    def _tell(self, seconds: float) -> bool:
        """Gives whether the server answered: of this run first, then of earlier ones."""
        if self.watch.is_lost:
            return False
        book = self.run.ledger.untold
        try:
            with asking(retries=2) as ask:
                if self.is_fused:
                    self._tell_steps(ask)
                else:
                    self._see_prefects(ask, seconds=seconds / 10)
                for note in settle_untold(
                    book, self.untold.server, ask, mark=self.mirror.mark, owed=self._owed
                ):
                    self._note(note)
        except Unanswered as error:
            self._note(f"the Prefect server does not answer: {error}")
            return False
        return True

    def _owed(self, untold: Untold) -> Owed | None:
        return owed(self.run, untold, self._history)

    def _history(self) -> History:
        """As it is now: runs that were killed since this one began have written into it."""
        session = self.session
        return read_history(self.run.ledger, session.graph, session.environment, session.store)

    def _tell_steps(self, ask: Ask) -> None:
        """Tells of the steps of groups, and sees that the server has recorded it."""
        self.mirror.send(ask, even_few=True)
        self.mirror.tell_steps()
        sender = self.mirror.sender
        is_recorded = wait_until_recorded(sender, ask, seconds=_RECORDED_SECONDS)
        if sender.resent:
            self._note(
                f"the Prefect server had lost {sender.resent:,} events: they were sent again"
            )
        if not is_recorded or sender.lost:
            count = sum(1 for _ in sender.unrecorded())
            self._note(
                f"the Prefect server has not recorded {count:,} events: a later run looks again"
            )
        self._keep()

    def _see_prefects(self, ask: Ask, *, seconds: float) -> None:
        """Sees that the server has recorded what Prefect sends itself of its tasks."""
        events = list(self.mirror.events())
        deadline = time.monotonic() + (seconds if seconds >= 2 * _LOOK_SECONDS else 0)
        while events and time.monotonic() + _LOOK_SECONDS <= deadline:
            time.sleep(_LOOK_SECONDS)
            if has_prefects_events(self.untold.flow_run_id, events, ask, since=self.began):
                events = []
        self.run.ledger.untold.keep(replace(self.untold, events=events))

    def _keep(self) -> None:
        """Writes down what the server is not known to have, and that its flow run has to end."""
        sender = self.mirror.sender
        events = list(sender.unrecorded() if self.is_fused else self.mirror.events())
        self.run.ledger.untold.keep(replace(self.untold, events=events))

    def _note(self, message: str) -> None:
        self.run.on_event(Event("note", self.run.scope.run_id, message=message))


def _groups(run: LocalRun, settings: PrefectSettings) -> list[Group]:
    """The plan's groups; tags that the server limits hold for them too."""
    limited = limited_tags()
    assets = run.scope.graph.assets
    tags: dict[DatasetKey, set[str]] = {}
    for id_ in {step.asset_id for step in run.plan.steps}:
        made = [run.scope.graph.datasets[output.dataset] for output in assets[id_].makes]
        own = {*assets[id_].tags, *(tag for dataset in made for tag in dataset.tags)}
        tags[id_] = own & limited
    return group_steps(
        run.plan.steps,
        run.scope.graph.parents,
        most=settings.max_tasks,
        workers=run.workers,
        limits=tags,
    )


def _unwritten(error: FlowForgeError) -> str:
    return f"what the Prefect server lacks was not seen to: error[{error.code}]: {error.message}"


def _nothing(_: Callable[[str, object], object]) -> None:
    """Tells nothing: Prefect does."""
