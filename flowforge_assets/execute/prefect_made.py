"""One run inside a flow run: its steps as tasks, and what the server is told of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event as StopSignal
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.compile.asset_events import Origin
from flowforge_assets.compile.groups import Group, group_steps
from flowforge_assets.core.event import Event, OnEvent
from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.project import LostServerError
from flowforge_assets.errors.record import RecordError
from flowforge_assets.execute.event_sender import Ask
from flowforge_assets.execute.group import GroupRun
from flowforge_assets.execute.mirror import Mirror
from flowforge_assets.execute.part_submit import PartSubmission, part_submission
from flowforge_assets.execute.prefect_client import asking, limited_tags
from flowforge_assets.execute.prefect_group import ordered_groups
from flowforge_assets.execute.prefect_step import ordered_steps
from flowforge_assets.execute.prefect_submit import Submission
from flowforge_assets.execute.prefect_watch import Watch
from flowforge_assets.execute.reconcile import (
    has_prefects_events,
    settle_untold,
    wait_until_recorded,
)
from flowforge_assets.execute.run import LocalRun, RunResult
from flowforge_assets.execute.session import Session, begun
from flowforge_assets.execute.step_log import correlation
from flowforge_assets.execute.told import ToldRun
from flowforge_assets.execute.told_later import told_later
from flowforge_assets.project.prefect_settings import PrefectSettings
from flowforge_assets.record.untold import Untold, forget_untold, keep_untold, read_untold

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
        keep_untold(session.environment.ledger, made.untold())
        with made.watch:
            result = run.through(made.work)
        made.tell(result, seconds=time.monotonic() - began)
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


def tell_end_later(session: Session, result: RunResult, *, on_event: OnEvent) -> None:
    """Leaves it to a later run to tell the server how this one ended."""
    place = session.environment.ledger
    for untold in read_untold(place):
        if untold.run_id == result.run_id and untold.state is None:
            keep_untold(place, replace(untold, state=_state(result)))
            on_event(Event("note", result.run_id, message=_LATER))


@dataclass(frozen=True, slots=True)
class _FlowMade:
    """A run, its tasks, and those who look after it."""

    run: LocalRun
    session: Session
    mirror: Mirror
    origin: Origin
    watch: Watch
    submission: Submission | PartSubmission
    within: GroupRun
    is_fused: bool

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
        origin = Origin.of(flow_run, flow=session.name)
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
        return cls(*(run, session, mirror, origin, watch, submission, within, is_fused))

    def work(self) -> bool:
        """Makes the steps by tasks; by ourselves what is left when the server is lost."""
        is_cut_short = self.submission.run()
        rest = list(self.submission.rest()) if self.watch.is_lost else []
        if rest and not self.run.scope.stop.is_set():
            self._note("the Prefect server does not answer: the run goes on without it")
            is_cut_short = self.within.make(rest)
        return is_cut_short

    def tell(self, result: RunResult, *, seconds: float) -> None:
        """Tells the server the rest, and sees what it has recorded; notes what it lacks.

        A run of few tasks waits a tenth of its own time at most: the next one looks again.
        """
        try:
            if not self.watch.is_lost:
                with asking(retries=2) as ask:
                    self._tell(ask, seconds)
                    return
        except RecordError:
            raise
        # what fails between us and a server has no common class: it is told later
        except Exception as error:  # noqa: BLE001
            self._note(f"the Prefect server does not answer: {type(error).__name__}")
        self._note(_LATER)
        self._keep(state=_state(result))

    def _tell(self, ask: Ask, seconds: float) -> None:
        place = self.session.environment.ledger

        def known(untold: Untold) -> Untold | None:
            return told_later(self.run, untold, ask)

        for note in settle_untold(place, ask, mark=self.mirror.mark, known=known):
            self._note(note)
        if self.is_fused:
            self._tell_steps(ask)
        else:
            self._see_prefects(ask, seconds=seconds / 10)

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
        if is_recorded and not sender.lost:
            forget_untold(self.session.environment.ledger, self.untold())
        else:
            count = sum(1 for _ in sender.unrecorded())
            self._note(
                f"the Prefect server has not recorded {count:,} events: a later run looks again"
            )
            self._keep(state=None)

    def _see_prefects(self, ask: Ask, *, seconds: float) -> None:
        """Sees that the server has recorded what Prefect sends itself of its tasks."""
        place, untold = self.session.environment.ledger, self.untold()
        events = list(self.mirror.events())
        deadline = time.monotonic() + (seconds if seconds >= 2 * _LOOK_SECONDS else 0)
        while events:
            if time.monotonic() + _LOOK_SECONDS > deadline:
                keep_untold(place, replace(untold, events=events))
                return
            time.sleep(_LOOK_SECONDS)
            if has_prefects_events(untold.flow_run_id, events, ask):
                break
        forget_untold(place, untold)

    def _keep(self, *, state: tuple[str, str] | None) -> None:
        sender = self.mirror.sender
        events = list(sender.unrecorded() if self.is_fused else self.mirror.events())
        untold = replace(self.untold(), events=events, state=state)
        keep_untold(self.session.environment.ledger, untold)

    def untold(self) -> Untold:
        """What is told of the run later, if it is killed."""
        return Untold(
            flow_run_id=str(self.origin.flow_run_id),
            run_id=self.run.scope.run_id,
            related=self.origin.related,
            are_prefects=not self.is_fused,
        )

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


def _state(result: RunResult) -> tuple[str, str]:
    """The state of a flow run that ended so: its type and message."""
    kinds: dict[str, str] = {"succeeded": "COMPLETED", "failed": "FAILED"}
    counts = f"Made {result.made:,}, failed {result.failed:,}, fresh {result.fresh:,}."
    return kinds.get(result.status, "CANCELLED"), counts


def _nothing(_: Callable[[str, object], object]) -> None:
    """Tells nothing: Prefect does."""
