"""Submits the parts of a run to the workers of a cluster, each when what it needs has ended."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.errors.base import FlowForgeError
from flowforge_assets.errors.part import PartLostError
from flowforge_assets.errors.record import RecordError
from flowforge_assets.execute.outcome import UnitOutcome
from flowforge_assets.execute.part import ProjectRef, part_of, project_ref
from flowforge_assets.execute.part_task import part_task
from flowforge_assets.execute.portions import Portion, grouped, portions_of
from flowforge_assets.execute.prefect_submit import Server
from flowforge_assets.execute.run import LocalRun
from flowforge_assets.execute.task_runner import no_cluster
from flowforge_assets.plan.step import Step

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.futures import PrefectFuture

    from flowforge_assets.compile.groups import Group
    from flowforge_assets.execute.part_run import PartResult
    from flowforge_assets.execute.session import Session

    # Of whatever kind the task runner gives.
    Future: TypeAlias = PrefectFuture[Any]

# With polars 2.1 loaded, Ctrl-C does not wake a thread that waits without end.
_LOOK_UP_SECONDS: Final = 0.2


@dataclass(slots=True)
class _Task:
    """A portion on its way; `state` is that in which its task has ended, without what it gave."""

    portion: Portion
    waits_for: int
    readers: list[int] = field(default_factory=list[int])
    is_over: bool = False
    future: Future | None = None
    state: State[Any] | None = None


class PartSubmission:
    """Submits the portions of a run from the flow's own thread, as many at once as `workers`.

    Those that wait stay here, so that a stop is not followed by what a scheduler has in its queue.
    """

    def __init__(
        self,
        run: LocalRun,
        ref: ProjectRef,
        portions: Sequence[Portion],
        *,
        memory_mb: int,
        ended: Callable[[DatasetKey], None],
        server: Server,
    ) -> None:
        """Over portions in an order in which they can be made; nothing is submitted yet.

        A part may take `memory_mb`. `ended` is told of each asset all of whose steps have ended;
        when the `server` is lost, nothing more is submitted.
        """
        self._run = run
        self._ref = ref
        self._memory_mb = memory_mb
        self._asset_ended = ended
        self._server = server
        self._tasks = [_Task(each, len(each.after)) for each in portions]
        for number, each in enumerate(portions):
            for before in each.after:
                self._tasks[before].readers.append(number)
        self._ready = deque(each for each in self._tasks if not each.waits_for)
        self._going_on = 0
        self._ended: deque[_Task] = deque()
        self._has_ended = Event()
        self._steps_left = Counter(step.asset_id for each in portions for step in each.steps)
        self.interrupt: BaseException | None = None
        self._broke: BaseException | None = None

    def run(self) -> bool:
        """Makes all that can be made; says whether a stop left some of it undone.

        When the server is lost, nothing more is submitted: `rest` has what is left. A signal stops
        it too, and is kept in `interrupt`.

        Raises:
            BaseException: what no part expects, when those that were going on have ended.
        """
        try:
            self._go_on()
        except BaseException as error:
            self._run.scope.stop.set()
            self._go_on()
            if isinstance(error, Exception):
                raise
            # Prefect's signals are no KeyboardInterrupt; a run that they end was cancelled too.
            self.interrupt = error
            return True
        if self._broke is not None:
            raise self._broke
        return self._run.scope.stop.is_set() and not all(each.is_over for each in self._tasks)

    def rest(self) -> Iterator[Step]:
        """What was given to no worker."""
        for each in self._tasks:
            if not each.is_over:
                yield from each.portion.steps

    def _go_on(self) -> None:
        """Submits what is ready and takes up what has ended, until neither is left."""
        while True:
            while self._ready and self._going_on < self._run.workers:
                if self._run.scope.stop.is_set() or self._server.is_lost:
                    self._ready.clear()
                else:
                    self._submit(self._ready.popleft())
            if not self._going_on:
                return
            self._has_ended.wait(_LOOK_UP_SECONDS)
            self._has_ended.clear()
            while self._ended:
                # It leaves the queue when it is done with: an interrupt in between loses none.
                self._take_up(self._ended[0])
                self._ended.popleft()

    def _submit(self, each: _Task) -> None:
        from prefect import allow_failure  # runs in a flow: Prefect is loaded

        steps = [step for step in each.portion.steps if not self._is_unobserved(step)]
        if not steps:
            self._end(each)
            return
        part = part_of(self._run, self._ref, steps, memory_mb=self._memory_mb)
        states = (self._tasks[number].state for number in each.portion.after)
        before = [allow_failure(state) for state in states if state is not None]
        task = part_task(part, self._run.scope.graph, each.portion.group)
        try:
            future = task.submit(return_state=False, wait_for=before)  # pyright: ignore[reportUnknownMemberType]  # open arguments
        except Exception as error:
            # Dask starts its cluster, or connects to it, with the first task.
            raise no_cluster(error) from error
        each.future = future
        self._going_on += 1

        def hear(_: object) -> None:
            self._ended.append(each)
            self._has_ended.set()

        future.add_done_callback(hear)

    def _is_unobserved(self, step: Step) -> bool:
        """Whether its source told no version; that is noted here, and no worker is asked."""
        error = self._run.plan.unobserved.get(step.asset_id)
        if error is not None:
            self._run.fail(step, UnitOutcome(step.partitions, 0.0, error=error))
        return error is not None

    def _take_up(self, each: _Task) -> None:
        """Notes what became of a portion; its future goes, so that the cluster may forget it."""
        if each.future is None:  # an interrupt came when it was done with
            return
        state = ended_state(each.future)
        result = None if isinstance(state, BaseException) else _result_of(state)
        if result is not None:
            take_up(self._run, each.portion.steps, result)
            self._fail(each, result.error)
        else:
            for step in each.portion.steps:
                self._fail_step(step, _lost(step, state))
        if not isinstance(state, BaseException):
            # Others wait for the task run, not for what it gave; Prefect wants some data there.
            each.state = state.model_copy(update={"data": True})
        each.future = None
        self._going_on -= 1
        self._end(each)

    def _fail(self, each: _Task, error: FlowForgeError | None) -> None:
        """Notes that a part ended early, or that a worker could not even begin with it."""
        if error is None:
            return
        if isinstance(error, RecordError):
            # The ledger lacks a commit: the run ends, and the next one asks the tables.
            self._broke = self._broke or error
            self._run.scope.stop.set()
        for step in each.portion.steps:
            self._fail_step(step, error)

    def _fail_step(self, step: Step, error: FlowForgeError) -> None:
        """Notes a step as failed whose worker may have committed some of it."""
        self._run.fail(step, UnitOutcome(step.partitions, 0.0, error=error, in_doubt=True))

    def _end(self, each: _Task) -> None:
        """Makes those ready that waited for nothing else any more."""
        each.is_over = True
        for step in each.portion.steps:
            self._steps_left[step.asset_id] -= 1
            if not self._steps_left[step.asset_id]:
                self._asset_ended(step.asset_id)
        for number in each.readers:
            reader = self._tasks[number]
            reader.waits_for -= 1
            if not reader.waits_for:
                self._ready.append(reader)


def part_submission(
    run: LocalRun,
    session: Session,
    groups: Sequence[Group],
    *,
    ended: Callable[[DatasetKey], None],
    server: Server,
) -> PartSubmission:
    """For the whole plan, in `groups` if there are any.

    Workers that a run starts on its own machine share its memory.
    """
    settings, memory_mb = session.prefect, session.environment.config.memory_mb
    steps, parents = run.plan.steps, run.scope.graph.parents
    return PartSubmission(
        run,
        project_ref(session),
        grouped(steps, groups) if groups else portions_of(steps, parents, workers=run.workers),
        memory_mb=memory_mb if settings.cluster else max(1, memory_mb // run.workers),
        ended=ended,
        server=server,
    )


def take_up(run: LocalRun, steps: Sequence[Step], result: PartResult) -> None:
    """Adds what became of these steps to the run, and says what was said there."""
    tally, own = result.tally, run.tally
    with run.lock:
        own.made |= tally.made
        own.failed |= tally.failed
        own.skipped |= tally.skipped
        own.in_doubt |= tally.in_doubt
        own.errors += tally.errors
        own.is_cut_short |= tally.is_cut_short
        for mine, theirs in (
            (own.left, tally.left),
            (own.lost, tally.lost),
            (own.lost_steps, tally.lost_steps),
        ):
            for key, partitions in theirs.items():
                mine[key] = mine[key] | partitions if key in mine else partitions
    by_id = {step.id: step for step in steps}
    for outcome in result.outcomes:
        run.on_outcome(by_id[outcome.step_id], outcome.status, outcome.units, outcome.commits)
    for event in result.events:
        run.on_event(event)


def ended_state(future: Future) -> State[Any] | BaseException:
    """The state in which a task has ended, or what came when its worker died under it."""
    ask: object = getattr(getattr(future, "wrapped_future", None), "exception", None)
    error: object = ask() if callable(ask) else None
    if isinstance(error, BaseException):
        return error
    future.wait()
    return future.state


def _result_of(state: State[Any]) -> PartResult | None:
    """What the part gave, which Prefect wraps; None where its task broke down."""
    from flowforge_assets.execute.part_run import PartResult  # with the first answer, not before

    data: object = state.data
    found: object = getattr(data, "result", data)
    return found if isinstance(found, PartResult) else None


def _lost(step: Step, ended: State[Any] | BaseException) -> PartLostError:
    if isinstance(ended, BaseException):
        said = type(ended).__name__
    else:
        said = (ended.message or ended.type.value).partition("\n")[0]
    message = f"`{step.asset}` was not made by the cluster: {said}"
    hint = "run again: what was committed is not made twice; the log of the workers says more"
    return PartLostError(message, hint=hint)
