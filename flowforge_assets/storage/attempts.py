"""Tries a commit until it is made: others may be first again and again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flowforge_assets.errors.storage import CommitConflictError

if TYPE_CHECKING:
    from flowforge_assets.core.key import DatasetKey
    from flowforge_assets.core.made import Made

_ATTEMPTS: Final = 60
_LONGEST_PAUSE_SECONDS: Final = 0.25


def until_made(attempt: Callable[[], Made | None], key: DatasetKey) -> Made:
    """What `attempt` gives; it gives None when someone else committed first, and is called again.

    Raises:
        CommitConflictError: others were first each time (FF-609).
    """
    for number in range(_ATTEMPTS):
        made = attempt()
        if made is not None:
            return made
        # two writers that failed together would fail together again
        longest = min(_LONGEST_PAUSE_SECONDS, 0.002 * 2**number)
        time.sleep(random.uniform(0, longest))  # noqa: S311 - no secret
    raise CommitConflictError(
        f"`{key}` was committed to by others {_ATTEMPTS} times in a row",
        hint="run again, with fewer runs at the same time on this dataset",
    )
