"""Where a declaration stands, and the names that are there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType


def calling_frame() -> FrameType:
    """The frame that called the function which asks."""
    return sys._getframe(2)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # `inspect` has no quicker way


def local_names(frame: FrameType) -> Mapping[str, object] | None:
    """The names of the function or class body that the frame runs, or None at a module's top."""
    return dict(frame.f_locals) if frame.f_locals is not frame.f_globals else None
