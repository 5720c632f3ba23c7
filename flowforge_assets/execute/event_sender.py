"""Sends events to a Prefect server in batches, no faster than it records them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from flowforge_assets.compile.asset_events import EventJson

A_BATCH: Final = 500
# A server queues 10,000 for each of its services, and drops what comes then without a word.
MOST_UNRECORDED: Final = 4_000
_PATIENCE_SECONDS: Final = 15.0
_MOST_SENDINGS: Final = 4

# What the server answers to a question under a path of its API, as JSON has it.
Ask: TypeAlias = Callable[[str, object], object]


@dataclass(slots=True)
class _Batch:
    """Events that were sent together; `recorded` grew last at `since`."""

    events: list[EventJson]
    since: float
    recorded: int = 0
    sendings: int = 1


class EventSender:
    """Events on their way: waiting, sent, recorded. One thread sends; any may add.

    What the server has not recorded after some time is sent again: an event has one id, under
    which it is recorded once.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is sent yet."""
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
            events = [self._waiting[n] for n in range(min(A_BATCH, len(self._waiting)))]
            ask("/events", events)
            self._sent.append(_Batch(events, self._clock()))
            for _ in events:
                self._waiting.popleft()

    def look(self, ask: Ask) -> None:
        """Asks what is recorded of the oldest batches; sends again what is not for too long."""
        while self._sent:
            batch = self._sent[0]
            recorded = _count(ask, batch.events)
            if recorded >= len(batch.events):
                self._sent.popleft()
                continue
            now = self._clock()
            if recorded > batch.recorded:
                batch.recorded, batch.since = recorded, now
            elif now - batch.since > _PATIENCE_SECONDS:
                self._send_again(ask, batch)
            return

    def _send_again(self, ask: Ask, batch: _Batch) -> None:
        if batch.sendings == _MOST_SENDINGS:
            self._given_up += [e for e in batch.events if not _count(ask, [e])]
            self._sent.popleft()
            return
        ask("/events", batch.events)
        self.resent += len(batch.events) - batch.recorded
        batch.sendings += 1
        batch.since = self._clock()

    def _unrecorded(self) -> int:
        return sum(len(batch.events) - batch.recorded for batch in self._sent)


def _count(ask: Ask, events: list[EventJson]) -> int:
    """How many of the events the server has recorded."""
    ids = [event["id"] for event in events]
    answer = ask("/events/filter", {"filter": {"id": {"id": ids}}, "limit": 0})
    return cast("Mapping[str, int]", answer)["total"]
