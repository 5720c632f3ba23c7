"""Sends events to a Prefect server in batches, no faster than it records them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from flowforge_assets.compile.asset_events import EventJson

A_BATCH: Final = 500
# A server queues 10,000 for each of its services, and drops what comes then without a word.
MOST_UNRECORDED: Final = 4_000
PATIENCE_SECONDS: Final = 5.0
_MOST_SENDINGS: Final = 4
# A server gives at most so many events in one answer.
_A_PAGE: Final = 50
# By default a server looks until its own present, which may be behind ours.
ALWAYS: Final = {"since": "1970-01-01T00:00:00Z", "until": "9999-12-31T00:00:00Z"}

# What the server answers to a question under a path of its API, as JSON has it.
Ask: TypeAlias = Callable[[str, object], object]


class Unanswered(Exception):
    """A Prefect server did not take what it was asked or sent; why is its cause.

    `status` is that of its HTTP answer, None where there was none.
    """

    def __init__(self, error: Exception) -> None:
        """It failed with `error`."""
        super().__init__(type(error).__name__)
        self.status: int | None = getattr(getattr(error, "response", None), "status_code", None)


@contextmanager
def answering() -> Generator[None]:
    """Calls all that fails in the block unanswered: it has no common class of its own."""
    try:
        yield
    except Exception as error:
        raise Unanswered(error) from error


@dataclass(slots=True)
class _Batch:
    """Events that were sent together; `recorded` grew last at `since`.

    `marks` are events that were sent after them. A server records in the order of arrival: when it
    has one of these, what it does not have by then of the batch is lost.
    """

    events: Sequence[EventJson]
    since: float
    recorded: int = 0
    sendings: int = 1
    marks: list[EventJson] = field(default_factory=list[EventJson])


class EventSender:
    """Events on their way: waiting, sent, recorded. One thread sends; any may add.

    An event is sent again only when it is known to be lost. Prefect's server on SQLite (3.8) fails
    to record a batch in which an event is there twice, or in which all are recorded already; it
    then drops all that it was about to record, of others too.
    """

    def __init__(
        self, mark: Callable[[], EventJson], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Nothing is sent yet. `mark` gives a new event each time: it shows how far a server is."""
        self._mark = mark
        self._clock = clock
        self._waiting: deque[EventJson] = deque()
        self._sent: deque[_Batch] = deque()
        self._given_up: list[EventJson] = []
        self.resent = 0

    def add(self, event: EventJson) -> None:
        """Takes an event to send."""
        self._waiting.append(event)

    @property
    def is_done(self) -> bool:
        """Whether the server has recorded all that it ever will."""
        return not self._waiting and not self._sent

    @property
    def lost(self) -> list[EventJson]:
        """What the server did not record, however often it was sent."""
        return self._given_up

    def unrecorded(self) -> Iterator[EventJson]:
        """What the server is not known to have, in the order in which it was added."""
        yield from self._given_up
        for batch in self._sent:
            yield from batch.events
        yield from self._waiting

    def send(self, ask: Ask, *, even_few: bool = False) -> None:
        """Sends whole batches, or all that waits, as far as the server keeps up.

        Raises whatever `ask` does; nothing is lost then.
        """
        while len(self._waiting) >= (1 if even_few else A_BATCH):
            if self._unrecorded() >= MOST_UNRECORDED:
                self.look(ask)
                if self._unrecorded() >= MOST_UNRECORDED:
                    return
            events = [self._waiting.popleft() for _ in range(min(A_BATCH, len(self._waiting)))]
            # before it is sent: what fails may have arrived all the same
            self._sent.append(_Batch(events, self._clock()))
            ask("/events", events)

    def look(self, ask: Ask) -> None:
        """Asks what is recorded of the oldest batches; sends again what is known to be lost."""
        while self._sent:
            batch = self._sent[0]
            recorded = count_recorded(ask, batch.events)
            if recorded == len(batch.events):
                self._sent.popleft()
                continue
            if recorded > batch.recorded:
                batch.recorded, batch.since = recorded, self._clock()
            if batch.marks and count_recorded(ask, batch.marks):
                self._send_lost(ask, batch)
            elif self._clock() - batch.since >= PATIENCE_SECONDS:
                batch.marks.append(self._mark())
                batch.since = self._clock()
                ask("/events", batch.marks[-1:])
            return

    def _send_lost(self, ask: Ask, batch: _Batch) -> None:
        """Sends again what was not recorded before the mark that was sent after it."""
        lost = list(missing(batch.events, ask))
        if not lost or batch.sendings == _MOST_SENDINGS:
            self._given_up += lost
            self._sent.popleft()
            return
        self._sent[0] = _Batch(lost, self._clock(), sendings=batch.sendings + 1)
        self.resent += len(lost)
        ask("/events", lost)

    def _unrecorded(self) -> int:
        return sum(len(batch.events) - batch.recorded for batch in self._sent)


def missing(events: Sequence[EventJson], ask: Ask) -> Iterator[EventJson]:
    """The events that the server has not recorded."""
    for batch in _parts(events, A_BATCH):
        if count_recorded(ask, batch) == len(batch):
            continue
        for part in _parts(batch, _A_PAGE):
            page = cast("Mapping[str, Any]", ask("/events/filter", _by_ids(part, limit=_A_PAGE)))
            known = {event["id"] for event in page["events"]}
            yield from (event for event in part if event["id"] not in known)


def _parts(events: Sequence[EventJson], most: int) -> Iterator[Sequence[EventJson]]:
    return (events[start : start + most] for start in range(0, len(events), most))


def count_recorded(ask: Ask, events: Sequence[EventJson]) -> int:
    """How many of the events the server has recorded."""
    answer = ask("/events/filter", _by_ids(events, limit=0))
    return cast("Mapping[str, int]", answer)["total"]


def _by_ids(events: Sequence[EventJson], *, limit: int) -> object:
    ids = [event["id"] for event in events]
    return {"filter": {"id": {"id": ids}, "occurred": ALWAYS}, "limit": limit}
