"""Options that take several texts."""

from __future__ import annotations

from collections.abc import Sequence


def texts(value: str | Sequence[str]) -> tuple[str, ...]:
    """The texts; a string alone is one text, not its letters."""
    return (value,) if isinstance(value, str) else tuple(value)
