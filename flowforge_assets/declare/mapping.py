"""Which partitions of a dataset its reader reads: written on the parameter's annotation.

`Annotated[Frame[Sessions], Lag(1)]`. Without one, `Same` holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Same:
    """The same key, or the partitions that overlap the reader's in time: hours into their day.

    Time dimensions match by column name, or as the only ones of both datasets; static ones by
    column name. What does not match does not restrict.
    """


@dataclass(frozen=True, slots=True)
class All:
    """Every partition, whichever the reader makes."""


@dataclass(frozen=True, slots=True)
class Lag:
    """The partition `steps` before the reader's, counted in the partitions of what is read."""

    steps: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """From `first` to `last` partitions after the reader's (negative: before), both included.

    Counted in the partitions of what is read: `Window(-24, 0)` gives a reader of hours its own
    hour and the 24 before it.
    """

    first: int
    last: int = 0


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest partition, whichever the reader makes; static dimensions match as in `Same`."""


@dataclass(frozen=True, slots=True)
class Has:
    """`Same`, and what to do while such a partition was never made.

    `wait`: the reader waits; `skip`: it reads those that are there; `error`: its step fails.
    """

    missing: Literal["wait", "skip", "error"] = "wait"


Mapping: TypeAlias = Same | All | Lag | Window | Latest | Has
