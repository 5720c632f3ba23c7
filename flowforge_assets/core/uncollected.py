"""A stretch of work in which Python does not look for circles of garbage."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Generator[None]:
    """Lets a block make very many values that all stay until its end, without looks through them.

    They go when nobody holds them, as ever; only what holds itself in a circle stays for longer.
    Who has switched the looks off keeps them so. To look costs a quarter of a plan over 100,000
    commits (bench: plan_scale).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
