"""Submits what a plan says to Prefect, task by task, each when what it needs has ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from flowforge_assets.plan.step import Step

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State
    from prefect.futures import PrefectConcurrentFuture

    Future: TypeAlias = PrefectConcurrentFuture[State[None]]

# With polars 2.1 loaded, Ctrl-C does not wake a thread that waits without end.
_LOOK_UP_SECONDS: Final = 0.2


class Work(Protocol):
    """What one task of Prefect makes: a step, or a group of them."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of it."""
        ...

    @property
    def broke(self) -> BaseException | None:
        """What nobody expects, if it came."""
        ...

    @property
    def is_cut_short(self) -> bool:
        """Whether some of it was neither made nor given up."""
        ...

    def task(self) -> Task[[], State[None]]:
        """The task that makes it."""
        ...

    def give_up(self, reason: str, *, is_skipped: bool) -> None:
        """Notes what is left as failed, or skipped: Prefect ended the task without making it."""
        ...

    def ended(self) -> None:
        """Hears that its task has, and that of nothing else of its assets is left."""
        ...

    def rest(self) -> Iterable[Step]:
        """What is neither made nor given up."""
        ...


@dataclass(frozen=True, slots=True)
class Ordered:
    """Work, and the places in the list of the work that is to end before it begins."""

    work: Work
    after: tuple[int, ...]


class Server(Protocol):
    """What is known of the server during a run."""

    @property
    def is_lost(self) -> bool:
        """Whether it has not answered for some time."""
        ...

    def is_gone(self) -> bool:
        """Whether it is lost, or turns out to be: waits until that is clear."""
        ...


@dataclass(slots=True)
class _Task:
    """Work on its way. `future` is that of a task that goes on, `ended` one to be waited for."""

    work: Work
    after: tuple[int, ...]
    waits_for: int
    readers: list[int] = field(default_factory=list[int])
    is_submitted: bool = False
    future: Future | None = None
    ended: Future | None = None


class Submission:
    """Submits the work of a run from the flow's own thread.

    A task is given to the pool when those that it needs have ended, so that no thread waits; it
    names them to Prefect all the same. A task that failed stops nobody: each step sees for itself
    which of its partitions can be made.
    """

    def __init__(self, works: Sequence[Ordered], *, stop: Event, server: Server) -> None:
        """Over work in an order in which it can be done; nothing is submitted yet."""
        self._tasks = [_Task(each.work, each.after, len(each.after)) for each in works]
        for number, each in enumerate(works):
            for before in each.after:
                self._tasks[before].readers.append(number)
        self._stop = stop
        self._server = server
        self._going_on = 0
        self._ended: deque[_Task] = deque()
        self._has_ended = Event()
        self.interrupt: BaseException | None = None
        self._broke: BaseException | None = None
        self._is_cut_short = False

    def run(self) -> bool:
        """Makes all that can be made; says whether a stop left some of it undone.

        When the server is lost, nothing more is submitted: `rest` has what is left. A signal stops
        it too, and is kept in `interrupt`.

        Raises:
            BaseException: what no step expects, when the tasks that were going on have ended.
        """
        try:
            for each in self._tasks:
                if not each.waits_for:
                    self._submit(each)
            self._wait()
        except BaseException as error:
            self._stop.set()
            self._wait()
            if isinstance(error, Exception):
                raise
            # Prefect's signals are no KeyboardInterrupt; a run that they end was cancelled too.
            self.interrupt = error
            return True
        if self._broke is not None:
            raise self._broke
        if not self._stop.is_set():
            return False
        return self._is_cut_short or not all(each.is_submitted for each in self._tasks)

    def rest(self) -> Iterator[Step]:
        """What was not made by a task, and was not given up either."""
        for each in self._tasks:
            if not each.work.is_over:
                yield from each.work.rest()

    def _wait(self) -> None:
        """Goes on until no task does; the end of one sets others free."""
        while self._going_on:
            self._has_ended.wait(_LOOK_UP_SECONDS)
            self._has_ended.clear()
            while self._ended:
                # It leaves the queue when it is done with: an interrupt in between loses none.
                self._go_on_after(self._ended[0])
                self._ended.popleft()

    def _submit(self, each: _Task) -> None:
        from prefect import allow_failure  # runs in a flow: Prefect is loaded
        from prefect.futures import PrefectConcurrentFuture

        if self._stop.is_set() or self._server.is_lost:
            return
        before = [self._tasks[number].ended for number in each.after]
        future = each.work.task().submit(  # pyright: ignore[reportUnknownMemberType]  # open arguments
            return_state=False,
            wait_for=[allow_failure(future) for future in before if future is not None],
        )
        assert isinstance(future, PrefectConcurrentFuture)  # noqa: S101 - it is a thread's
        each.is_submitted, each.future = True, future
        self._going_on += 1

        def hear(_: object) -> None:
            self._ended.append(each)
            self._has_ended.set()

        future.add_done_callback(hear)

    def _go_on_after(self, each: _Task) -> None:
        """Submits what can be made now that a task has ended."""
        if each.future is None:  # an interrupt came when it was done with
            return
        can_be_waited_for = self._settle(each.work, each.future)
        if can_be_waited_for:
            each.ended = each.future
        each.future = None
        self._going_on -= 1
        if self._server.is_lost and not each.work.is_over:
            return
        each.work.ended()
        for number in each.readers:
            reader = self._tasks[number]
            reader.waits_for -= 1
            if not reader.waits_for:
                self._submit(reader)

    def _settle(self, work: Work, future: Future) -> bool:
        """Sees that the work has ended, whatever Prefect did with its task.

        Says whether other tasks can wait for this one: Prefect lets them go on after one that
        failed or was not ready, and no other.
        """
        state = _state_of(future)
        if work.broke is not None:
            self._broke = self._broke or work.broke
            self._stop.set()
        elif self._stop.is_set():
            self._is_cut_short = self._is_cut_short or work.is_cut_short
        elif not work.is_over and (state is None or not state.is_pending()):
            if not self._server.is_gone():
                reason = "it crashed" if state is None else state.message or state.type.value
                work.give_up(reason, is_skipped=False)
        elif not work.is_over:
            work.give_up("it was not ready", is_skipped=True)
        return state is not None and (
            state.is_completed() or state.is_failed() or state.is_pending()
        )


def _state_of(future: Future) -> State[None] | None:
    """The state in which a task has ended; None when Prefect's engine broke down under it."""
    thread = future.wrapped_future
    if thread.cancelled() or thread.exception() is not None:
        return None
    future.wait()
    return future.state
