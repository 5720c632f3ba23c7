"""How often and how long an asset is tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Retries:
    """Tries again after a failure of the user's code or of a store: `times` more, then gives up.

    The wait before try n is `delay_seconds * backoff ** (n - 1)`, at most `max_delay_seconds`,
    times a random factor of 1 ± `jitter`. A broken contract or rule is not tried again.
    """

    times: int = 0
    delay_seconds: float = 1.0
    backoff: float = 2.0
    jitter: float = 0.2
    max_delay_seconds: float = 300.0

    def wait_seconds(self, attempt: int, *, chance: float) -> float:
        """The wait before attempt `attempt` (the first retry is 1); `chance` is in [0, 1)."""
        wait = min(self.delay_seconds * self.backoff ** (attempt - 1), self.max_delay_seconds)
        return wait * (1 + self.jitter * (2 * chance - 1))


def is_duration(value: object) -> bool:
    """Whether it is a length of time above zero."""
    return isinstance(value, timedelta) and value > timedelta(0)
