"""A run's turn: planned, and alone in what it makes, until the block ends.

Others that make other things go on beside it. Who has to wait plans again afterwards: what it was
to make may be made by then.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event as StopSignal
from typing import Final, Generic, TypeVar

from flowforge_assets.errors.record import RecordError, RunLocked
from flowforge_assets.record.lease import Lease, LifeLine, going_on, is_gone, seconds_now
from flowforge_assets.record.lease_book import Claim
from flowforge_assets.record.leases import EVERYTHING, EXPIRY, Overlap, Wanted
from flowforge_assets.record.ledger import Ledger
from flowforge_assets.record.run import RunRecord, StepRecord

T = TypeVar("T")
_FIRST_POLL_SECONDS: Final = 0.05
_LONGEST_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ready(Generic[T]):
    """What a look at the world gave: `found`, and what is wanted for it.

    `run` and `steps` are written down with the lease; work that is no run has none.
    """

    found: T
    wanted: Wanted
    run: RunRecord | None = None
    steps: list[StepRecord] = field(default_factory=list[StepRecord])


@dataclass(frozen=True, slots=True)
class Turn:
    """How a run comes to its turn: `folder` keeps its life line, `on_wait` gets one message.

    Without `timeout_seconds` the wait has no end but `stop`, which is also set where somebody
    cancels the run.
    """

    run_id: str
    folder: Path
    on_wait: Callable[[str], None]
    stop: StopSignal = field(default_factory=StopSignal)
    timeout_seconds: float | None = None
    expiry: timedelta = EXPIRY

    @contextmanager
    def of(self, ledger: Ledger, look: Callable[[], Ready[T]]) -> Generator[tuple[T, Lease]]:
        """What `look` found when nobody else was making it any more, and the lease on it.

        `look` is called again after each wait, as one who stands in line and can be cancelled. At
        the end all is free.

        Raises:
            RunLocked: it waited for too long, or was stopped or cancelled meanwhile (FF-507).
            RecordError: the ledger cannot be used (FF-5xx).
        """
        line: LifeLine | None = None
        is_free = has_waited = False
        try:
            while True:
                turn = ledger.leases.turn()
                lease = Lease(ledger, self.run_id, taken=seconds_now(), expiry=self.expiry)
                with lease.kept(self.stop.set) if has_waited else nullcontext():
                    ready = look()
                if ready.wanted and line is None:
                    line = LifeLine(self.folder, self.run_id)
                began = seconds_now()
                claim = Claim(
                    self.run_id, socket.gethostname(), os.getpid(), line.path if line else "",
                    ready.wanted, ready.run, ready.steps, self.expiry,
                )  # fmt: skip
                refused = ledger.leases.take(claim, turn=turn, is_gone=is_gone)
                if refused is None:
                    break
                if refused.overlap is not None:
                    self._wait(ledger, claim)
                    has_waited = True
            lease = Lease(ledger, self.run_id, taken=began, expiry=self.expiry)
            with lease.kept(self.stop.set) if ready.wanted else nullcontext():
                yield ready.found, lease
            ledger.leases.free(self.run_id)
            is_free = True
        except BaseException as error:
            # A ledger that failed may not be there; who comes next sees that this one is dead.
            if isinstance(error, RunLocked) or not isinstance(error, RecordError):
                ledger.leases.free(self.run_id)
                is_free = True
            raise
        finally:
            if line is not None:
                line.cut(is_free=is_free)

    def silence(self, *, as_long_as: Callable[[], bool] = lambda: True) -> None:
        """Waits until no other run of this machine goes on, where no ledger can say it.

        It waits no more when what `as_long_as` asks is so no more.

        Raises:
            RunLocked: it waited for too long, or was stopped while it waited (FF-507).
        """
        poll = self._poll()
        others = going_on(self.folder)
        if others:
            self.on_wait(f"the run `{others[0]}` goes on; this one goes on when it ends")
        while others and as_long_as():
            next(poll)
            others = going_on(self.folder)

    def _wait(self, ledger: Ledger, claim: Claim) -> None:
        """Returns when nobody holds what is claimed."""
        overlap = ledger.leases.wait(claim, is_gone=is_gone)
        if overlap is not None:
            self.on_wait(_said(overlap))
        poll = self._poll()
        while overlap is not None:
            if ledger.leases.is_cancelled(self.run_id):
                self.stop.set()
                hint = "nothing was made; run again when it is wanted"
                raise RunLocked("it was cancelled while it waited for another run", hint=hint)
            next(poll)
            overlap = ledger.leases.wait(claim, is_gone=is_gone)

    def _poll(self) -> Generator[None]:
        """Sleeps a little longer each time."""
        began, seconds = seconds_now(), _FIRST_POLL_SECONDS
        hint = "let the other run end or stop it, then run again"
        while True:
            waited = seconds_now() - began
            if self.timeout_seconds is not None and waited >= self.timeout_seconds:
                message = f"another run held the same for {self.timeout_seconds:g} s"
                raise RunLocked(message, hint=hint)
            if self.stop.wait(seconds):
                raise RunLocked("it was stopped while it waited for another run", hint=hint)
            seconds = min(seconds * 1.5, _LONGEST_POLL_SECONDS)
            yield


def _said(overlap: Overlap) -> str:
    holder = overlap.holder
    what = "all assets" if overlap.asset == EVERYTHING else f"`{overlap.asset}`"
    return (
        f"the run `{holder.run_id}` (process {holder.pid} on {holder.host}) holds {what}; "
        "this one goes on when it ends"
    )
