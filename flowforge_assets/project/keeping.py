"""`[env.NAME.maintain]`: how long an environment keeps what its tables were."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long replaced versions and commits are kept, and how large data files are to be."""

    older_than: timedelta = timedelta(days=7)
    log_older_than: timedelta = timedelta(days=30)
    target_mb: int = 128


def read_age(text: str) -> timedelta | None:
    """How long `7d`, `12h` or `30m` is; None of any other text.

    >>> read_age("36h")
    datetime.timedelta(days=1, seconds=43200)
    """
    found = re.fullmatch(r"(\d{1,6})([dhm])", text)
    return None if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})
