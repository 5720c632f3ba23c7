"""What a piece of work cost inside its process, said as the last line of output."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Fills `cpu_seconds` and `wall_seconds` of the block into the given dictionary."""
    cost: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield cost
    cost["cpu_seconds"] = time.process_time() - cpu
    cost["wall_seconds"] = time.perf_counter() - wall


def say(cost: dict[str, float], **more: float) -> None:
    """Prints the line that the harness reads."""
    print(json.dumps({**cost, **more}), flush=True)
