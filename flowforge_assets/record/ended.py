"""How steps ended, on its way into a ledger: what took no time is written with others at once.

A record lies behind its commit in any case, and a run that is killed between the two is mended by
its tables. So nothing is lost by a short wait; a transaction for each of many small steps would
cost more than they do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import StepEnd

_QUICK_SECONDS: Final = 0.05
_LONGEST_WAIT_SECONDS: Final = 0.1
_MOST_WAITING: Final = 64


class EndedSteps:
    """The steps of a run that have ended, in order; safe for several threads.

    What took long, failed, or has something that only the ledger keeps waits for nothing.

    Who holds it calls `write` every now and then, and at the end.
    """

    def __init__(self, ledger: Ledger, *, clock: Callable[[], float] = time.monotonic) -> None:
        """All that has ended is in `ledger`."""
        self._ledger = ledger
        self._clock = clock
        self._waiting: list[StepEnd] = []
        self._since = 0.0
        self._adding = Lock()
        self._writing = Lock()

    def add(self, end: StepEnd) -> None:
        """Takes one in; it is written at once, with those before it, unless it may wait.

        Raises:
            RecordError: the ledger cannot be written (FF-5xx).
        """
        now = self._clock()
        with self._adding:
            if not self._waiting:
                self._since = now
            self._waiting.append(end)
            is_due = (
                len(self._waiting) >= _MOST_WAITING or now - self._since > _LONGEST_WAIT_SECONDS
            )
        if is_due or not _may_wait(end):
            self.write()

    def write(self) -> None:
        """Writes what waits, in one transaction; when it returns, all is written.

        Raises:
            RecordError: the ledger cannot be written (FF-5xx).
        """
        with self._writing:
            with self._adding:
                ends = list(self._waiting)
            if ends:
                # They wait until they are written: to write one again changes nothing.
                self._ledger.record_ended(ends)
                with self._adding:
                    del self._waiting[: len(ends)]


def _may_wait(end: StepEnd) -> bool:
    step = end.step
    is_quick = step.seconds is None or step.seconds < _QUICK_SECONDS
    return is_quick and step.status != "failed" and step.work is None
