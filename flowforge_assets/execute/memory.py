"""How a run keeps within its memory: who gets which share of it, and what allocators reserve."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX of mallopt(3), glibc
_FEW_ARENAS: Final = 2


@dataclass(frozen=True, slots=True)
class MemoryShares:
    """The memory of a run in bytes: for frames, and for queries; 0 sets no limit to queries.

    Steps that go on at once hold at most a share of the frames' each, of which there are `steps`.
    """

    frames: int
    queries: int
    steps: int

    @classmethod
    def of(cls, memory_bytes: int, *, workers: int, has_queries: bool) -> MemoryShares:
        """Half for the frames where there are queries too; all of it where there are none."""
        queries = memory_bytes // 2 if has_queries else 0
        return cls(memory_bytes - queries, queries, max(1, workers))


def reserve_little() -> None:
    """Lets the C library reserve little address space, where that is capped (`ulimit -v`).

    It takes 64 MB of it for each of many threads, used or not, which a cap counts.
    """
    if not sys.platform.startswith("linux"):
        return
    import resource  # there is none on Windows

    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):  # musl has none, and no arenas
        library.mallopt(_ARENA_MAX, _FEW_ARENAS)
