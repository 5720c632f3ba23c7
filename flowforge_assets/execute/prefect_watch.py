"""Looks after a flow run that goes on: whether its server is there, and who cancels it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import copy_context
from threading import Event as StopSignal
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Final, cast

from flowforge_assets.execute.prefect_client import asking

if TYPE_CHECKING:
    from typing import Self
    from uuid import UUID

    from flowforge_assets.execute.event_sender import Ask

LOST_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 2.0
_HURRY_SECONDS: Final = 0.2
_CANCELLED: Final = ("CANCELLING", "CANCELLED")


class Watch:
    """Asks for the state of a flow run every two seconds, from a thread of its own.

    When somebody cancels the flow run, `stop` is set. A server that does not answer for ten
    seconds is lost for the rest of the run. `tell` is called in each round, to send what waits.
    """

    def __init__(
        self,
        flow_run_id: UUID,
        *,
        stop: StopSignal,
        tell: Callable[[Ask], None],
        on_loss: Callable[[], None],
    ) -> None:
        """Of a flow run that goes on; `on_loss` is called once, when the server is lost."""
        self._path = f"/flow_runs/{flow_run_id}"
        self._stop = stop
        self._tell = tell
        self._on_loss = on_loss
        self._thread = Thread(
            target=copy_context().run, args=(self._look_on,), name="flowforge-watch", daemon=True
        )
        self._hurry = StopSignal()
        self._over = StopSignal()
        self._answers = 0
        self._silent_since: float | None = None
        self._lost = StopSignal()

    def __enter__(self) -> Self:
        """Begins to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends, with the round that is going on."""
        self._over.set()
        self._hurry.set()
        self._thread.join()

    @property
    def is_lost(self) -> bool:
        """Whether the server has not answered for some time."""
        return self._lost.is_set()

    def is_gone(self) -> bool:
        """Whether the server is lost, or turns out to be: waits until that is clear."""
        before = self._answers
        self._hurry.set()
        while self._answers == before and self._thread.is_alive():
            if self._lost.wait(_HURRY_SECONDS):
                break
        return self.is_lost

    def _look_on(self) -> None:
        """Rounds until it is over, or the server is lost."""
        # a client costs more than a question: a short run has none
        if self._waits(_LOOK_SECONDS):
            with asking() as ask:
                self._look(ask)
                while self._waits(_LOOK_SECONDS if self._silent_since is None else _HURRY_SECONDS):
                    self._look(ask)

    def _waits(self, seconds: float) -> bool:
        """Waits at most so long, and says whether there is still something to look at."""
        self._hurry.wait(seconds)
        self._hurry.clear()
        return not self._over.is_set() and not self.is_lost

    def _look(self, ask: Ask) -> None:
        """One round; a server that does not answer is lost when it has not for too long."""
        try:
            state = cast("Mapping[str, object]", ask(self._path, None))["state_type"]
            self._tell(ask)
        # what fails between us and a server has no common class: any of it is silence
        except Exception:  # noqa: BLE001
            now = time.monotonic()
            self._silent_since = self._silent_since or now
            if now - self._silent_since >= LOST_SECONDS:
                self._lost.set()
                self._on_loss()
            return
        self._silent_since = None
        self._answers += 1
        if state in _CANCELLED:
            self._stop.set()
