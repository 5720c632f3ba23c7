"""What `doctor` found out about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from flowforge_assets.errors.base import FlowForgeError, Problems

Health: TypeAlias = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is. `remedy` says what to do about it, where it is not well."""

    about: str
    health: Health
    said: str
    remedy: str = ""


def problem(about: str, error: FlowForgeError) -> Finding:
    """What an error says, or the first of several."""
    errors = error.errors if isinstance(error, Problems) else [error]
    first = errors[0]
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    where = f" ({first.place})" if first.place else ""
    remedy = (first.hint or "see docs/errors.md").partition("\n")[0]
    return Finding(about, "problem", f"{first.code}: {first.message}{where}{more}", remedy)
